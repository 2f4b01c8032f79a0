// datetime.datetime.

import type { RegisteredClass } from "../classes.js";
import { PyObject } from "../objects.js";
import { PyGlobal, PyTuple } from "../values.js";
import {
  type CalendarDay,
  checkDay,
  checkTime,
  dayText,
  packDay,
  packTime,
  type TimeOfDay,
  timeText,
  unpackDay,
  unpackTime,
} from "./calendar.js";
import { checkCount, type Mutable, toBytes } from "./check.js";
import { PyTimeZone, utcTimeZone } from "./timezone.js";
import { checkZone, FOLD, type ZoneAndFold, zoneText } from "./zone.js";

/** A `datetime.datetime`: to the microsecond, naive where it has no `tzinfo`. */
export class PyDateTime implements CalendarDay, TimeOfDay, ZoneAndFold {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly microsecond: number;
  readonly tzinfo: object | null;
  readonly fold: 0 | 1;

  /**
   * @param time default midnight
   * @throws {RangeError} when there is no such time in the years 1 to 9999
   */
  constructor(day: CalendarDay, time: Partial<TimeOfDay & ZoneAndFold> = {}) {
    this.year = day.year;
    this.month = day.month;
    this.day = day.day;
    this.hour = time.hour ?? 0;
    this.minute = time.minute ?? 0;
    this.second = time.second ?? 0;
    this.microsecond = time.microsecond ?? 0;
    this.tzinfo = time.tzinfo ?? null;
    this.fold = time.fold ?? 0;
    checkDay(this);
    checkTime(this);
  }

  /**
   * The instant of a Date.
   *
   * @param tzinfo the time zone that it is told in; default UTC
   * @throws {RangeError} when it is not in the years 1 to 9999
   */
  static fromDate(date: Date, tzinfo: PyTimeZone = utcTimeZone()): PyDateTime {
    const microseconds = BigInt(date.getTime()) * 1000n + tzinfo.offset.totalMicroseconds;
    const rest = modulo(microseconds);
    const shifted = new Date(Number((microseconds - rest) / 1000n));
    return new PyDateTime(
      { year: shifted.getUTCFullYear(), month: shifted.getUTCMonth() + 1, day: shifted.getUTCDate() },
      {
        hour: shifted.getUTCHours(),
        minute: shifted.getUTCMinutes(),
        second: shifted.getUTCSeconds(),
        microsecond: shifted.getUTCMilliseconds() * 1000 + Number(rest),
        tzinfo,
      },
    );
  }

  /**
   * The instant, without the microseconds below the millisecond. A naive datetime is taken for one in UTC.
   *
   * @throws {TypeError} when the time zone is no fixed offset, which is all that is known here
   */
  toDate(): Date {
    const { tzinfo } = this;
    if (tzinfo !== null && !(tzinfo instanceof PyTimeZone))
      throw new TypeError("the offset of this time zone is not known");
    const date = new Date(0);
    date.setUTCFullYear(this.year, this.month - 1, this.day);
    date.setUTCHours(this.hour, this.minute, this.second);
    const total = BigInt(date.getTime()) * 1000n + BigInt(this.microsecond);
    const microseconds = tzinfo ? total - tzinfo.offset.totalMicroseconds : total;
    return new Date(Number((microseconds - modulo(microseconds)) / 1000n));
  }

  /**
   * In ISO 8601, as Python's `isoformat`: `2024-02-29T01:02:03.000004+01:00`. Of a `tzinfo` only a fixed offset is shown.
   */
  toString(): string {
    return `${dayText(this)}T${timeText(this)}${zoneText(this.tzinfo)}`;
  }

  toJSON(): string {
    return this.toString();
  }
}

/**
 * `datetime.datetime` as {@link PyDateTime}. Bytes as Python 3 writes them, which lose `fold` before protocol 4. Give
 * {@link timeDelta} and {@link timeZone}, too, where datetimes have time zones.
 */
export const dateTime: RegisteredClass<PyDateTime> = {
  names: [["datetime", "datetime"]],
  type: PyDateTime,
  create: (args) => {
    checkCount(args, 1, 2, "the state of a datetime");
    const bytes = toBytes(args[0], 10, "the state of a datetime");
    const day: Mutable<CalendarDay> = unpackDay(bytes);
    const fold = day.month >= FOLD ? 1 : 0;
    day.month %= FOLD;
    return new PyDateTime(day, { ...unpackTime(bytes.subarray(4)), tzinfo: checkZone(args[1]), fold });
  },
  reduce: (value, protocol) => {
    const state = Uint8Array.from([...packDay(value), ...packTime(value)]);
    if (value.fold === 1 && protocol > 3) state[2] = value.month + FOLD;
    const args = new PyTuple(value.tzinfo === null ? [state] : [state, value.tzinfo]);
    return new PyObject(new PyGlobal("datetime", "datetime"), args);
  },
};

/** The microseconds above the whole millisecond before it. */
function modulo(microseconds: bigint): bigint {
  return ((microseconds % 1000n) + 1000n) % 1000n;
}
