// What a connection needs of the world: bytes in, bytes out, an end.

/**
 * A reliable stream of bytes in both directions: a TCP socket (`@fileshare/protocol/node`), a pair of web streams
 * ({@link streamTransport}), or anything else that an app wraps.
 */
export interface Transport {
  /**
   * Gives the next bytes that arrived; undefined once the peer has ended. The bytes are the caller's until it reads
   * again. Never called while another read waits.
   */
  read(): Promise<Uint8Array | undefined>;
  /**
   * Sends chunks, in order and with nothing between them. Resolves when they were handed on and may be overwritten, so
   * that a slow peer holds the sender back. Never called while another write waits.
   *
   * @param stallMs where {@link writeBytes} is given: it rejects with `STALLED` once nothing has moved for that long, soon after it at the latest
   */
  write(chunks: readonly Uint8Array[], stallMs: number): Promise<void>;
  /**
   * How many bytes it wants to be given at once, where it sees by itself how they get on. Default: 256 KiB, each of which
   * has to be handed on within `stallMs`.
   */
  readonly writeBytes?: number;
  /** Ends the connection in order: what was written reaches the peer. Resolves when it is closed. */
  end(): Promise<void>;
  /** Whether it is known that no bytes will come any more. */
  readonly ended?: boolean;
  /** Whether it is known that no bytes can be sent any more. */
  readonly closed?: boolean;
  /** Cuts the connection at once. A read or write that waits rejects with the reason. */
  abort(reason: unknown): void;
}

/** The two halves of a connection as the web's streams have them, as in `Deno.Conn` or a WebTransport stream. */
export interface StreamPair {
  readonly readable: {
    getReader(): {
      read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
      cancel(reason?: unknown): Promise<void>;
    };
  };
  readonly writable: {
    getWriter(): {
      readonly ready: Promise<unknown>;
      write(chunk: Uint8Array): Promise<void>;
      close(): Promise<void>;
      abort(reason?: unknown): Promise<void>;
    };
  };
}

/** A transport over a pair of web streams. */
export function streamTransport(pair: StreamPair): Transport {
  const reader = pair.readable.getReader();
  const writer = pair.writable.getWriter();
  let aborted: { reason: unknown } | undefined;
  let cut: (reason: unknown) => void = () => {};
  const cutting = new Promise<never>((_, reject) => {
    cut = reject;
  });
  cutting.catch(() => {});
  return {
    async read() {
      if (aborted) throw aborted.reason;
      const { done, value } = await Promise.race([reader.read(), cutting]);
      return done ? undefined : value;
    },
    async write(chunks) {
      if (aborted) throw aborted.reason;
      await Promise.race([Promise.all(chunks.map((chunk) => writer.write(chunk))), cutting]);
    },
    async end() {
      if (aborted) return;
      await Promise.race([writer.close(), cutting]);
      await reader.cancel();
    },
    abort(reason) {
      if (aborted) return;
      aborted = { reason };
      cut(reason);
      reader.cancel(reason).catch(() => {});
      writer.abort(reason).catch(() => {});
    },
  };
}
