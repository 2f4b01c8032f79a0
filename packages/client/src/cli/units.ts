// Sizes, rates and times, as people write and read them.

import { InvalidArgumentError } from "commander";

/** A size for people, in units of 1000. */
export function sizeText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let size = bytes;
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(size) : size.toPrecision(3)} ${units[unit]}`;
}

/** A time span as a clock shows it: 0:07, 12:34, 1:00:00. */
export function durationText(seconds: number): string {
  const whole = Math.ceil(seconds);
  const pad = (part: number): string => String(part).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
}

/** A moment, in local time: 2026-11-22 16:55. */
export function dateText(secondsSince1970: number): string {
  const date = new Date(secondsSince1970 * 1000);
  if (Number.isNaN(date.getTime())) return "?";
  const pad = (part: number, digits = 2): string => String(part).padStart(digits, "0");
  const day = `${pad(date.getFullYear(), 4)}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  return `${day} ${pad(date.getHours())}:${pad(date.getMinutes())}`;
}

const MULTIPLES: Readonly<Record<string, number>> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** Bytes a second as curl takes them: 500000, 500k, 1.5M, 2G. The letters are multiples of 1024, as there. */
export function parseRate(text: string): number {
  return bytesIn(text, "It must be bytes a second, such as 500k, 1.5M or 2G.");
}

/** Bytes, in the same way. */
export function parseSize(text: string): number {
  return bytesIn(text, "It must be bytes, such as 500M, 1.5G or 2G.");
}

function bytesIn(text: string, otherwise: string): number {
  const [, number, letter = ""] = /^(\d+(?:\.\d+)?)([kmgt]?)b?$/i.exec(text) ?? [];
  const bytes = Math.round(Number(number) * (MULTIPLES[letter.toLowerCase()] as number));
  if (!(bytes >= 1)) throw new InvalidArgumentError(otherwise);
  return bytes;
}

/** Takes what is not empty: an empty text may be a variable that nobody has set. */
export function notEmpty(text: string): string {
  if (text === "") throw new InvalidArgumentError("It must not be empty.");
  return text;
}

/** Takes whole numbers of a range. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!/^\d+$/.test(text) || number < least || number > most) {
      throw new InvalidArgumentError(
        most === Number.MAX_SAFE_INTEGER
          ? `It must be a whole number, ${least} or more.`
          : `It must be a whole number from ${least} to ${most}.`,
      );
    }
    return number;
  };
}
