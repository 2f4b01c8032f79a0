// Dates and times of day as datetime packs them into bytes, and as text.

import { toInt } from "./check.js";

/** A day of the proleptic Gregorian calendar, of the years 1 to 9999. */
export interface CalendarDay {
  readonly year: number;
  /** From 1 to 12. */
  readonly month: number;
  /** From 1 on. */
  readonly day: number;
}

/** A time of day. */
export interface TimeOfDay {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly microsecond: number;
}

/** @throws {RangeError} when there is no such day */
export function checkDay({ year, month, day }: CalendarDay): void {
  toInt(year, 1, 9999, "a year");
  toInt(month, 1, 12, "a month");
  toInt(day, 1, daysIn(year, month), "a day of the month");
}

/** @throws {RangeError} when there is no such time */
export function checkTime({ hour, minute, second, microsecond }: TimeOfDay): void {
  toInt(hour, 0, 23, "an hour");
  toInt(minute, 0, 59, "a minute");
  toInt(second, 0, 59, "a second");
  toInt(microsecond, 0, 999_999, "a microsecond");
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Four bytes. Source: CPython Lib/_pydatetime.py, `date._getstate`. */
export function packDay({ year, month, day }: CalendarDay): number[] {
  return [year >> 8, year & 0xff, month, day];
}

/** Reads four bytes. Nothing is checked. */
export function unpackDay(bytes: Uint8Array): CalendarDay {
  const [high = 0, low = 0, month = 0, day = 0] = bytes;
  return { year: high * 256 + low, month, day };
}

/** Six bytes. Source: CPython Lib/_pydatetime.py, `time._getstate`. */
export function packTime({ hour, minute, second, microsecond }: TimeOfDay): number[] {
  return [hour, minute, second, microsecond >> 16, (microsecond >> 8) & 0xff, microsecond & 0xff];
}

/** Reads six bytes. Nothing is checked. */
export function unpackTime(bytes: Uint8Array): TimeOfDay {
  const [hour = 0, minute = 0, second = 0, high = 0, middle = 0, low = 0] = bytes;
  return { hour, minute, second, microsecond: (high << 16) | (middle << 8) | low };
}

/** As in an ISO 8601 text: `0033-02-01`. */
export function dayText({ year, month, day }: CalendarDay): string {
  return `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`;
}

/** As in an ISO 8601 text: `01:02:03`, with six digits more where there are microseconds. */
export function timeText({ hour, minute, second, microsecond }: TimeOfDay): string {
  const whole = [hour, minute, second].map((part) => digits(part, 2)).join(":");
  return microsecond === 0 ? whole : `${whole}.${digits(microsecond, 6)}`;
}

function digits(value: number, count: number): string {
  return String(value).padStart(count, "0");
}
