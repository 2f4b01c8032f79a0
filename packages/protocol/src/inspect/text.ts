// Single values as a line of text, in Python's notation: what comes from the pickle is escaped, and cut where it is long.

import { formatFloat } from "../pickle/numbers.js";
import { PyFloat } from "../pickle/values.js";
import { printable } from "../printable.js";
import { textInPieces } from "./byte-text.js";

/** Decimal digits of an int beyond which it is shown in base 16: converting to decimal is not linear. */
const MOST_DIGITS = 1000;
const MOST_DECIMAL = 10n ** BigInt(MOST_DIGITS);

/** A name from a pickle, safe to print. */
export function nameText(module: string, qualname: string): string {
  return cutText(printable(`${module}.${qualname}`), 200);
}

/** Text of at most `most` characters and a `…`. */
export function cutText(text: string, most: number): string {
  if (text.length <= most) return text;
  const last = text.charCodeAt(most - 1);
  return `${text.slice(0, last >= 0xd800 && last < 0xdc00 ? most - 1 : most)}…`;
}

const escapes: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "'": "\\'",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/** A str as Python would write it, with all escaped that a terminal would obey. */
export function strText(text: string, most: number): string {
  const shown = cutText(text, most);
  const quoted = printable(shown.replace(/[\\'\n\r\t]/g, (character) => escapes[character] as string));
  return text.length > most ? `'${quoted}' (${text.length} characters)` : `'${quoted}'`;
}

/** Each byte as it stands in a literal of bytes. */
const byteTexts: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  const isPlain = byte >= 0x20 && byte < 0x7f;
  return escapes[character] ?? (isPlain ? character : `\\x${byte.toString(16).padStart(2, "0")}`);
});

/** Bytes as Python would write them. */
export function bytesText(bytes: Uint8Array, most: number): string {
  const quoted = textInPieces(bytes.subarray(0, most), (piece) =>
    Array.from(piece, (byte) => byteTexts[byte]).join(""),
  );
  return bytes.length > most ? `b'${quoted}…' (${bytes.length} bytes)` : `b'${quoted}'`;
}

/** An int: in base 10, or where it is very large in base 16. */
export function intText(value: number | bigint, most: number): string {
  if (typeof value === "number" || isShortInt(value)) {
    const text = String(value);
    return text.length > most ? `${cutText(text, most)} (${text.length} digits)` : text;
  }
  const digits = hexOf(value);
  return digits.length > most ? `${cutText(digits, most)} (${digits.length - 2} hexadecimal digits)` : digits;
}

/** Whether an int has few enough digits to be written in base 10. */
export function isShortInt(value: bigint): boolean {
  return value < MOST_DECIMAL && value > -MOST_DECIMAL;
}

/** `0x1f`, `-0x1f` */
export function hexOf(value: bigint): string {
  return value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}

/** A float as Python's `repr` writes it. */
export function floatText(value: number | PyFloat): string {
  return formatFloat(value instanceof PyFloat ? value.value : value);
}

/** Whether a number stands for a Python int. */
export function isInt(value: number): boolean {
  return Number.isSafeInteger(value) && !Object.is(value, -0);
}
