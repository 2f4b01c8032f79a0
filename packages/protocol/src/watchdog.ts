// Tells when a wait takes too long, of waits that come one after the other: thousands in a second, so that a timer for each
// would take longer than most of them.

import { MAX_TIMER_MS } from "./timers.js";

/** Watches one wait at a time. Its timer keeps no process alive. */
export class Watchdog {
  readonly #onLate: (ms: number) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #firesAt = 0;
  /** How long the wait may take that is under way, and until when. */
  #ms = 0;
  #until = Number.POSITIVE_INFINITY;

  /** @param onLate told how long a wait was to take that takes longer */
  constructor(onLate: (ms: number) => void) {
    this.#onLate = onLate;
  }

  /** A wait begins, which may take so many milliseconds: with more than {@link MAX_TIMER_MS}, as long as it takes. */
  begin(ms: number): void {
    if (ms > MAX_TIMER_MS) return;
    this.#ms = ms;
    this.#until = performance.now() + ms;
    // One that was set for a wait before looks whether there is another one, and goes on for the rest of its time.
    if (this.#timer === undefined || this.#firesAt > this.#until) this.#arm(ms);
  }

  /** The wait is over. */
  end(): void {
    this.#until = Number.POSITIVE_INFINITY;
  }

  /** There are no more waits. */
  stop(): void {
    this.end();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(ms: number): void {
    clearTimeout(this.#timer);
    this.#firesAt = performance.now() + ms;
    this.#timer = setTimeout(() => this.#look(), ms);
    // What is waited for does, where it can. (In browsers a timer is a number.)
    (this.#timer as { unref?: () => void }).unref?.();
  }

  #look(): void {
    this.#timer = undefined;
    const left = this.#until - performance.now();
    if (left === Number.POSITIVE_INFINITY) return;
    if (left > 0) this.#arm(Math.ceil(left));
    else this.#onLate(this.#ms);
  }
}
