// How many files are fetched at once: many small ones, so that no round trip is waited for; few large ones, so that each
// is soon done.

/** What files under way may weigh together: so many small ones. */
const MOST = 128;

/** What a file weighs that is asked for with one request. */
const SMALL_BYTES = 64 * 1024;
const MIDDLING_BYTES = 1024 * 1024;

/** What a file weighs. Without a size it may be anything, but is seldom large. */
export function weightOf(size: number | undefined): number {
  if (size === undefined) return MOST / 16;
  if (size <= SMALL_BYTES) return 1;
  return size <= MIDDLING_BYTES ? MOST / 32 : MOST / 4;
}

/** Lets files begin, in their order, while there is room for what they weigh. */
export class Budget {
  #left = MOST;
  #free: (() => void) | undefined;

  /** Waits for room. One caller at a time. */
  async take(weight: number): Promise<void> {
    while (weight > this.#left) {
      await new Promise<void>((resolve) => {
        this.#free = resolve;
      });
    }
    this.#left -= weight;
  }

  /** Gives room back. */
  give(weight: number): void {
    this.#left += weight;
    this.#free?.();
    this.#free = undefined;
  }
}
