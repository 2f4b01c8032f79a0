// range, and the xrange of Python 2.

import type { RegisteredClass } from "../classes.js";
import { PyObject } from "../objects.js";
import { PyGlobal, PyTuple } from "../values.js";
import { checkCount, plainInt, toBigInt } from "./check.js";

/** A Python `range`. Its numbers are made when it is iterated: it may be as long as 2^64 and more. */
export class PyRange implements Iterable<number | bigint> {
  readonly start: bigint;
  readonly stop: bigint;
  readonly step: bigint;

  /** @throws {RangeError} when the step is zero */
  constructor(start: bigint, stop: bigint, step = 1n) {
    if (step === 0n) throw new RangeError("the step of a range must not be zero");
    this.start = start;
    this.stop = stop;
    this.step = step;
  }

  /** How many numbers it has. */
  get length(): bigint {
    const span = this.step > 0n ? this.stop - this.start : this.start - this.stop;
    const step = this.step > 0n ? this.step : -this.step;
    return span <= 0n ? 0n : (span + step - 1n) / step;
  }

  /** Its numbers, as `decode` gives ints: numbers, and bigints where a number would not be exact. */
  *[Symbol.iterator](): Generator<number | bigint> {
    const { start, stop, step } = this;
    for (let at = start; step > 0n ? at < stop : at > stop; at += step) yield plainInt(at);
  }
}

/** `range` as {@link PyRange}. Bytes as Python writes them. */
export const range: RegisteredClass<PyRange> = {
  names: [
    ["builtins", "range"],
    ["__builtin__", "xrange"],
  ],
  type: PyRange,
  create: (args) => {
    checkCount(args, 1, 3, "range");
    const numbers = args.map((arg) => toBigInt(arg, "what a range is made of"));
    const [start, stop, step] = numbers.length === 1 ? [0n, ...numbers] : numbers;
    return new PyRange(start as bigint, stop as bigint, step);
  },
  reduce: ({ start, stop, step }) =>
    new PyObject(new PyGlobal("builtins", "range"), new PyTuple([start, stop, step])),
};
