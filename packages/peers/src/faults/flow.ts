/** A connection through the proxy, and the bytes that flow through it in one direction. */

import type { Socket } from "node:net";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { Random } from "./random.ts";
import type { Direction, DueFault, FaultName, Schedule } from "./rules.ts";

const DEFAULT_SPLIT_BYTES = 8;

/** The two sockets of one connection. */
export class Link {
  readonly client: Socket;
  readonly server: Socket;
  readonly #cut = new AbortController();

  constructor(client: Socket, server: Socket) {
    this.client = client;
    this.server = server;
  }

  /** Aborts when the connection is cut: what still comes is thrown away. */
  get cutSignal(): AbortSignal {
    return this.#cut.signal;
  }

  /**
   * Ends the connection both ways. In an orderly end each side's bytes are read until it ends too: closing a socket with
   * unread bytes in it would reset it, and take away what has arrived at the other side and was not read yet.
   */
  cut(reset: boolean): void {
    this.#cut.abort();
    for (const socket of [this.client, this.server]) {
      if (reset) resetSocket(socket);
      else socket.end();
    }
  }
}

/** Who counts what a flow does. */
export interface FlowListener {
  passed(bytes: number): void;
  happened(fault: FaultName, offset: number): void;
}

/** One direction of a connection. */
export class Flow {
  readonly #link: Link;
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #schedule: Schedule;
  readonly #listener: FlowListener;
  /** Aborts when nothing can be passed on any more. */
  readonly #over = new AbortController();
  /** How many bytes have been passed on. */
  #offset = 0;
  #split: Split | undefined;
  /** The bit that is another one in the next byte. */
  #flip = 0;

  constructor(link: Link, direction: Direction, schedule: Schedule, listener: FlowListener) {
    this.#link = link;
    [this.#from, this.#to] =
      direction === "toServer" ? [link.client, link.server] : [link.server, link.client];
    this.#schedule = schedule;
    this.#listener = listener;
    const over = (): void => this.#over.abort();
    link.cutSignal.addEventListener("abort", over, { once: true });
    this.#to.once("close", over);
    // One that has closed after its end may still have bytes on their way.
    this.#from.once("error", over);
  }

  /** Passes on what comes until there is no more. Never rejects: what breaks one side breaks the other. */
  async run(): Promise<void> {
    try {
      await this.#faults();
      // Not destroyed at its end: the other direction goes on.
      const chunks: AsyncIterable<Buffer> = this.#from.iterator({ destroyOnReturn: false });
      for await (const chunk of chunks) await this.#pass(chunk);
      if (!this.#link.cutSignal.aborted) this.#to.end();
    } catch {
      if (!this.#link.cutSignal.aborted) resetSocket(this.#to);
    }
  }

  async #pass(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length && !this.#link.cutSignal.aborted; ) {
      const end = Math.min(
        this.#schedule.offset,
        this.#split?.next(this.#offset) ?? Number.POSITIVE_INFINITY,
      );
      const piece = chunk.subarray(at, at + end - this.#offset);
      if (this.#flip !== 0) {
        piece[0] = (piece[0] ?? 0) ^ this.#flip;
        this.#flip = 0;
        this.#listener.happened("corrupt", this.#offset);
      }
      if (!(await write(this.#to, piece))) {
        resetSocket(this.#from);
        return;
      }
      at += piece.length;
      this.#offset += piece.length;
      this.#listener.passed(piece.length);
      // So that the receiver gets a chance to read this piece alone.
      if (this.#split) await nextTurn();
      await this.#faults();
    }
  }

  /** Does what is due after the bytes that were passed on. */
  async #faults(): Promise<void> {
    while (this.#schedule.offset <= this.#offset && !this.#link.cutSignal.aborted)
      await this.#do(this.#schedule.take());
    if (this.#split && this.#offset >= this.#split.until) this.#split = undefined;
  }

  async #do({ rule, random }: DueFault): Promise<void> {
    // A byte that is to be corrupted has yet to come.
    if (rule.fault !== "corrupt") this.#listener.happened(rule.fault, this.#offset);
    switch (rule.fault) {
      case "cut":
        return this.#link.cut(rule.reset ?? false);
      case "stall":
        return pause(rule.ms, this.#over.signal);
      case "delay":
        return pause(random.next() * rule.ms, this.#over.signal);
      case "split": {
        const until = this.#offset + (rule.over ?? Number.POSITIVE_INFINITY);
        this.#split = new Split(this.#offset, until, rule.bytes ?? DEFAULT_SPLIT_BYTES, random);
        return;
      }
      case "corrupt":
        this.#flip = 1 << random.integer(0, 7);
    }
  }
}

/** Where pieces end. It depends on the bytes alone, not on the chunks that they come in. */
class Split {
  readonly until: number;
  readonly #bytes: number;
  readonly #random: Random;
  #end: number;

  constructor(offset: number, until: number, bytes: number, random: Random) {
    this.until = until;
    this.#bytes = bytes;
    this.#random = random;
    this.#end = offset;
  }

  /** Where the piece ends that begins, or goes on, at an offset. */
  next(offset: number): number {
    if (offset >= this.#end) this.#end = Math.min(this.until, offset + this.#random.integer(1, this.#bytes));
    return this.#end;
  }
}

/** Resolves when the system has the bytes, with false when it will not take them. */
function write(to: Socket, bytes: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    to.write(bytes, (error) => resolve(!error && !to.destroyed));
  });
}

/** Waits for so long, or until the connection is over. */
async function pause(ms: number, over: AbortSignal): Promise<void> {
  if (over.aborted) return;
  if (ms !== Number.POSITIVE_INFINITY) {
    await sleep(ms, undefined, { signal: over }).catch(() => {});
    return;
  }
  await new Promise<void>((resolve) => over.addEventListener("abort", () => resolve(), { once: true }));
}

/**
 * Closes a socket by an RST alone. Node's `resetAndDestroy()` sends a FIN before: where that is read first, the other side
 * sees an orderly end.
 */
export function resetSocket(socket: Socket): void {
  // The system resets none that is being shut down, and Node would never say that it is closed.
  if (!socket.writableEnded) Object.assign(socket, { resetAndClosing: true });
  socket.destroy();
}
