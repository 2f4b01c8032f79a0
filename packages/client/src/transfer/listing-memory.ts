// How much memory the names of one listing take that are kept until its end: a server can list names without end, in the best
// of order.

import { ListingError } from "../errors.js";

/** Some six million files of usual names: Node has 2 GiB on a machine of 4, and a sync with `delete` holds those here too. */
const MAX_LISTING_BYTES: number = 1024 ** 3;

/** What one takes besides its characters, in bytes, as measured with Node 20. */
const weights = {
  /** A file of a sync: its name, and what that is here. */
  file: 100,
  /** A folder: its name, its path, and whether it is there. */
  folder: 300,
  /** A file with all that the listing tells of it. */
  details: 300,
  /** What cannot be had, with its error. */
  failure: 1000,
} as const;

/** How often the characters of a name are there: an error has them in its message too. */
const copies = { file: 1, folder: 1, details: 1, failure: 2 } as const;

const BYTES_PER_CHARACTER = 2;

/** Counts what is kept, and refuses what would be too much. */
export class ListingMemory {
  readonly #most: number;
  #bytes = 0;

  /** @param most bytes */
  constructor(most: number = MAX_LISTING_BYTES) {
    this.#most = most;
  }

  /**
   * Notes what is kept.
   *
   * @param characters of all of them together
   * @throws {ListingError} when it is more than there may be
   */
  keep(what: keyof typeof weights, characters: number, count = 1): void {
    this.#bytes += count * weights[what] + characters * copies[what] * BYTES_PER_CHARACTER;
    if (this.#bytes > this.#most) throw new ListingError(this.#most);
  }
}
