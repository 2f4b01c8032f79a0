// Text arguments -> strings and numbers, as CPython reads them, down to what it lets pass.

import type { Machine } from "./machine.js";
import { parseFloatText, parseInteger, strtol } from "./numbers.js";
import {
  decodeLatin1,
  decodeRawUnicodeEscape,
  decodeStringLiteral,
  decodeUtf8,
  SurrogatePairError,
} from "./text.js";

/** In input of up to this many bytes, a text of up to so many is put together by itself. */
const SMALL_INPUT = 256;
const LONGEST_SPELLED = 12;

/** Up to this many bytes, a text is cut out of a stretch of input that was made a string at once. */
const LONGEST_CUT = 64;

/**
 * How long such a stretch is. A string that is cut out of it keeps all of it in memory, and never more: so a short
 * string does not keep the input alive.
 */
const WINDOW_BYTES = 1024;
const SMALL_WINDOW_BYTES = 128;

/** The stretch as it is, and with all bytes made ASCII, to be read four bytes at a time. */
const raw = new Uint8Array(WINDOW_BYTES);
const rawWords = new Int32Array(raw.buffer);
const rawView = new DataView(raw.buffer);
const masked = new Uint8Array(WINDOW_BYTES);
const maskedWords = new Int32Array(masked.buffer);
const maskedSmall = masked.subarray(0, SMALL_WINDOW_BYTES);
const ascii = new TextDecoder();
/** Whose stretch of input stands there. */
let owner: Machine | undefined;

/** A str in UTF-8, in which lone surrogates may stand (Python's `surrogatepass`). */
export function readText(m: Machine, start: number, end: number): string {
  if (end - start <= LONGEST_SPELLED && m.input.length <= SMALL_INPUT) {
    const text = shortText(m.input, start, end);
    if (text !== undefined) return text;
  } else if (end - start <= LONGEST_CUT) {
    if (end > m.windowEnd || start < m.windowStart || owner !== m) openWindow(m, start);
    const from = start - m.windowStart;
    const to = end - m.windowStart;
    if (isAscii(from, to)) return m.window.substring(from, to);
  }
  return reading(m, decodeUtf8, start, end);
}

/**
 * Short texts of small inputs that were read lately, and their bytes, by a hash: the keys and names of small pickles are
 * the same again and again.
 */
const LATELY = 512;
const SLOT_SHIFT = 4;
const lately: (string | undefined)[] = new Array(LATELY).fill(undefined);
const latelyBytes = new Uint8Array(LATELY << SLOT_SHIFT);

/** A short text of a small input. Undefined where it is not ASCII. */
function shortText(input: Uint8Array, start: number, end: number): string | undefined {
  const length = end - start;
  if (length === 0) return "";
  const first = input[start] as number;
  const middle = input[start + (length >> 1)] as number;
  const last = input[end - 1] as number;
  const place = (length * 67 + first * 5 + middle * 17 + last * 31) & (LATELY - 1);
  const known = lately[place];
  const slot = place << SLOT_SHIFT;
  if (known !== undefined && known.length === length) {
    let i = 0;
    while (i < length && latelyBytes[slot + i] === input[start + i]) i++;
    if (i === length) return known;
  }
  const text = spelled(input, start, end);
  if (text === undefined) return undefined;
  lately[place] = text;
  for (let i = 0; i < length; i++) latelyBytes[slot + i] = input[start + i] as number;
  return text;
}

/** Makes it four characters at a time, which for so few takes less than a decoder. */
function spelled(input: Uint8Array, start: number, end: number): string | undefined {
  let text = "";
  let bits = 0;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const a = input[at] as number;
    const b = input[at + 1] as number;
    const c = input[at + 2] as number;
    const d = input[at + 3] as number;
    bits |= a | b | c | d;
    text += String.fromCharCode(a, b, c, d);
  }
  for (; at < end; at++) {
    bits |= input[at] as number;
    text += String.fromCharCode(input[at] as number);
  }
  return bits < 0x80 ? text : undefined;
}

function isAscii(from: number, to: number): boolean {
  let bits = 0;
  let at = from;
  for (; at + 4 <= to; at += 4) bits |= rawView.getInt32(at, true);
  for (; at < to; at++) bits |= ((raw[at] as number) << 24) >> 24;
  return (bits & 0x80808080) === 0;
}

/**
 * Makes a string of the input from `start` on. Each byte is one character of it; only those of ASCII stay what they
 * are, and only they are cut out.
 */
function openWindow(m: Machine, start: number): void {
  const { input } = m;
  const end = Math.min(start + WINDOW_BYTES, input.length);
  const length = end - start;
  if (length <= SMALL_WINDOW_BYTES) for (let i = 0; i < length; i++) raw[i] = input[start + i] as number;
  else raw.set(input.subarray(start, end));
  const words = (length + 3) >> 2;
  for (let i = 0; i < words; i++) maskedWords[i] = (rawWords[i] as number) & 0x7f7f7f7f;
  m.window = ascii.decode(length <= SMALL_WINDOW_BYTES ? maskedSmall : masked);
  m.windowStart = start;
  m.windowEnd = end;
  owner = m;
}

/** Text of protocol 0, in raw-unicode-escape. */
export function readUnicodeLine(m: Machine, start: number, end: number): string {
  return reading(m, decodeRawUnicodeEscape, start, end);
}

/** A name in strict UTF-8, or in ASCII, that is not empty. */
export function readName(m: Machine, start: number, end: number, onlyAscii: boolean): string {
  if (start === end) m.fail("BAD_ARGUMENT", "the name is empty");
  const name = onlyAscii ? readAscii(m, start, end) : readText(m, start, end);
  if (!name.isWellFormed()) m.fail("BAD_ARGUMENT", "the name is not valid UTF-8");
  return name;
}

/** Text that must be ASCII. */
export function readAscii(m: Machine, start: number, end: number): string {
  return asciiOf(m, m.input.subarray(start, end));
}

function asciiOf(m: Machine, bytes: Uint8Array): string {
  if (bytes.some((byte) => byte > 0x7f)) m.fail("BAD_ARGUMENT", "the text is not ASCII");
  return decodeLatin1(bytes, 0, bytes.length);
}

/** The 8-bit string that a quoted literal stands for. */
export function readStringLine(m: Machine, start: number, end: number): Uint8Array {
  return reading(m, decodeStringLiteral, start, end);
}

/** An 8-bit string as text, in the encoding that was asked for. */
export function readString(m: Machine, bytes: Uint8Array): string {
  const { encoding } = m.options;
  if (encoding === "latin1") return decodeLatin1(bytes, 0, bytes.length);
  if (encoding !== "utf-8") return asciiOf(m, bytes);
  const text = reading(m, decodeUtf8, 0, bytes.length, bytes);
  if (!text.isWellFormed()) m.fail("BAD_ARGUMENT", "the text is not valid UTF-8");
  return text;
}

/** INT: C's `strtol`, then Python's `int(text, 0)`; two characters that the first makes 0 or 1 of are a bool. */
export function readIntLine(m: Machine, start: number, end: number): number | bigint | boolean {
  const text = digits(m, start, end);
  const value = text[0] === "\0" ? 0 : strtol(text.replace(/\0.*/s, ""));
  if (end - start === 2 && (value === 0 || value === 1)) return value === 1;
  return value ?? parseInteger(text, 0) ?? notAnInt(m);
}

/** LONG: Python's `int(text, 0)`, less an L at the end. */
export function readLongLine(m: Machine, start: number, end: number): number | bigint {
  return parseInteger(digits(m, start, end).replace(/L$/, ""), 0) ?? notAnInt(m);
}

/** GET and PUT: Python's `int(text, 10)`, from 0 on. */
export function readIndexLine(m: Machine, start: number, end: number): number {
  const index = parseInteger(digits(m, start, end), 10) ?? notAnInt(m);
  if (typeof index !== "number" || index < 0) m.fail("BAD_ARGUMENT", "the memo index is out of range");
  return index;
}

/** FLOAT: Python's `float(text)`, without space around it. */
export function readFloatLine(m: Machine, start: number, end: number): number {
  return parseFloatText(decodeLatin1(m.input, start, end)) ?? m.fail("BAD_ARGUMENT", "the text is no float");
}

function notAnInt(m: Machine): never {
  m.fail("BAD_ARGUMENT", "the text is no int");
}

/** Parsing decimal digits is quadratic: they are counted before. Space, signs and the like are counted with them. */
function digits(m: Machine, start: number, end: number): string {
  const { maxIntDigits } = m.limits;
  const text = end - start > 2 * maxIntDigits + 8 ? undefined : decodeLatin1(m.input, start, end);
  if (text === undefined || text.replace(/\W|_|L$|^[-+]?0[xob]/gi, "").length > maxIntDigits) {
    m.refuse("maxIntDigits", "an int has too many digits");
  }
  return text;
}

function reading<T>(
  m: Machine,
  decode: (bytes: Uint8Array, start: number, end: number) => T,
  start: number,
  end: number,
  bytes: Uint8Array = m.input,
): T {
  try {
    return decode(bytes, start, end);
  } catch (cause) {
    if (cause instanceof SurrogatePairError) m.fail("UNSUPPORTED", cause.message, cause);
    if (cause instanceof RangeError) m.fail("BAD_ARGUMENT", cause.message, cause);
    throw cause;
  }
}
