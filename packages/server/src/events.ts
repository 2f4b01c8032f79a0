// What a server tells of its work, for logs and metrics.

/** The other end of a connection. */
export interface Client {
  /** Counts up from 1, for as long as the server runs. */
  readonly id: number;
  /** The client's address and port. */
  readonly address: string;
}

/** The events of a {@link Servidor}, with what their listeners get. */
export interface ServidorEvents {
  /** A client has connected. */
  connected: [event: { readonly client: Client }];
  /** A client was turned away: there are `maxConnections` already. */
  dropped: [event: { readonly address: string }];
  /**
   * A request has come, and those before it are answered. `data` is short enough to be logged: names, not contents. Where
   * several files are asked for at once, `names` has all of them that can be told of, the one in `data` first.
   */
  request: [
    event: {
      readonly client: Client;
      readonly operacion: string;
      readonly data: unknown;
      readonly names?: readonly string[];
    },
  ];
  /**
   * A request was answered, with its `data` as in `request`. A short answer to one of many that came together may go out
   * with those that follow.
   */
  sent: [
    event: {
      readonly client: Client;
      readonly operacion: string;
      readonly data: unknown;
      readonly ms: number;
    },
  ];
  /** A request was answered with `estado="error"`: for what it asked for, or because handling it failed. */
  refused: [event: { readonly client: Client; readonly operacion: string | null; readonly error: unknown }];
  /** A connection broke, or was cut for what came over it. */
  failed: [event: { readonly client: Client; readonly error: unknown }];
  /** A connection has ended. The last event of a client. */
  closed: [event: { readonly client: Client }];
}
