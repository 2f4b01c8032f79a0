/** Random numbers that depend on a seed alone, so that what they decided can be decided again. */
export class Random {
  #state: number;

  /**
   * @param seed what the numbers depend on: parts that are equal one by one give equal numbers, such as the seed of a
   *   whole run, the number of a connection, and a direction
   */
  constructor(...seed: readonly (number | string)[]) {
    this.#state = hash(JSON.stringify(seed));
  }

  /** A number from 0 up to, not including, 1. */
  next(): number {
    // Mulberry32, by Tommy Ettinger: public domain.
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `least` up to, and including, `most`. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** True that often: never at 0, always at 1. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of the items, each as likely as another. */
  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.integer(0, items.length - 1)] as T;
  }

  /** A distance, a whole number of at least 1: to the next of events that are as likely everywhere, `mean` apart. */
  distance(mean: number): number {
    return 1 + Math.floor(Math.log(1 - this.next()) / Math.log(1 - 1 / mean));
  }
}

/** FNV-1a over UTF-16 code units. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value;
}
