// datetime.timedelta.

import type { RegisteredClass } from "../classes.js";
import { PyObject } from "../objects.js";
import { PyGlobal, PyTuple } from "../values.js";
import { checkCount, toInt } from "./check.js";

const MAX_DAYS = 999_999_999;
const MICROSECONDS_PER_SECOND = 1_000_000n;
const MICROSECONDS_PER_DAY = 86_400_000_000n;

/** A `datetime.timedelta`, in Python's normal form: only the days can be negative. */
export class PyTimeDelta {
  /** From -999999999 to 999999999. */
  readonly days: number;
  /** From 0 to 86399. */
  readonly seconds: number;
  /** From 0 to 999999. */
  readonly microseconds: number;

  /** @throws {RangeError} when a number is out of its range, or none at all */
  constructor(days = 0, seconds = 0, microseconds = 0) {
    this.days = toInt(days, -MAX_DAYS, MAX_DAYS, "days of a timedelta");
    this.seconds = toInt(seconds, 0, 86_399, "seconds of a timedelta");
    this.microseconds = toInt(microseconds, 0, 999_999, "microseconds of a timedelta");
  }

  /** The whole length, exactly. */
  get totalMicroseconds(): bigint {
    return (
      BigInt(this.days) * MICROSECONDS_PER_DAY +
      BigInt(this.seconds) * MICROSECONDS_PER_SECOND +
      BigInt(this.microseconds)
    );
  }

  /** The whole length, rounded to what a number can hold. */
  get totalMilliseconds(): number {
    return Number(this.totalMicroseconds) / 1000;
  }

  /** @throws {RangeError} when it is longer than Python's can be */
  static fromMicroseconds(total: bigint): PyTimeDelta {
    const inDay = ((total % MICROSECONDS_PER_DAY) + MICROSECONDS_PER_DAY) % MICROSECONDS_PER_DAY;
    return new PyTimeDelta(
      Number((total - inDay) / MICROSECONDS_PER_DAY),
      Number(inDay / MICROSECONDS_PER_SECOND),
      Number(inDay % MICROSECONDS_PER_SECOND),
    );
  }

  /** @throws {RangeError} when it is no finite number, or longer than Python's can be */
  static fromMilliseconds(milliseconds: number): PyTimeDelta {
    return PyTimeDelta.fromMicroseconds(BigInt(Math.round(milliseconds * 1000)));
  }
}

/** `datetime.timedelta` as {@link PyTimeDelta}. Bytes as Python writes them. */
export const timeDelta: RegisteredClass<PyTimeDelta> = {
  names: [["datetime", "timedelta"]],
  type: PyTimeDelta,
  create: (args) => {
    checkCount(args, 3, 3, "timedelta");
    return new PyTimeDelta(
      toInt(args[0], -MAX_DAYS, MAX_DAYS, "days of a timedelta"),
      toInt(args[1], 0, 86_399, "seconds of a timedelta"),
      toInt(args[2], 0, 999_999, "microseconds of a timedelta"),
    );
  },
  reduce: ({ days, seconds, microseconds }) =>
    new PyObject(new PyGlobal("datetime", "timedelta"), new PyTuple([days, seconds, microseconds])),
};
