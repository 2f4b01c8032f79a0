// What a time and a datetime have in common: the time zone, and which of two equal times is meant.

import type { PyValue } from "../values.js";
import { PyTimeZone } from "./timezone.js";

/** The time zone of a time of day, and which of two equal ones is meant. */
export interface ZoneAndFold {
  /**
   * What stands for Python's `tzinfo`: a {@link PyTimeZone} for fixed offsets, a `PyZoneInfo`, or what an app registered
   * for a class of its own; null for a naive time.
   */
  readonly tzinfo: object | null;
  /** 1 for the second of two equal times, when clocks are set back. Default 0. */
  readonly fold: 0 | 1;
}

/** The bit of the hour or month that is set for a fold of 1, in protocols 4 and 5. */
export const FOLD = 0x80;

/** @throws {TypeError} when it can be no time zone */
export function checkZone(value: PyValue | undefined): object | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== "object") throw new TypeError("a tzinfo must be an instance of a class");
  return value;
}

/** The offset, where it is a fixed one. */
export function zoneText(tzinfo: object | null): string {
  return tzinfo instanceof PyTimeZone ? tzinfo.toString() : "";
}
