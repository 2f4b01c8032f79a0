// collections.deque.

import type { RegisteredClass } from "../classes.js";
import { PyObject } from "../objects.js";
import { PyGlobal, PyTuple, type PyValue } from "../values.js";
import { checkCount, toInt } from "./check.js";
import { takeOnce } from "./guarded.js";

/** A `collections.deque`. */
export class PyDeque<T extends PyValue = PyValue> implements Iterable<T> {
  readonly items: T[];
  /** How many items Python keeps in it; null for any number. */
  readonly maxlen: number | null;

  /** @throws {RangeError} when it has more items than `maxlen`, or that is no length */
  constructor(items: Iterable<T> = [], maxlen: number | null = null) {
    this.items = [...items];
    this.maxlen = maxlen;
    if (maxlen === null) return;
    if (!Number.isSafeInteger(maxlen) || maxlen < 0)
      throw new RangeError(`maxlen must be a safe integer of at least 0, not ${maxlen}`);
    if (this.items.length > maxlen) throw new RangeError(`there are more items than maxlen, ${maxlen}`);
  }

  get length(): number {
    return this.items.length;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.items[Symbol.iterator]();
  }
}

/** `collections.deque` as {@link PyDeque}. Bytes as Python 3 writes them. Reads those of Python 2, too. */
export const deque: RegisteredClass<PyDeque> = {
  names: [["collections", "deque"]],
  type: PyDeque,
  create: (args) => {
    checkCount(args, 0, 2, "deque");
    const [given = [], maxlen = null] = args;
    const items = given instanceof PyTuple ? given.items : given;
    if (!Array.isArray(items)) throw new TypeError("the items of a deque must be a list or a tuple");
    return new PyDeque<PyValue>(
      takeOnce(items as PyValue[]),
      maxlen === null ? null : toInt(maxlen, 0, Number.MAX_SAFE_INTEGER, "maxlen of a deque"),
    );
  },
  append: ({ items, maxlen }, item) => {
    if (items.length === maxlen) throw new RangeError(`a deque has more items than its maxlen, ${maxlen}`);
    items.push(item);
  },
  reduce: ({ items, maxlen }) => {
    const args = maxlen === null ? [] : [new PyTuple(), maxlen];
    return new PyObject(new PyGlobal("collections", "deque"), new PyTuple(args), { items });
  },
};
