// Tells when a wait takes too long, of waits that come one after the other: thousands in a second, so that a timer for each
// would take longer than most of them.

import { MAX_TIMER_MS } from "./timers.js";

/** What a timer has where it can keep a process alive. (In browsers it is a number.) */
interface Keeping {
  ref?(): void;
  unref?(): void;
}

/** Watches one wait at a time, for which its timer keeps the process alive. */
export class Watchdog {
  readonly #onLate: (ms: number) => void;
  #timer: (ReturnType<typeof setTimeout> & Keeping) | undefined;
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
    else this.#timer.ref?.();
  }

  /** The wait is over. */
  end(): void {
    this.#until = Number.POSITIVE_INFINITY;
    this.#timer?.unref?.();
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
  }

  /** @param again whether there was a turn since its time was up: what came while the app kept the thread busy is seen by then */
  #look(again = false): void {
    this.#timer = undefined;
    const left = this.#until - performance.now();
    if (left === Number.POSITIVE_INFINITY) return;
    if (left > 0) this.#arm(Math.ceil(left));
    else if (again) this.#onLate(this.#ms);
    else this.#timer = setTimeout(() => this.#look(true), 0);
  }
}
