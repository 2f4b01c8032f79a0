// The bytes of a file that are still to be fetched.

import type { Range } from "../disk/disk.js";

/** A set of bytes, kept as ranges in order. */
export class Missing {
  #ranges: Range[];

  /** @param ranges in order, without overlaps */
  constructor(ranges: readonly Range[]) {
    this.#ranges = ranges.filter(({ start, end }) => start < end);
  }

  /** How many bytes there are. */
  get bytes(): number {
    return this.#ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  }

  /** Takes out the first run of bytes there is, `most` at the most; undefined when nothing is missing. */
  take(most: number): Range | undefined {
    const first = this.#ranges[0];
    if (!first) return undefined;
    const taken = { start: first.start, end: Math.min(first.end, first.start + most) };
    this.remove(taken);
    return taken;
  }

  /** Takes out what is there. */
  remove({ start, end }: Range): void {
    this.#ranges = this.#ranges.flatMap((range) =>
      [
        { start: range.start, end: Math.min(range.end, start) },
        { start: Math.max(range.start, end), end: range.end },
      ].filter((left) => left.start < left.end),
    );
  }

  /** Adds what turned out to be missing still. */
  putBack(range: Range): void {
    if (range.start >= range.end) return;
    this.remove(range);
    this.#ranges = [...this.#ranges, range].sort((a, b) => a.start - b.start);
  }
}
