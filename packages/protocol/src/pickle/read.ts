// Text arguments -> strings and numbers, as CPython reads them, down to what it lets pass.

import { asciiOf, WINDOW_BYTES } from "./ascii.js";
import type { Machine } from "./machine.js";
import { parseFloatText, parseInteger, strtol } from "./numbers.js";
import { Op } from "./opcodes.js";
import {
  decodeLatin1,
  decodeRawUnicodeEscape,
  decodeStringLiteral,
  decodeUtf8,
  SurrogatePairError,
} from "./text.js";
import { PyFloat, type PyValue } from "./values.js";

/** In input of up to this many bytes, a text of up to so many is put together by itself. */
const SMALL_INPUT = 256;
const LONGEST_SPELLED = 12;

/** Up to this many bytes, a text is cut out of a stretch of input that was made a string at once. */
const LONGEST_CUT = 64;

/** A str in UTF-8, in which lone surrogates may stand (Python's `surrogatepass`). */
export function readText(m: Machine, start: number, end: number): string {
  if (end - start <= LONGEST_SPELLED && m.input.length <= SMALL_INPUT) {
    const text = shortText(m.input, start, end);
    if (text !== undefined) return text;
  } else if (end - start <= LONGEST_CUT) {
    if (end > m.windowEnd || start < m.windowStart) openWindow(m, start);
    if (isAscii(numbersOf(m), start, end)) {
      return m.window.substring(start - m.windowStart, end - m.windowStart);
    }
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
  let bits = 0;
  for (let i = 0; i < length; i++) bits |= latelyBytes[slot + i] = input[start + i] as number;
  lately[place] = undefined;
  if (bits > 0x7f) return undefined;
  lately[place] = asciiOf(input, start, end);
  return lately[place];
}

function isAscii(numbers: DataView, start: number, end: number): boolean {
  let bits = 0;
  let at = start;
  for (; at + 4 <= end; at += 4) bits |= numbers.getInt32(at);
  for (; at < end; at++) bits |= numbers.getInt8(at);
  return (bits & 0x80808080) === 0;
}

/** The input, to read more than a byte of it at once. */
function numbersOf(m: Machine): DataView {
  m.numbers ??= new DataView(m.input.buffer, m.input.byteOffset, m.input.length);
  return m.numbers;
}

/** Makes a string of the input from `start` on: its ASCII, which is all that is cut out, and anything for the other bytes. */
function openWindow(m: Machine, start: number): void {
  const { input } = m;
  const end = Math.min(start + WINDOW_BYTES, input.length);
  m.window = asciiOf(input, start, end);
  m.windowStart = start;
  m.windowEnd = end;
}

/** A value that is all in one opcode, whose argument stands at `at`. */
export function readAtom(m: Machine, op: number, at: number): PyValue {
  const { input } = m;
  switch (op) {
    case Op.BININT1:
      return input[at] as number;
    case Op.BININT2:
      return readUint16(input, at);
    case Op.BININT:
      return readInt32(input, at);
    case Op.BINFLOAT:
      return floatOf(numbersOf(m).getFloat64(at));
    case Op.NONE:
      return null;
    default:
      return op === Op.NEWTRUE;
  }
}

/** A float as a value: one that JavaScript would take for an int keeps its type. */
function floatOf(value: number): PyValue {
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? new PyFloat(value) : value;
}

export function readUint16(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
}

export function readInt32(bytes: Uint8Array, at: number): number {
  return readUint16(bytes, at) | (readUint16(bytes, at + 2) << 16);
}

export function readLength8(bytes: Uint8Array, at: number): number {
  return (readInt32(bytes, at + 4) >>> 0) * 2 ** 32 + (readInt32(bytes, at) >>> 0);
}

/** Text of protocol 0, in raw-unicode-escape. */
export function readUnicodeLine(m: Machine, start: number, end: number): string {
  return reading(m, decodeRawUnicodeEscape, start, end);
}

/** A name in strict UTF-8, or in ASCII, that is not empty. */
export function readName(m: Machine, start: number, end: number, onlyAscii: boolean): string {
  if (start === end) m.fail("BAD_ARGUMENT");
  const name = onlyAscii ? readAscii(m, start, end) : readText(m, start, end);
  if (!name.isWellFormed()) m.fail("BAD_ARGUMENT");
  return name;
}

/** Text that must be ASCII. */
export function readAscii(m: Machine, start: number, end: number): string {
  return strictAscii(m, m.input.subarray(start, end));
}

function strictAscii(m: Machine, bytes: Uint8Array): string {
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
  if (encoding !== "utf-8") return strictAscii(m, bytes);
  const text = reading(m, decodeUtf8, 0, bytes.length, bytes);
  if (!text.isWellFormed()) m.fail("BAD_ARGUMENT");
  return text;
}

/** INT: C's `strtol`, then Python's `int(text, 0)`; two characters that the first makes 0 or 1 of are a bool. */
export function readIntLine(m: Machine, start: number, end: number): number | bigint | boolean {
  const text = digits(m, start, end);
  const value = text[0] === "\0" ? 0 : strtol(text.replace(/\0.*/s, ""));
  if (end - start === 2 && (value === 0 || value === 1)) return value === 1;
  return value ?? parseInteger(text, 0) ?? m.fail("BAD_ARGUMENT");
}

/** LONG: Python's `int(text, 0)`, less an L at the end. */
export function readLongLine(m: Machine, start: number, end: number): number | bigint {
  return parseInteger(digits(m, start, end).replace(/L$/, ""), 0) ?? m.fail("BAD_ARGUMENT");
}

/** GET and PUT: Python's `int(text, 10)`, from 0 on. */
export function readIndexLine(m: Machine, start: number, end: number): number {
  const index = parseInteger(digits(m, start, end), 10) ?? m.fail("BAD_ARGUMENT");
  if (typeof index !== "number" || index < 0) m.fail("BAD_ARGUMENT");
  return index;
}

/** FLOAT: Python's `float(text)`, without space around it. */
export function readFloatLine(m: Machine, start: number, end: number): PyValue {
  return floatOf(parseFloatText(decodeLatin1(m.input, start, end)) ?? m.fail("BAD_ARGUMENT"));
}

/** Parsing decimal digits is quadratic: they are counted before. Space, signs and the like are counted with them. */
function digits(m: Machine, start: number, end: number): string {
  const { maxIntDigits } = m.limits;
  const text = end - start > 2 * maxIntDigits + 8 ? undefined : decodeLatin1(m.input, start, end);
  if (text === undefined || text.replace(/\W|_|L$|^[-+]?0[xob]/gi, "").length > maxIntDigits) {
    m.refuse("maxIntDigits");
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
