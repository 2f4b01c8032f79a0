// datetime.time.

import type { RegisteredClass } from "../classes.js";
import { PyObject } from "../objects.js";
import { PyGlobal, PyTuple } from "../values.js";
import { checkTime, packTime, type TimeOfDay, timeText, unpackTime } from "./calendar.js";
import { checkCount, toBytes } from "./check.js";
import { checkZone, FOLD, type ZoneAndFold, zoneText } from "./zone.js";

/** A `datetime.time`: a time of day, naive where it has no `tzinfo`. */
export class PyTime implements TimeOfDay, ZoneAndFold {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly microsecond: number;
  readonly tzinfo: object | null;
  readonly fold: 0 | 1;

  /** @throws {RangeError} when there is no such time */
  constructor(
    hour = 0,
    minute = 0,
    second = 0,
    microsecond = 0,
    { tzinfo = null, fold = 0 }: Partial<ZoneAndFold> = {},
  ) {
    this.hour = hour;
    this.minute = minute;
    this.second = second;
    this.microsecond = microsecond;
    this.tzinfo = tzinfo;
    this.fold = fold;
    checkTime(this);
  }

  /** In ISO 8601, as Python's `isoformat`: `01:02:03.000004+01:00`. Of a `tzinfo` only a fixed offset is shown. */
  toString(): string {
    return `${timeText(this)}${zoneText(this.tzinfo)}`;
  }

  toJSON(): string {
    return this.toString();
  }
}

/** `datetime.time` as {@link PyTime}. Bytes as Python 3 writes them, which lose `fold` before protocol 4. */
export const time: RegisteredClass<PyTime> = {
  names: [["datetime", "time"]],
  type: PyTime,
  create: (args) => {
    checkCount(args, 1, 2, "the state of a time");
    const bytes = toBytes(args[0], 6, "the state of a time");
    const { hour, minute, second, microsecond } = unpackTime(bytes);
    const fold = hour >= FOLD ? 1 : 0;
    return new PyTime(hour % FOLD, minute, second, microsecond, { tzinfo: checkZone(args[1]), fold });
  },
  reduce: (value, protocol) => {
    const state = Uint8Array.from(packTime(value));
    if (value.fold === 1 && protocol > 3) state[0] = value.hour + FOLD;
    const args = new PyTuple(value.tzinfo === null ? [state] : [state, value.tzinfo]);
    return new PyObject(new PyGlobal("datetime", "time"), args);
  },
};
