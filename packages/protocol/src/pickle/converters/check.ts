// What converters ask of arguments and states from the wire: each is believed only after one of these.

import { PyDict } from "../collections.js";
import { PyFloat, PyTuple, type PyValue } from "../values.js";

/** The longest text that a converter looks at, in characters. */
const MAX_TEXT = 10_000;

/** An object whose readonly members its converter fills in. */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** @throws {TypeError} when a call has fewer or more arguments than it takes */
export function checkCount(args: readonly PyValue[], least: number, most: number, what: string): void {
  if (args.length >= least && args.length <= most) return;
  const takes = least === most ? `${least}` : `${least} to ${most}`;
  throw new TypeError(`${what} takes ${takes} arguments, not ${args.length}`);
}

/**
 * An int of Python within a range.
 *
 * @throws {TypeError} when it is no int
 * @throws {RangeError} when it is out of the range
 */
export function toInt(value: PyValue | undefined, least: number, most: number, what: string): number {
  if (typeof value !== "bigint" && !isPlainInt(value)) throw new TypeError(`${what} must be an int`);
  if (value < least || value > most)
    throw new RangeError(`${what} must be between ${least} and ${most}, not ${shown(value)}`);
  return Number(value);
}

/**
 * An int of Python of any size.
 *
 * @throws {TypeError} when it is no int
 */
export function toBigInt(value: PyValue | undefined, what: string): bigint {
  if (typeof value === "bigint") return value;
  if (!isPlainInt(value)) throw new TypeError(`${what} must be an int`);
  return BigInt(value);
}

/** A bigint, as a number where that holds it exactly: what `decode` gives for an int. */
export function plainInt(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/**
 * A float of Python; an int is taken for one, as Python does.
 *
 * @throws {TypeError} when it is no number
 */
export function toFloat(value: PyValue | undefined, what: string): number {
  if (typeof value === "number" || typeof value === "bigint") return Number(value);
  if (value instanceof PyFloat) return value.value;
  throw new TypeError(`${what} must be a float`);
}

/** A number that is written as a float whatever its value. */
export function asFloat(value: number): number | PyFloat {
  return isPlainInt(value) ? new PyFloat(value) : value;
}

/**
 * A short text, or the ASCII bytes that Python 2 writes for one.
 *
 * @throws {TypeError} when it is neither
 * @throws {RangeError} when it is longer than {@link MAX_TEXT}: a pickle may name one text a million times, and each is
 *   looked at
 */
export function toText(value: PyValue | undefined, what: string): string {
  if (typeof value !== "string" && !(value instanceof Uint8Array))
    throw new TypeError(`${what} must be a str`);
  if (value.length > MAX_TEXT)
    throw new RangeError(`${what} must have no more than ${MAX_TEXT} characters, not ${value.length}`);
  if (typeof value === "string") return value;
  if (value.some((byte) => byte >= 0x80)) throw new TypeError(`${what} must be a str`);
  return latin1Text(value);
}

/**
 * Bytes of a known length, or the text that stands for those of Python 2 when its strings are read as Latin-1.
 *
 * @throws {TypeError} when it is neither
 * @throws {RangeError} when the length is another
 */
export function toBytes(value: PyValue | undefined, length: number, what: string): Uint8Array {
  if (typeof value !== "string" && !(value instanceof Uint8Array))
    throw new TypeError(`${what} must be bytes`);
  if (value.length !== length) throw new RangeError(`${what} must be ${length} bytes, not ${value.length}`);
  return typeof value === "string" ? latin1Bytes(value, what) : value;
}

/** @throws {TypeError} when it is no tuple */
export function toTuple(value: PyValue | undefined, what: string): readonly PyValue[] {
  if (!(value instanceof PyTuple)) throw new TypeError(`${what} must be a tuple`);
  return value.items;
}

/** @throws {TypeError} when it is no dict */
export function toDict(value: PyValue | undefined, what: string): PyDict {
  if (!(value instanceof PyDict)) throw new TypeError(`${what} must be a dict`);
  return value;
}

/** Each byte as the character of that code. */
function latin1Text(bytes: Uint8Array): string {
  let text = "";
  for (let start = 0; start < bytes.length; start += 4096)
    text += String.fromCharCode(...bytes.subarray(start, start + 4096));
  return text;
}

/**
 * Each character as the byte of that code.
 *
 * @throws {TypeError} when there is a character that Latin-1 does not have
 */
export function latin1Bytes(text: string, what: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) throw new TypeError(`${what} must be bytes, or a str with Latin-1 characters only`);
    bytes[i] = code;
  }
  return bytes;
}

/** What a message repeats of something from the wire. */
export function shown(value: string | number | bigint): string {
  // A long bigint is not written out, as that takes more than linear time.
  if (typeof value === "bigint" && BigInt.asIntN(128, value) !== value) return "an int of more than 128 bits";
  const text = String(value);
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`;
}

function isPlainInt(value: PyValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && !Object.is(value, -0);
}
