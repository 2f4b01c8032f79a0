// datetime.date.

import type { RegisteredClass } from "../classes.js";
import { PyObject } from "../objects.js";
import { PyGlobal, PyTuple } from "../values.js";
import { type CalendarDay, checkDay, dayText, packDay, unpackDay } from "./calendar.js";
import { checkCount, toBytes } from "./check.js";

/** A `datetime.date`. */
export class PyDate implements CalendarDay {
  readonly year: number;
  readonly month: number;
  readonly day: number;

  /** @throws {RangeError} when there is no such day in the years 1 to 9999 */
  constructor(year: number, month: number, day: number) {
    this.year = year;
    this.month = month;
    this.day = day;
    checkDay(this);
  }

  /**
   * The day of a Date in UTC.
   *
   * @throws {RangeError} when it is not in the years 1 to 9999
   */
  static fromDate(date: Date): PyDate {
    return new PyDate(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate());
  }

  /** Midnight in UTC. */
  toDate(): Date {
    const date = new Date(0);
    date.setUTCFullYear(this.year, this.month - 1, this.day);
    return date;
  }

  /** In ISO 8601, as Python's `isoformat`: `2024-02-29`. */
  toString(): string {
    return dayText(this);
  }

  toJSON(): string {
    return this.toString();
  }
}

/** `datetime.date` as {@link PyDate}. Bytes as Python 3 writes them. */
export const date: RegisteredClass<PyDate> = {
  names: [["datetime", "date"]],
  type: PyDate,
  create: (args) => {
    checkCount(args, 1, 1, "the state of a date");
    const { year, month, day } = unpackDay(toBytes(args[0], 4, "the state of a date"));
    return new PyDate(year, month, day);
  },
  reduce: (day) =>
    new PyObject(new PyGlobal("datetime", "date"), new PyTuple([Uint8Array.from(packDay(day))])),
};
