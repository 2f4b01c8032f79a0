// The connections of a client, and the requests that are under way on them.
//
// On each connection replies come in the order of the requests. A peer of old wants one request at a time; one that has
// shown that it knows the extensions gets many, so that small files do not cost a round trip each.

import { type Conexion, ConexionError, Content, Mensaje, MensajeError } from "@fileshare/protocol";
import { ReplyError } from "../errors.js";
import { Lane } from "./lane.js";
import type { Link } from "./link.js";
import { isExtended, tellsOfFile } from "./remote.js";
import { isStalled } from "./retry.js";

/** How many requests may be under way on one connection. */
const MOST_REQUESTS = 128;

/** How long no more connections are opened than a server has taken, in milliseconds. */
const REFUSED_MS = 60_000;

/** How a connection ends that a server does not take. */
const refusals: ReadonlySet<string> = new Set(["UNREACHABLE", "CUT", "LOST"]);

/** What a request may be told. */
export interface AskOptions {
  /** How many bytes the reply will have, roughly. */
  readonly bytes: number;
  /**
   * Whether nothing else is to be under way on its connection: what may break it is not to harm others. Default false.
   */
  readonly alone?: boolean | undefined;
  /** Milliseconds that a server has at the least until its reply begins, where it takes that long to find out. Default 0. */
  readonly leastReplyMs?: number | undefined;
  /** Gives the request up, and where it was sent its connection. */
  readonly signal: AbortSignal;
}

/** What lanes may be told. */
export interface LanesOptions {
  /** How many connections there may be at once. */
  readonly connections: number;
  /** How many bytes may be asked for on one of them, beyond what a single request asks for. */
  readonly bytesUnderWay: number;
  /** Milliseconds until a reply must begin, counted from when the replies before it are at their end. */
  readonly replyTimeoutMs: number;
  /** No extra attributes are sent: the server's class takes none. Default false. */
  readonly plain?: boolean | undefined;
}

/** What a request needs of a connection. */
type Needs = Pick<AskOptions, "bytes" | "alone">;

/** A request that waits until there is room for it. */
interface Waiting {
  readonly needs: Needs;
  readonly begin: (lane: Lane) => void;
  readonly fail: (error: unknown) => void;
}

/** Spreads requests over connections. */
export class Lanes {
  readonly #connect: (signal: AbortSignal) => Promise<Link>;
  readonly #options: LanesOptions;
  readonly #lanes: Lane[] = [];
  readonly #waiting: Waiting[] = [];
  /** How many connections the server has taken when it refused another, and when that was. */
  #taken = 0;
  #refusedAt = Number.NEGATIVE_INFINITY;
  readonly #ends = new WeakMap<Conexion, ConexionError>();
  #ids = 0;
  /** Whether the server knows the extensions; undefined until it has answered. */
  #extended: boolean | undefined;
  /** Whether it has said nothing to a request for too long, and has not answered any yet. */
  #isMute = false;
  #tellsLate = false;
  /** Whether the server has named a request in its reply: from then on each reply must. */
  #names = false;

  constructor(connect: (signal: AbortSignal) => Promise<Link>, options: LanesOptions) {
    this.#connect = connect;
    this.#options = options;
  }

  /** Whether the server knows the extensions; undefined until it has answered. */
  get extended(): boolean | undefined {
    return this.#extended;
  }

  /** Whether the server says after large bytes what they are. */
  get tellsLate(): boolean {
    return this.#tellsLate;
  }

  /**
   * Makes a request and handles its reply. The content of the reply must be read within `handle`; what is left of it is
   * given up.
   *
   * @param request makes the Mensaje, given its id
   * @throws what `handle` throws
   * @throws {ReplyError} when what came is no reply to it
   * @throws {ConexionError} when the connection could not be opened, or is lost
   */
  async ask<T>(
    request: (id: number) => Mensaje,
    handle: (reply: Mensaje, link: Link) => Promise<T>,
    options: AskOptions,
  ): Promise<T> {
    const { signal } = options;
    for (let isFirst = true; ; isFirst = false) {
      const lane = await this.#room(options, signal);
      let link: Link | undefined;
      let wasUsed = false;
      try {
        link = await this.#open(lane, signal);
        wasUsed = lane.hasAnswered(link);
        return await this.#exchange(lane, link, request, handle, options);
      } catch (error) {
        // What was handled once is not handled again; nor is it known how far that came.
        const hasAnswered = link !== undefined && lane.hasAnswered(link);
        if (signal.aborted) throw error;
        if (isFirst && wasUsed && this.#wasEnded(link, error)) continue;
        if (hasAnswered || !this.#retire(lane, error)) throw error;
      } finally {
        this.#leave(lane, options);
      }
    }
  }

  /** Opens the first connection, where it does not stand. */
  async connect(signal: AbortSignal): Promise<void> {
    const needs = { bytes: 0 };
    const lane = await this.#room(needs, signal);
    try {
      await this.#open(lane, signal);
    } finally {
      this.#leave(lane, needs);
    }
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#lanes.map((lane) => lane.close()));
  }

  /**
   * Does without a connection that the server has refused, where another one is alive: it may have taken as many as it
   * does. What was asked for on it goes to the others.
   */
  #retire(lane: Lane, error: unknown): boolean {
    if (!(error instanceof ConexionError) || !refusals.has(error.code)) return false;
    if (!this.#lanes.some((other) => other !== lane && other.isAlive)) return false;
    const at = this.#lanes.indexOf(lane);
    if (at >= 0) {
      this.#lanes.splice(at, 1);
      this.#taken = this.#lanes.length;
      this.#refusedAt = performance.now();
    }
    return true;
  }

  async #exchange<T>(
    lane: Lane,
    link: Link,
    request: (id: number) => Mensaje,
    handle: (reply: Mensaje, link: Link) => Promise<T>,
    { signal, leastReplyMs = 0 }: AskOptions,
  ): Promise<T> {
    const { conexion } = link;
    const firstByteMs = Math.max(this.#options.replyTimeoutMs, leastReplyMs);
    signal.throwIfAborted();
    // Others on the connection have not been given up: to them it is just lost.
    const onAbort = (): void =>
      conexion.abort(new ConexionError("CLOSED", "The connection was closed: a request on it was given up"));
    signal.addEventListener("abort", onAbort, { once: true });
    let reply: Mensaje | null | undefined;
    let replied = false;
    let isUntold = false;
    try {
      this.#ids += 1;
      const id = this.#ids;
      const mensaje = this.#suited(request(id));
      // Both take their turns at once: so replies are taken in the order of the requests.
      const sending = conexion.enviarMensaje(mensaje, { batch: this.#extended === true });
      const receiving = conexion.recibirMensaje({ firstByteMs });
      receiving.catch(() => {});
      await sending;
      reply = await receiving;
      if (!reply) throw this.#endOf(link);
      lane.noteAnswer(link);
      // Where it still arrives, what it says of itself may stand behind the bytes: `handle` checks whose they are.
      const isUnnamed = reply.data instanceof Content && !reply.extras.has("id");
      isUntold = reply.data instanceof Content && !tellsOfFile(reply);
      if (isUnnamed) this.#extended ??= isExtended(reply);
      else this.#checkId(reply, id);
      replied = true;
      const result = await handle(reply, link);
      if (isUnnamed) this.#checkId(reply, id);
      return result;
    } catch (cause) {
      const error = replyError(cause);
      if (this.#extended === undefined && isStalled(error)) this.#isMute = true;
      // What comes next on it may be anything.
      if (!replied || error instanceof ReplyError) conexion.abort(error);
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
      if (reply && isExtended(reply)) this.#extended = true;
      if (isUntold && reply && tellsOfFile(reply)) this.#tellsLate = true;
      if (reply?.data instanceof Content) await reply.data.cancel().catch(() => {});
    }
  }

  /**
   * Whether a server of old ended a connection instead of answering: it may have done so after its last reply, and what was
   * asked was on its way. One that knows the extensions is asked again in any case, as often as who asks wants.
   */
  #wasEnded(link: Link | undefined, error: unknown): boolean {
    return this.#extended === false && link !== undefined && error === this.#ends.get(link.conexion);
  }

  /** How a connection ended without a reply: all who wait for one there hear the same. */
  #endOf({ conexion }: Link): ConexionError {
    const end =
      this.#ends.get(conexion) ??
      new ConexionError("CUT", "The server closed the connection without a reply");
    this.#ends.set(conexion, end);
    return end;
  }

  /**
   * Has the server answer a small question, where it is not known for one of old: that is never asked many things at once. Of
   * one that was never heard, it is found out which it is before it is asked again for what it may be busy with.
   */
  async #greet(lane: Lane, link: Link, signal: AbortSignal): Promise<void> {
    if (this.#extended === false || (this.#extended === undefined && !this.#isMute)) return;
    const { conexion } = link;
    this.#ids += 1;
    const id = this.#ids;
    try {
      await conexion.enviarMensaje(this.#suited(smallestListing(id)), { signal });
      const reply = await conexion.recibirMensaje({ signal, firstByteMs: this.#options.replyTimeoutMs });
      if (!reply) throw this.#endOf(link);
      this.#checkId(reply, id);
      if (reply.data instanceof Content) throw new ReplyError("The server's reply is no list of names");
      lane.noteAnswer(link);
    } catch (cause) {
      const error = replyError(cause);
      conexion.abort(error);
      throw error;
    }
  }

  /** A request as the server's class takes it. */
  #suited(mensaje: Mensaje): Mensaje {
    if (this.#options.plain) mensaje.extras.clear();
    return mensaje;
  }

  /** Replies that came in the wrong order, or that nobody asked for, would be taken for others. */
  #checkId(reply: Mensaje, id: number): void {
    if (isExtended(reply)) this.#extended = true;
    this.#extended ??= false;
    const echoed = reply.extras.get("id");
    // Once it has shown that it can, it says of each reply at least whose it is.
    const isUnnamed = echoed === undefined && (this.#names || !isExtended(reply));
    if (this.#extended && (isUnnamed || (echoed !== undefined && echoed !== id))) {
      throw new ReplyError("The server's reply is to another request");
    }
    this.#names ||= echoed === id;
  }

  /** The lane's connection. Where it cannot be opened and no other is there, those that wait for their turn hear of it too. */
  async #open(lane: Lane, signal: AbortSignal): Promise<Link> {
    try {
      return await lane.open(signal);
    } catch (error) {
      const isGone = !signal.aborted && !this.#lanes.some(({ isAlive }) => isAlive);
      if (isGone) for (const { fail } of this.#waiting.splice(0)) fail(error);
      throw error;
    }
  }

  /** A place for a request on one of the connections. */
  async #room(needs: Needs, signal: AbortSignal): Promise<Lane> {
    signal.throwIfAborted();
    const lane = this.#waiting.length === 0 ? this.#find(needs) : undefined;
    if (lane) return take(lane, needs);
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(signal.reason);
      };
      const waiting: Waiting = {
        needs,
        begin: (found) => {
          signal.removeEventListener("abort", leave);
          resolve(take(found, needs));
        },
        fail: (error) => {
          signal.removeEventListener("abort", leave);
          reject(error);
        },
      };
      this.#waiting.push(waiting);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  #leave(lane: Lane, { bytes }: Needs): void {
    lane.alone = false;
    lane.requests -= 1;
    lane.bytes -= bytes;
    // Somebody may have opened it again before it was found out that it is done without.
    if (lane.requests === 0 && !this.#lanes.includes(lane)) void lane.close().catch(() => {});
    this.#admit();
  }

  /** Begins requests that wait, in order, while there is room for the first of them. */
  #admit(): void {
    for (let waiting = this.#waiting[0]; waiting; waiting = this.#waiting[0]) {
      const lane = this.#find(waiting.needs);
      if (!lane) return;
      this.#waiting.shift();
      waiting.begin(lane);
    }
  }

  /** The connection with the least to do that has room, or another one where there may be more. */
  #find({ bytes, alone = false }: Needs): Lane | undefined {
    const idle = this.#lanes.find((lane) => lane.requests === 0);
    if (idle) return idle;
    const isFull = performance.now() - this.#refusedAt < REFUSED_MS;
    const most = this.#extended ? (isFull ? this.#taken : this.#options.connections) : 1;
    if (this.#lanes.length < most) {
      const lane: Lane = new Lane(this.#connect, (link, greeting) => this.#greet(lane, link, greeting));
      this.#lanes.push(lane);
      return lane;
    }
    if (!this.#extended || alone) return undefined;
    const [least] = this.#lanes.filter((lane) => !lane.alone).toSorted((a, b) => a.bytes - b.bytes);
    if (!least || least.requests >= MOST_REQUESTS) return undefined;
    return least.bytes + bytes > this.#options.bytesUnderWay ? undefined : least;
  }
}

function take(lane: Lane, { bytes, alone = false }: Needs): Lane {
  lane.alone = alone;
  lane.requests += 1;
  lane.bytes += bytes;
  return lane;
}

/** What is no Mensaje is no reply. */
function replyError(cause: unknown): unknown {
  if (!(cause instanceof MensajeError)) return cause;
  return new ReplyError(`The server's reply is no Mensaje: ${cause.message}`, { cause });
}

/** Asks for the least that any server has. */
export function smallestListing(id: number): Mensaje {
  return new Mensaje({
    operacion: "listar",
    extras: [
      ["id", id],
      ["limit", 1],
    ],
  });
}
