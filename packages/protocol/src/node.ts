// Node's sockets as transports, and its CRC-32: the only file of this package that knows Node.

import { connect, type NetConnectOpts, type Socket } from "node:net";
import { crc32 } from "node:zlib";
import { ConexionError, stalledError } from "./errors.js";
import type { ReadBuffers } from "./read-buffers.js";
import { sealOf } from "./seal.js";
import { MAX_TIMER_MS } from "./timers.js";
import type { Transport } from "./transport.js";

export { ReadBuffers, type ReadBuffersOptions } from "./read-buffers.js";

/** How many bytes may wait to be read before the socket is paused, and so the peer held back. */
const READ_AHEAD_BYTES = 256 * 1024;

/** How much is handed to the system at once: with less, calls of the system, and waking who receives, take a good part of the time. */
const WRITE_BYTES = 4 * 1024 * 1024;

/** Up to this many bytes, a write waits for the end of the turn. */
const SHORT_BYTES = 16 * 1024;

/** How long an ended connection waits for the peer to end too, so that what was sent is not reset away. */
const LINGER_MS = 1000;

/** The seal of fields, as `sealOf` computes it, by Node's CRC-32: what is written in JavaScript is slow until it has run for a while. */
export function quickSealOf(fields: readonly (string | number)[]): string {
  return sealOf(fields, crc32);
}

/** A transport over a connected (or connecting) TCP, TLS or Unix socket. The socket is the transport's from then on. */
export function socketTransport(socket: Socket): Transport {
  const transport = new SocketTransport(socket);
  const buffered = bufferedSockets.get(socket);
  if (buffered) {
    buffered.onChunk = (chunk, release) => transport.arrived(chunk, release);
    for (const { chunk, release } of buffered.early.splice(0)) transport.arrived(chunk, release);
  } else socket.on("data", (chunk: Uint8Array) => transport.arrived(chunk));
  return transport;
}

/** Where the chunks of a socket go that reads into buffers of its own. */
interface BufferedSocket {
  onChunk: (chunk: Uint8Array, release: () => void) => void;
  /** What came before there was a transport. */
  readonly early: Arrived[];
}

const bufferedSockets = new WeakMap<Socket, BufferedSocket>();

/** A chunk that arrived, and how its memory is let go. */
interface Arrived {
  readonly chunk: Uint8Array;
  readonly release: (() => void) | undefined;
}

class SocketTransport implements Transport {
  readonly writeBytes = WRITE_BYTES;
  readonly #socket: Socket;
  readonly #arrived: Arrived[] = [];
  /** The chunk that was given out last. */
  #lent: Arrived | undefined;
  #queued = 0;
  #ended = false;
  #draining = false;
  #failure: { readonly reason: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("end", () => this.#end());
    socket.on("close", () => this.#end());
    socket.on("error", (error) => {
      this.#failure ??= { reason: error };
      this.#wake?.();
    });
  }

  /** Takes a chunk that came in. One in memory of its own may fill as much of that as it likes. */
  arrived(chunk: Uint8Array, release?: () => void): void {
    if (this.#draining) {
      release?.();
      return;
    }
    const last = this.#arrived.at(-1);
    if (release && last?.release && isBehind(chunk, last.chunk)) {
      // Who could not take the one at once takes both together: the memory stays held by the first.
      release();
      const { buffer, byteOffset, length } = last.chunk;
      const together = new Uint8Array(buffer, byteOffset, length + chunk.length);
      this.#arrived[this.#arrived.length - 1] = { chunk: together, release: last.release };
    } else this.#arrived.push({ chunk, release });
    if (!release) this.#queued += chunk.length;
    if (this.#queued >= READ_AHEAD_BYTES) this.#socket.pause();
    this.#wake?.();
  }

  get ended(): boolean {
    return this.#arrived.length === 0 && (this.#ended || this.#failure !== undefined);
  }

  get closed(): boolean {
    return this.#socket.destroyed;
  }

  async read(): Promise<Uint8Array | undefined> {
    this.#lent?.release?.();
    this.#lent = undefined;
    for (;;) {
      const arrived = this.#arrived.shift();
      if (arrived) {
        this.#lent = arrived;
        if (!arrived.release) this.#queued -= arrived.chunk.length;
        if (this.#queued < READ_AHEAD_BYTES / 2 && this.#socket.isPaused()) this.#socket.resume();
        return arrived.chunk;
      }
      if (this.#failure) throw this.#failure.reason;
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  async write(chunks: readonly Uint8Array[], stallMs: number): Promise<void> {
    if (this.#failure) throw this.#failure.reason;
    const socket = this.#socket;
    let stopWatching: () => void = () => {};
    await new Promise<void>((resolve, reject) => {
      stopWatching = watchProgress(socket, stallMs, () => reject(stalledError(stallMs)));
      // Called when the system has the bytes; and, without an error, when the socket was destroyed before that.
      const written = (error?: Error | null): void => {
        if (!error && !socket.destroyed) resolve();
        else reject(this.#failure?.reason ?? error ?? socket.errored ?? new Error("The socket was closed"));
      };
      let bytes = 0;
      socket.cork();
      chunks.forEach((chunk, i) => {
        bytes += chunk.length;
        if (i < chunks.length - 1) socket.write(chunk);
        else socket.write(chunk, written);
      });
      // What is short may be one of many that are sent now, each in a turn of its own: they leave in one system call.
      if (bytes <= SHORT_BYTES) process.nextTick(() => socket.uncork());
      else socket.uncork();
    }).finally(stopWatching);
  }

  async end(): Promise<void> {
    const socket = this.#socket;
    if (socket.destroyed) return;
    const closed = new Promise<void>((resolve) => {
      socket.once("close", () => resolve());
    });
    socket.end();
    // Nobody reads any more, and the peer's own end would never be seen on a paused socket.
    this.#drain();
    socket.resume();
    const linger = setTimeout(() => socket.destroy(), LINGER_MS);
    await closed;
    clearTimeout(linger);
  }

  abort(reason: unknown): void {
    this.#failure ??= { reason };
    this.#socket.destroy();
    this.#drain();
    this.#wake?.();
  }

  /** Lets go of what arrived, and of what will. */
  #drain(): void {
    this.#draining = true;
    for (const { release } of this.#arrived.splice(0)) release?.();
    this.#lent?.release?.();
    this.#lent = undefined;
  }

  #end(): void {
    this.#ended = true;
    this.#wake?.();
  }
}

/** Whether bytes stand right behind others in the same memory. */
function isBehind(bytes: Uint8Array, before: Uint8Array): boolean {
  return bytes.buffer === before.buffer && bytes.byteOffset === before.byteOffset + before.length;
}

/**
 * Calls back once the system has taken nothing of what is being written for `stallMs`, or up to half as long again. Node's
 * own timeout of a socket would not do: whatever the peer sends begins it anew.
 */
function watchProgress(socket: Socket, stallMs: number, onStall: () => void): () => void {
  if (stallMs > MAX_TIMER_MS) return () => {};
  // How much of a write the system has not taken: Node looks there as well, and tells it nowhere else.
  const handle = (socket as { readonly _handle?: { readonly writeQueueSize?: number } | null })._handle;
  let left: number | undefined = -1;
  let still = 0;
  const timer = setInterval(() => {
    const now = handle?.writeQueueSize;
    still = now === left ? still + 1 : 0;
    left = now;
    if (still === 2) onStall();
  }, stallMs / 2);
  return () => clearInterval(timer);
}

/** Where to connect, and how long to try. */
export interface ConnectSocketOptions {
  /** Default `localhost`. */
  readonly host?: string | undefined;
  /** Default 3247. */
  readonly port?: number | undefined;
  /** Milliseconds until the connection must stand. Default 10,000. */
  readonly timeoutMs?: number | undefined;
  /** Gives up connecting, with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** What the socket reads into. Default: Node allocates memory for each chunk. */
  readonly buffers?: ReadBuffers | undefined;
}

/**
 * Opens a TCP connection.
 *
 * @throws {ConexionError} `UNREACHABLE` when nobody answers there, or not in time
 */
export async function connectSocket(options: ConnectSocketOptions = {}): Promise<Socket> {
  const { host = "localhost", port = 3247, timeoutMs = 10_000, signal } = options;
  signal?.throwIfAborted();
  const where = { host, port, keepAlive: true, keepAliveInitialDelay: 60_000 };
  const socket = options.buffers ? connectBuffered(where, options.buffers) : connect(where);
  let stop: () => void = () => {};
  try {
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => reject(signal?.reason);
      const onTimeout = (): void =>
        reject(
          new ConexionError(
            "UNREACHABLE",
            `Cannot connect to ${host}:${port}: no answer within ${timeoutMs} ms`,
          ),
        );
      const timer = timeoutMs === Number.POSITIVE_INFINITY ? undefined : setTimeout(onTimeout, timeoutMs);
      stop = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      socket.once("connect", resolve);
      socket.once("error", (cause) =>
        reject(
          new ConexionError("UNREACHABLE", `Cannot connect to ${host}:${port}: ${explain(cause)}`, { cause }),
        ),
      );
    });
    return socket;
  } catch (error) {
    socket.on("error", () => {});
    socket.destroy();
    throw error;
  } finally {
    stop();
  }
}

/** Where large reads are into memory that is used again, nothing is allocated for what arrives. */
function connectBuffered(where: NetConnectOpts, buffers: ReadBuffers): Socket {
  const early: Arrived[] = [];
  const buffered: BufferedSocket = { onChunk: (chunk, release) => early.push({ chunk, release }), early };
  const socket = connect({
    ...where,
    onread: {
      buffer: () => buffers.next(),
      callback: (length, buffer) => {
        const chunk = buffer.subarray(0, length);
        buffered.onChunk(chunk, buffers.hold(chunk));
        if (buffers.available) return true;
        buffers.whenFree(() => socket.resume());
        return false;
      },
    },
  });
  bufferedSockets.set(socket, buffered);
  return socket;
}

/** A host with several addresses fails with one error for each of them, and an empty message. */
function explain(error: Error & { readonly errors?: readonly Error[] }): string {
  return error.message || (error.errors ?? []).map((each) => each.message).join(", ") || String(error);
}
