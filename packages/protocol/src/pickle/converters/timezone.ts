// datetime.timezone: UTC and fixed offsets; zoneinfo.ZoneInfo by its key.

import type { RegisteredClass } from "../classes.js";
import { PyObject } from "../objects.js";
import { PyGlobal, PyTuple } from "../values.js";
import { checkCount, toInt, toText } from "./check.js";
import { PyTimeDelta } from "./timedelta.js";

const MICROSECONDS_PER_DAY = 86_400_000_000n;

/** A `datetime.timezone`: a fixed offset from UTC, to the east where it is positive. */
export class PyTimeZone {
  readonly offset: PyTimeDelta;
  /** A name that was given to it; null for the one that Python makes up. */
  readonly name: string | null;

  /** @throws {RangeError} when the offset is a day or more */
  constructor(offset: PyTimeDelta, name: string | null = null) {
    const total = offset.totalMicroseconds;
    if (total <= -MICROSECONDS_PER_DAY || total >= MICROSECONDS_PER_DAY)
      throw new RangeError("the offset of a timezone must be less than a day");
    this.offset = offset;
    this.name = name;
  }

  /** As in an ISO 8601 text: `+00:00`, `-05:30`, `+01:02:03`. */
  toString(): string {
    const total = this.offset.totalMicroseconds;
    const microseconds = total < 0n ? -total : total;
    const seconds = Number(microseconds / 1_000_000n);
    const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
    const fraction = Number(microseconds % 1_000_000n);
    if (seconds % 60 > 0 || fraction > 0) parts.push(seconds % 60);
    const text = parts.map((part) => String(part).padStart(2, "0")).join(":");
    return `${total < 0n ? "-" : "+"}${text}${fraction > 0 ? `.${String(fraction).padStart(6, "0")}` : ""}`;
  }
}

/** Makes what `datetime.timezone.utc` is: an offset of nothing, without a name. */
export function utcTimeZone(): PyTimeZone {
  return new PyTimeZone(new PyTimeDelta());
}

/** `datetime.timezone` as {@link PyTimeZone}. Bytes as Python writes them. */
export const timeZone: RegisteredClass<PyTimeZone> = {
  names: [["datetime", "timezone"]],
  type: PyTimeZone,
  create: (args) => {
    checkCount(args, 1, 2, "timezone");
    const [offset, name] = args;
    if (!(offset instanceof PyTimeDelta)) throw new TypeError("the offset of a timezone must be a timedelta");
    return new PyTimeZone(offset, name === undefined ? null : toText(name, "the name of a timezone"));
  },
  reduce: ({ offset, name }) =>
    new PyObject(
      new PyGlobal("datetime", "timezone"),
      new PyTuple(name === null ? [offset] : [offset, name]),
    ),
};

/** A `zoneinfo.ZoneInfo`: a time zone by its key in the IANA database, `Europe/Madrid`. */
export class PyZoneInfo {
  readonly key: string;
  /** Whether Python takes it from its cache, where equal keys are one object. Default true. */
  readonly cached: boolean;

  constructor(key: string, cached = true) {
    this.key = key;
    this.cached = cached;
  }
}

/**
 * `zoneinfo.ZoneInfo` as {@link PyZoneInfo}. Bytes as Python writes them.
 * Source: CPython Lib/zoneinfo, `__reduce__` and `_unpickle`.
 */
export const zoneInfo: RegisteredClass<PyZoneInfo> = {
  names: [
    ["zoneinfo", "ZoneInfo"],
    ["zoneinfo", "ZoneInfo._unpickle"],
  ],
  type: PyZoneInfo,
  create: (args) => {
    checkCount(args, 2, 2, "ZoneInfo._unpickle");
    const cached =
      typeof args[1] === "boolean" ? args[1] : toInt(args[1], 0, 1, "from_cache of a ZoneInfo") === 1;
    return new PyZoneInfo(toText(args[0], "the key of a ZoneInfo"), cached);
  },
  reduce: ({ key, cached }) => {
    const unpickle = new PyObject(
      new PyGlobal("builtins", "getattr"),
      new PyTuple([new PyGlobal("zoneinfo", "ZoneInfo"), "_unpickle"]),
    );
    return new PyObject(unpickle, new PyTuple([key, cached ? 1 : 0]));
  },
};
