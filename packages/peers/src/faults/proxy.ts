/** A TCP proxy between a client and a server that breaks what passes through it, as its seed decides. */

import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { Flow, type FlowListener, Link } from "./flow.ts";
import { checkRules, type Direction, type FaultName, type FaultRule, Schedule } from "./rules.ts";

/** What a fault proxy is started with. */
export interface FaultProxyOptions {
  /** Where the server listens. Default `"127.0.0.1"`. */
  readonly host?: string | undefined;
  readonly port: number;
  /** What all that is random depends on, together with the number of the connection and the direction. */
  readonly seed: number;
  /** What goes wrong: on every connection, or on each by its number, which counts from 0. */
  readonly plan: readonly FaultRule[] | ((connection: number) => readonly FaultRule[]);
  /** Hears of each fault when it happens. */
  readonly onFault?: ((event: FaultEvent) => void) | undefined;
}

/** A fault that has happened. */
export interface FaultEvent {
  readonly fault: FaultName;
  readonly connection: number;
  readonly direction: Direction;
  /** How many bytes had gone in that direction. */
  readonly offset: number;
}

/** What was done in one direction: bytes that were passed on, and how often each fault happened. */
export type DirectionCounts = { readonly bytes: number } & { readonly [name in FaultName]: number };

/** What a proxy has done so far, on all connections together. */
export interface FaultCounts {
  readonly connections: number;
  readonly toServer: DirectionCounts;
  readonly toClient: DirectionCounts;
}

/** A running proxy. */
export interface FaultProxy extends AsyncDisposable {
  /** Where it listens. */
  readonly host: string;
  readonly port: number;
  /** What it has done so far. */
  counts(): FaultCounts;
  /** Cuts all connections and ends all waits; resolves when nothing is left of them. Closing twice is allowed. */
  close(): Promise<void>;
  /** The same as `close()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a proxy on a free port.
 *
 * Where something goes wrong is decided by the bytes that were passed on, not by time: with the same seed, the same plan
 * and the same bytes, it goes wrong at the same places. Which connection has which number depends on the order in which
 * they come.
 *
 * ```ts
 * await using proxy = await startFaultProxy({
 *   port: server.port,
 *   seed: 1,
 *   plan: [
 *     { fault: "cut", direction: "toClient", after: 1000 },
 *     { fault: "corrupt", every: 1_000_000 },
 *     { fault: "split", after: 0, bytes: 3 },
 *   ],
 * });
 * const cliente = new Cliente({ host: proxy.host, port: proxy.port });
 * ```
 *
 * @throws RangeError when a rule has a number out of its range; a rule that the plan makes for a later connection cuts
 *   that one, and the error is thrown by `close()`, as is what `onFault` throws
 */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  if (typeof options.plan !== "function") checkRules(options.plan);
  const proxy = new RunningProxy(options);
  await proxy.listen();
  return proxy;
}

type MutableCounts = { -readonly [name in keyof DirectionCounts]: number };

const noCounts = (): MutableCounts => ({ bytes: 0, cut: 0, stall: 0, delay: 0, split: 0, corrupt: 0 });

class RunningProxy implements FaultProxy {
  readonly host = "127.0.0.1";
  port = 0;
  readonly #options: FaultProxyOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #flows = new Set<Promise<void>>();
  readonly #counts = { toServer: noCounts(), toClient: noCounts() };
  #connections = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: FaultProxyOptions) {
    this.#options = options;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client));
  }

  async listen(): Promise<void> {
    this.#server.listen(0, this.host);
    await once(this.#server, "listening");
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("The proxy got no port");
    this.port = address.port;
  }

  counts(): FaultCounts {
    const { toServer, toClient } = this.#counts;
    return { connections: this.#connections, toServer: { ...toServer }, toClient: { ...toClient } };
  }

  async close(): Promise<void> {
    const closed = this.#server.listening ? once(this.#server, "close") : undefined;
    this.#server.close();
    const gone = [...this.#sockets].map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([closed, ...gone, ...this.#flows]);
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure.error;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #accept(client: Socket): void {
    const connection = this.#connections++;
    const { host = "127.0.0.1", port, seed, plan } = this.#options;
    this.#track(client);
    let rules: readonly FaultRule[];
    try {
      rules = typeof plan === "function" ? plan(connection) : plan;
      checkRules(rules);
    } catch (error) {
      this.#failure ??= { error };
      client.destroy();
      return;
    }
    const server = connect({ host, port, allowHalfOpen: true, noDelay: true });
    this.#track(server);
    const link = new Link(client, server);
    for (const direction of ["toServer", "toClient"] as const) {
      const schedule = new Schedule(rules, direction, seed, connection);
      const flow = new Flow(link, direction, schedule, this.#listener(connection, direction)).run();
      this.#flows.add(flow);
      void flow.then(() => this.#flows.delete(flow));
    }
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    // What an error means for the other side is up to the flow that reads from the socket.
    socket.on("error", () => {});
    socket.once("close", () => this.#sockets.delete(socket));
  }

  #listener(connection: number, direction: Direction): FlowListener {
    const counts = this.#counts[direction];
    return {
      passed: (bytes) => {
        counts.bytes += bytes;
      },
      happened: (fault, offset) => {
        counts[fault] += 1;
        try {
          this.#options.onFault?.({ fault, connection, direction, offset });
        } catch (error) {
          this.#failure ??= { error };
        }
      },
    };
  }
}
