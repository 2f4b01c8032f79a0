// How many names to ask for in a page: one that is longer than a connection carries would be lost again and again.

/** How many a page has that no limit was given for, as long as none has come. */
const FIRST_NAMES = 2048;

/** How much longer each page may be than the one before, once one was lost. */
const GROWTH = 1.2;

/** Suits the length of a listing's pages to what gets through. */
export class PageSize {
  #longest = 0;
  #limit: number | undefined;

  /** How many names to ask for in the next page; undefined for as many as the server gives by itself. */
  get limit(): number | undefined {
    return this.#limit;
  }

  /** Notes that a page has come, with so much in it, and whether another follows. */
  came(names: number, goesOn: boolean): void {
    this.#longest = Math.max(this.#longest, names);
    if (this.#limit === undefined || !goesOn) return;
    // Where the server gives fewer, the limit is of no use.
    this.#limit = names < this.#limit ? undefined : Math.ceil(this.#limit * GROWTH);
  }

  /** Notes that a page was lost on its way: a shorter one may get through. */
  lost(): void {
    const names = this.#limit ?? (this.#longest || FIRST_NAMES);
    this.#limit = Math.max(1, Math.floor(names / 2));
  }
}
