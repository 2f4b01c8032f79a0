// The budgets of the decoder: always on, each checked before what it bounds is allocated.

import { checkRange } from "../range.js";

/** What a pickle may cost whoever decodes it. Each is refused one over, with a `LIMIT` error that names it. */
export interface PickleLimits {
  /** Bytes of input that the decoder takes in. Default 1 GiB: a whole-buffer caller holds them already. */
  readonly maxBytes: number;
  /** Opcodes that are run. Default 100,000,000: some seconds of work, as most take less than 50 ns. */
  readonly maxOpcodes: number;
  /**
   * How deep containers may stand in one another, so that code which walks the value recursively cannot overflow its
   * stack. Default 1000, as CPython's recursion limit. Back references of a recursive value do not count.
   */
  readonly maxDepth: number;
  /**
   * Objects that take some hundred bytes each in memory, whatever few bytes stand for them: containers, instances, bytes.
   * Default 1,000,000.
   */
  readonly maxObjects: number;
  /** Entries in the memo, and the highest index that a PUT may name. Default 10,000,000. */
  readonly maxMemo: number;
  /**
   * Items put into lists, tuples, sets and dicts, keys and values counted apart; instances with their arguments and
   * states; and for keys that are long or composite, what they cost to compare. Default 10,000,000.
   */
  readonly maxItems: number;
  /**
   * Values on the stack at once, and marks on it. Default 10,000,000: all items of a tuple stand there before the tuple
   * is made.
   */
  readonly maxStack: number;
  /**
   * Digits of an int written as decimal text (protocols 0 and 1), whose parsing is quadratic. Default 4,300, as in
   * CPython 3.11 and later (`sys.set_int_max_str_digits`). Binary ints are linear and not bound by this.
   */
  readonly maxIntDigits: number;
  /**
   * References from container to container that a walk of the value follows when it takes it for a tree: a list that
   * holds another one twice counts that one's twice. Default 10,000,000. A pickle of 100 bytes can stand for a tree of
   * 2^40 items, which whoever prints it or makes JSON of it would walk.
   */
  readonly maxReferences: number;
  /**
   * Number keys of one dict or set that collide in the hash table of the JavaScript engine. Default 64: V8's hash of a
   * number is known, so that a crafted dict would take quadratic time.
   */
  readonly maxCollisions: number;
}

/** How deep values may nest, in both directions, where a caller says nothing else. */
export const DEFAULT_MAX_DEPTH = 1000;

/** The limits that hold where a caller names no other. */
export const defaultLimits: PickleLimits = /* @__PURE__ */ Object.freeze({
  maxBytes: 1_073_741_824,
  maxOpcodes: 100_000_000,
  maxDepth: DEFAULT_MAX_DEPTH,
  maxObjects: 1_000_000,
  maxMemo: 10_000_000,
  maxItems: 10_000_000,
  maxStack: 10_000_000,
  maxIntDigits: 4300,
  maxReferences: 10_000_000,
  maxCollisions: 64,
});

/**
 * The limits with what a caller wants otherwise.
 *
 * @throws {RangeError} when one is no number from 0 on, or unknown
 */
export function settleLimits(limits: Partial<PickleLimits> | undefined): PickleLimits {
  if (!limits) return defaultLimits;
  const settled = { ...defaultLimits, ...limits };
  for (const [name, value] of Object.entries(settled)) {
    if (!Object.hasOwn(defaultLimits, name))
      throw new RangeError(`Cannot use ${name}: there is no such limit`);
    checkRange(name, value, 0, Number.POSITIVE_INFINITY);
  }
  return settled;
}
