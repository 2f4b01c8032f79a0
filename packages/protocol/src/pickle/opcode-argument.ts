// Arguments of opcodes as values, read as CPython's pickletools reads them: more leniently in some places than an
// unpickler, and with the same words where it complains. Source: CPython Lib/pickletools.py.

import { PickleDecodeError, type PickleDecodeErrorCode } from "./errors.js";
import { decodeLong, parseFloatText } from "./numbers.js";
import { type ArgumentKind, opcodeInfo } from "./opcode-info.js";
import { Op, Shape, shapes } from "./opcodes.js";
import { decodeLatin1, decodeRawUnicodeEscape, decodeStringLiteral, decodeUtf8 } from "./text.js";

/** An argument's value; undefined where the opcode has none. */
export type OpcodeArgument = number | bigint | string | boolean | Uint8Array | undefined;

const NEWLINE = 0x0a;
const MAX_SSIZE = 0x7fffffffffffffffn;

/** The widths of numbers. */
const widths: { readonly [kind in ArgumentKind]?: number } = {
  uint1: 1,
  uint2: 2,
  int4: 4,
  uint4: 4,
  uint8: 8,
  float8: 8,
};

/** Reads the arguments of the opcodes in a pickle. */
export class ArgumentReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #maxIntDigits: number;
  /** Of the opcode whose argument is read. */
  #offset = 0;
  #at = 0;

  constructor(bytes: Uint8Array, maxIntDigits: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#maxIntDigits = maxIntDigits;
  }

  /** Where the argument that was read last ends. */
  get end(): number {
    return this.#at;
  }

  /**
   * Reads the argument of the opcode at an offset.
   *
   * @throws {PickleDecodeError} when it is malformed or not all there
   */
  read(offset: number): OpcodeArgument {
    this.#offset = offset;
    this.#at = offset + 1;
    const op = this.#bytes[offset] as number;
    const kind = opcodeInfo.get(op)?.argument;
    if (kind === undefined) return undefined;
    const shape = shapes[op] as number;
    if (shape >= 0) return this.#number(kind);
    if (shape > Shape.Line) return this.#counted(kind, shape);
    return this.#line(kind);
  }

  #number(kind: ArgumentKind): number | bigint {
    const at = this.#at;
    const width = widths[kind] as number;
    if (at + width > this.#bytes.length) this.#truncated(kind);
    this.#at += width;
    if (kind === "uint1") return this.#view.getUint8(at);
    if (kind === "uint2") return this.#view.getUint16(at, true);
    if (kind === "int4") return this.#view.getInt32(at, true);
    if (kind === "uint4") return this.#view.getUint32(at, true);
    if (kind === "float8") return this.#view.getFloat64(at);
    const value = this.#view.getBigUint64(at, true);
    return value > BigInt(Number.MAX_SAFE_INTEGER) ? value : Number(value);
  }

  #counted(kind: ArgumentKind, shape: Shape): OpcodeArgument {
    const signed = kind === "string4" || kind === "long4";
    const wide = shape === Shape.Counted8 ? "uint8" : signed ? "int4" : "uint4";
    const count = this.#number(shape === Shape.Counted1 ? "uint1" : wide);
    if (count < 0) this.#fail("BAD_ARGUMENT", `${kind} byte count < 0: ${count}`);
    if (count > MAX_SSIZE) this.#fail("BAD_ARGUMENT", `${kind} byte count > sys.maxsize: ${count}`);
    const start = this.#at;
    const left = this.#bytes.length - start;
    const isLong = kind === "long1" || kind === "long4";
    if (count > left) {
      if (isLong) this.#truncated(kind);
      this.#fail("TRUNCATED", `expected ${count} bytes in a ${kind}, but only ${left} remain`);
    }
    this.#at += Number(count);
    if (isLong) {
      return decodeLong(this.#bytes, start, this.#at) ?? this.#fail("BAD_ARGUMENT", "the int is too large");
    }
    if (kind.startsWith("unicode")) return this.#text();
    if (kind.startsWith("string")) return this.#decode(decodeLatin1, start, this.#at);
    return this.#bytes.subarray(start, this.#at);
  }

  #line(kind: ArgumentKind): OpcodeArgument {
    const [start, end] = this.#untilNewline(kind === "unicodestringnl" ? kind : "stringnl");
    switch (kind) {
      case "unicodestringnl":
        return this.#text();
      case "stringnl":
        return this.#quoted(start, end);
      case "stringnl_noescape":
        return this.#escaped(start, end);
      case "floatnl":
        return this.#float(start, end);
      case "decimalnl_long":
        return this.#integer(start, this.#bytes[end - 1] === 0x4c && end > start ? end - 1 : end);
      case "decimalnl_short": {
        const flag = end - start === 2 ? decodeLatin1(this.#bytes, start, end) : "";
        return flag === "00" || flag === "01" ? flag === "01" : this.#integer(start, end);
      }
      default: {
        const first = this.#escaped(start, end);
        return `${first} ${this.#escaped(...this.#untilNewline("stringnl"))}`;
      }
    }
  }

  #untilNewline(kind: ArgumentKind): [start: number, end: number] {
    const start = this.#at;
    const end = this.#bytes.indexOf(NEWLINE, start);
    if (end < 0) this.#fail("TRUNCATED", `no newline found when trying to read ${kind}`);
    this.#at = end + 1;
    return [start, end];
  }

  /** The text that was just passed over. */
  #text(): string {
    return this.#decode(textPieces, this.#offset, this.#at).join("");
  }

  /** A text in quotes. One quote alone is both of them, as for pickletools. */
  #quoted(start: number, end: number): string {
    const quote = this.#bytes[start];
    const isQuote = end > start && (quote === 0x22 || quote === 0x27);
    if (!isQuote || this.#bytes[end - 1] !== quote) this.#fail("BAD_ARGUMENT", "the string is not quoted");
    return this.#escaped(start + 1, end - 1);
  }

  /** A text with Python's escapes, which even the names of GLOBAL may have, and no more than ASCII when they are undone. */
  #escaped(start: number, end: number): string {
    let bytes = this.#bytes.subarray(start, end);
    if (bytes.includes(0x5c)) {
      const literal = new Uint8Array(bytes.length + 2).fill(0x27);
      literal.set(bytes, 1);
      bytes = this.#decode(decodeStringLiteral, 0, literal.length, literal);
    }
    if (bytes.some((byte) => byte > 0x7f)) this.#fail("BAD_ARGUMENT", "the text is not ASCII");
    return this.#decode(decodeLatin1, 0, bytes.length, bytes);
  }

  #integer(start: number, end: number): number | bigint {
    const digits = this.#digits(start, end);
    if (digits === undefined || !/^[+-]?\d+$/.test(digits)) this.#fail("BAD_ARGUMENT", "the text is no int");
    const count = digits.length - (/^[+-]/.test(digits) ? 1 : 0);
    if (count > this.#maxIntDigits) {
      const message = `an int has too many digits: maxIntDigits is ${this.#maxIntDigits}`;
      this.#fail("LIMIT", message, { limit: "maxIntDigits" });
    }
    const value = BigInt(digits.replace("+", ""));
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  #float(start: number, end: number): number {
    const digits = this.#digits(start, end) ?? "";
    const isDecimal = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(digits);
    // Unlike an unpickler's, this float may overflow.
    const value = isDecimal ? Number(digits) : parseFloatText(digits);
    if (value === undefined) this.#fail("BAD_ARGUMENT", "the text is no float");
    return value;
  }

  /** A number's text without white space round it and underscores between its digits. Undefined when it is none. */
  #digits(start: number, end: number): string | undefined {
    let from = start;
    let to = end;
    while (from < to && isSpace(this.#bytes[from] as number)) from++;
    while (to > from && isSpace(this.#bytes[to - 1] as number)) to--;
    const text = this.#decode(decodeLatin1, from, to);
    if (!/^[\w.+-]+$/.test(text) || /(?:^|\D)_|_(?:\D|$)/.test(text)) return undefined;
    return text.replaceAll("_", "");
  }

  #decode<T>(
    decode: (bytes: Uint8Array, start: number, end: number) => T,
    start: number,
    end: number,
    bytes: Uint8Array = this.#bytes,
  ): T {
    try {
      return decode(bytes, start, end);
    } catch (cause) {
      if (cause instanceof RangeError) this.#fail("BAD_ARGUMENT", cause.message, { cause });
      throw cause;
    }
  }

  #truncated(kind: ArgumentKind): never {
    this.#fail("TRUNCATED", `not enough data in stream to read ${kind}`);
  }

  #fail(code: PickleDecodeErrorCode, message: string, more: { limit?: string; cause?: unknown } = {}): never {
    const details = { offset: this.#offset, opcode: this.#bytes[this.#offset] };
    throw new PickleDecodeError(code, message, { ...details, ...more });
  }
}

/** ASCII's white space, the only one that Python skips in the bytes of a number. */
function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

/**
 * A text argument in the pieces in which it must be looked at one code point after another: JavaScript makes one character
 * of two lone surrogates that come to stand side by side, Python does not.
 */
export function textPieces(bytes: Uint8Array, offset: number, end: number): string[] {
  const op = bytes[offset] as number;
  const isLine = op === Op.UNICODE;
  const content = bytes.subarray(offset + 1 - (isLine ? 0 : (shapes[op] as number)), isLine ? end - 1 : end);
  const decode = isLine ? decodeRawUnicodeEscape : decodeUtf8;
  const pieces: string[] = [];
  let from = 0;
  for (const at of isLine ? escapedLowSurrogates(content) : lowSurrogates(content)) {
    pieces.push(decode(content, from, at));
    from = at;
  }
  pieces.push(decode(content, from, content.length));
  return pieces;
}

/** Where low surrogates stand in UTF-8: ED B0..BF 80..BF. */
function* lowSurrogates(bytes: Uint8Array): Generator<number> {
  for (let at = bytes.indexOf(0xed); at >= 0; at = bytes.indexOf(0xed, at + 1)) {
    if (((bytes[at + 1] ?? 0) & 0xf0) === 0xb0) yield at;
  }
}

function* escapedLowSurrogates(bytes: Uint8Array): Generator<number> {
  const pattern = /\\(?:(?:u|U0000)[dD][c-fC-F][\dA-Fa-f]{2}|[\s\S])/g;
  for (const match of decodeLatin1(bytes, 0, bytes.length).matchAll(pattern)) {
    if (match[0].length > 2) yield match.index;
  }
}
