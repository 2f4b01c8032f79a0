// One connection for requests, opened when it is needed and again when it was lost. All who wait for it wait for the same
// attempt, and hear together that it failed: each would try for as long as the last one did otherwise.

import { setTimeout as sleep } from "node:timers/promises";
import { ConexionError } from "@fileshare/protocol";
import type { Link } from "./link.js";

/** How long after a failed attempt the next one begins at the soonest, and how long at the most, in milliseconds. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;

/** An attempt to open the connection. */
interface Opening {
  readonly link: Promise<Link>;
  readonly controller: AbortController;
  waiting: number;
}

export class Lane {
  /** What is under way. */
  requests = 0;
  bytes = 0;
  /** Whether no other request may be begun beside the one that is under way. */
  alone = false;
  readonly #connect: (signal: AbortSignal) => Promise<Link>;
  readonly #greet: (link: Link, signal: AbortSignal) => Promise<void>;
  /** The connection that was opened last. */
  #link: Link | undefined;
  /** Connections on which the server has answered: it is alive there, and has not refused them. */
  readonly #answered = new WeakSet<Link>();
  #opening: Opening | undefined;
  #failures = 0;
  #failedAt = Number.NEGATIVE_INFINITY;

  /**
   * @param greet has the server answer on a new connection, where it did not on the last one: who is gone without a word takes
   *   connections, or seems to, and each who asked on them would wait for as long as a reply may take
   */
  constructor(
    connect: (signal: AbortSignal) => Promise<Link>,
    greet: (link: Link, signal: AbortSignal) => Promise<void>,
  ) {
    this.#connect = connect;
    this.#greet = greet;
  }

  /** Whether its connection stands, and the server has answered on it. */
  get isAlive(): boolean {
    return this.#link !== undefined && this.hasAnswered(this.#link) && isOpen(this.#link);
  }

  /** Whether the server has answered on a connection, which need not be the one that stands now. */
  hasAnswered(link: Link): boolean {
    return this.#answered.has(link);
  }

  noteAnswer(link: Link): void {
    this.#answered.add(link);
  }

  /**
   * The connection, or a new one.
   *
   * @throws {ConexionError} when it cannot be opened
   * @throws the signal's reason when it aborts
   */
  async open(signal: AbortSignal): Promise<Link> {
    signal.throwIfAborted();
    if (this.#link && isOpen(this.#link)) return this.#link;
    this.#link?.conexion.abort();
    this.#opening ??= this.#begin();
    return this.#wait(this.#opening, signal);
  }

  async close(): Promise<void> {
    await this.#link?.conexion.close();
  }

  #begin(): Opening {
    const controller = new AbortController();
    const opening: Opening = { link: this.#attempt(controller.signal), controller, waiting: 0 };
    const over = (): void => {
      if (this.#opening === opening) this.#opening = undefined;
    };
    opening.link.then(over, over);
    return opening;
  }

  async #attempt(signal: AbortSignal): Promise<Link> {
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#failures - 1));
    const waitMs = this.#failures === 0 ? 0 : this.#failedAt + pause - performance.now();
    if (waitMs > 0) await sleep(waitMs, undefined, { signal });
    try {
      const link = await this.#connect(signal);
      if (this.#link && !this.hasAnswered(this.#link)) await this.#greet(link, signal);
      this.#link = link;
      this.#failures = 0;
      return link;
    } catch (error) {
      if (error instanceof ConexionError) this.#failures += 1;
      this.#failedAt = performance.now();
      throw error;
    }
  }

  /** Waits for an attempt, which is given up when all who wait for it are gone. */
  #wait(opening: Opening, signal: AbortSignal): Promise<Link> {
    opening.waiting += 1;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        opening.waiting -= 1;
        if (opening.waiting === 0) {
          if (this.#opening === opening) this.#opening = undefined;
          opening.controller.abort(signal.reason);
        }
        reject(signal.reason);
      };
      const stop = (): void => signal.removeEventListener("abort", leave);
      signal.addEventListener("abort", leave, { once: true });
      opening.link.finally(stop).then(resolve, reject);
    });
  }
}

function isOpen({ conexion }: Link): boolean {
  return !conexion.closed && !conexion.ended;
}
