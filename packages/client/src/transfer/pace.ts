// How much to ask for at once: what a lost connection costs is what was under way of it.

const LEAST_BYTES = 128 * 1024;
const FIRST_BYTES = 1024 * 1024;

/** How much longer each range may be than the one before, once one was lost. */
const CAREFUL_GROWTH = 1.2;

/** How long a range should take, in milliseconds. */
const WANTED_MS = 4000;

/** Suits the size of ranges to the speed at which they come. */
export class Pace {
  readonly #most: number;
  #bytes: number;
  #growth = 2;

  /**
   * @param bytesPerSecond how fast they may come at the most
   * @param most bytes of a range
   */
  constructor(bytesPerSecond: number, most: number) {
    this.#most = most;
    this.#bytes = Math.min(FIRST_BYTES, most, Math.max(LEAST_BYTES, (bytesPerSecond * WANTED_MS) / 1000));
  }

  /** How many bytes to ask for next. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Notes how long a range took to arrive, from the start of its reply. */
  took(bytes: number, ms: number): void {
    if (bytes < this.#bytes) return;
    const suited = (bytes * WANTED_MS) / Math.max(1, ms);
    this.#bytes = Math.round(
      Math.min(this.#most, Math.max(LEAST_BYTES, Math.min(suited, bytes * this.#growth))),
    );
  }

  /** Notes that a range was lost on its way: where that happens often, shorter ones get through. */
  lost(): void {
    this.#bytes = Math.max(LEAST_BYTES, Math.round(this.#bytes / 2));
    this.#growth = CAREFUL_GROWTH;
  }
}
