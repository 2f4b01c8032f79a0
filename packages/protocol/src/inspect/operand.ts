// How far an opcode's argument reaches, and the few arguments that a scan reads: never throws, whatever stands there.

import { Op, Shape, shapes } from "../pickle/opcodes.js";
import { decodeLatin1, decodeRawUnicodeEscape, decodeStringLiteral, decodeUtf8 } from "../pickle/text.js";

/** A name longer than this is cut: no module has it. */
const LONGEST_NAME = 1000;

/** A memo index of more characters is none. */
const LONGEST_INDEX = 30;

const NEWLINE = 0x0a;

/** Where the argument of a known opcode ends; undefined when it is not all there. */
export function endOfOpcode(bytes: Uint8Array, at: number): number | undefined {
  const shape = shapes[bytes[at] as number] as number;
  let end = at + 1 + shape;
  if (shape <= Shape.Line) {
    end = bytes.indexOf(NEWLINE, at + 1) + 1;
    if (end > 0 && shape === Shape.TwoLines) end = bytes.indexOf(NEWLINE, end) + 1;
    if (end === 0) return undefined;
  } else if (shape < 0) {
    const start = at + 1 - shape;
    if (start > bytes.length) return undefined;
    end = start + readNumber(bytes, at + 1, start);
  }
  return end > bytes.length ? undefined : end;
}

/** A little-endian number without a sign, rounded beyond 2^53. */
export function readNumber(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let i = end - 1; i >= start; i--) value = value * 256 + (bytes[i] as number);
  return value;
}

/** The memo index of an opcode that has one, as a number or a line of digits. */
export function memoIndex(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] !== Op.GET && bytes[at] !== Op.PUT) return readNumber(bytes, at + 1, end);
  return end - at > LONGEST_INDEX ? -1 : Number(decodeLatin1(bytes, at + 1, end - 1));
}

/** A line of a GLOBAL or INST, which Python takes for UTF-8. */
export function lineText(bytes: Uint8Array, start: number, end: number): string {
  return lenient(decodeUtf8, bytes, start, end);
}

/** The text of the opcode at an offset that makes a str. */
export function strText(bytes: Uint8Array, at: number): string {
  const op = bytes[at] as number;
  const end = endOfOpcode(bytes, at) as number;
  const start = at + 1 - (shapes[op] as number);
  switch (op) {
    case Op.STRING:
      return lenient(decodeLiteral, bytes, at + 1, end - 1);
    case Op.UNICODE:
      return lenient(decodeRawUnicodeEscape, bytes, at + 1, end - 1);
    case Op.BINSTRING:
    case Op.SHORT_BINSTRING:
      return lenient(decodeLatin1, bytes, start, end);
    default:
      return lenient(decodeUtf8, bytes, start, end);
  }
}

function decodeLiteral(bytes: Uint8Array, start: number, end: number): string {
  const content = decodeStringLiteral(bytes, start, end);
  return decodeLatin1(content, 0, content.length);
}

/** The texts of an input that were none, by their offsets. */
const failures = /* @__PURE__ */ new WeakMap<Uint8Array, Map<number, string>>();

/** What is too long is cut, and what is no such text is read byte by byte. */
function lenient(
  decode: (bytes: Uint8Array, start: number, end: number) => string,
  bytes: Uint8Array,
  start: number,
  end: number,
): string {
  const last = Math.min(end, start + LONGEST_NAME);
  // What is thrown takes much longer than what is read: a text that is met again is not tried again.
  let failed = failures.get(bytes);
  const known = failed?.get(start);
  if (known !== undefined) return known;
  try {
    return decode(bytes, start, last);
  } catch {
    const text = decodeLatin1(bytes, start, last);
    if (!failed) {
      failed = new Map();
      failures.set(bytes, failed);
    }
    failed.set(start, text);
    return text;
  }
}
