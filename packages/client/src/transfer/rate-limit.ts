// Holding back: no more bytes a second than were allowed.

import { setTimeout as sleep } from "node:timers/promises";

/** How long what was not used may be made up for, in seconds. */
const BURST_SECONDS = 0.1;

/** Lets bytes pass at a rate, over all that share it. */
export class RateLimit {
  readonly bytesPerSecond: number;
  /** When the bytes that were let pass will have been allowed, in milliseconds. */
  #paidUntil = 0;

  /** @param bytesPerSecond Infinity for no limit */
  constructor(bytesPerSecond: number) {
    this.bytesPerSecond = bytesPerSecond;
  }

  /** Waits until that many bytes may have come. */
  async pass(bytes: number, signal: AbortSignal): Promise<void> {
    if (this.bytesPerSecond === Number.POSITIVE_INFINITY) return;
    const now = performance.now();
    this.#paidUntil =
      Math.max(this.#paidUntil, now - BURST_SECONDS * 1000) + (bytes / this.bytesPerSecond) * 1000;
    if (this.#paidUntil > now) await sleep(this.#paidUntil - now, undefined, { signal });
  }
}
