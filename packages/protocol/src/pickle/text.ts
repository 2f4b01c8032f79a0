// Python's str, str escapes and numbers as text, from bytes. Sources: CPython Objects/unicodeobject.c (surrogatepass,
// raw-unicode-escape), Objects/bytesobject.c (escape_decode).

/** Below this many bytes, joining characters one by one is faster than calling a TextDecoder. */
const SHORT_TEXT_BYTES = 32;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Decodes UTF-8 in which lone surrogates may stand as three bytes each (Python's `surrogatepass`).
 *
 * @throws {RangeError} when the bytes are no such text
 */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  if (end - start < SHORT_TEXT_BYTES) {
    let text = "";
    let at = start;
    for (; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte > 0x7f) break;
      text += String.fromCharCode(byte);
    }
    if (at === end) return text;
  }
  try {
    return utf8.decode(bytes.subarray(start, end));
  } catch {
    return decodeSurrogatePass(bytes, start, end);
  }
}

function decodeSurrogatePass(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  let from = start;
  for (let at = start; at < end; at++) {
    // A surrogate is ED A0..BF 80..BF; all between them must be UTF-8 proper.
    if (bytes[at] !== 0xed) continue;
    const second = bytes[at + 1] ?? 0;
    const third = bytes[at + 2] ?? 0;
    if (at + 3 > end || (second & 0xe0) !== 0xa0 || (third & 0xc0) !== 0x80) continue;
    text += strictUtf8(bytes.subarray(from, at));
    text += String.fromCharCode(0xd000 | ((second & 0x3f) << 6) | (third & 0x3f));
    from = at + 3;
    at += 2;
  }
  if (from === start) throw new RangeError("the text is not valid UTF-8");
  return text + strictUtf8(bytes.subarray(from, end));
}

function strictUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new RangeError("the text is not valid UTF-8", { cause });
  }
}

/** Decodes one character a byte. */
export function decodeLatin1(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let from = start; from < end; from += 4096) {
    text += String.fromCharCode(...bytes.subarray(from, Math.min(end, from + 4096)));
  }
  return text;
}

/**
 * Decodes Python's raw-unicode-escape: latin-1 with `\uXXXX` and `\UXXXXXXXX`.
 *
 * @throws {RangeError} when an escape is cut short or names no character
 */
export function decodeRawUnicodeEscape(bytes: Uint8Array, start: number, end: number): string {
  return decodeLatin1(bytes, start, end).replace(
    /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([\s\S]?))/g,
    (whole, short: string | undefined, long: string | undefined, other: string | undefined) => {
      const hex = short ?? long;
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
      if (other === "u" || other === "U") throw new RangeError("a \\u escape is cut short");
      return whole;
    },
  );
}

const simpleEscapes: ReadonlyMap<string, number> = new Map([
  ["\\", 0x5c],
  ["'", 0x27],
  ['"', 0x22],
  ["a", 7],
  ["b", 8],
  ["t", 9],
  ["n", 10],
  ["v", 11],
  ["f", 12],
  ["r", 13],
]);

/**
 * Decodes the quoted bytes of a Python 2 `str` literal, as its `repr` writes them.
 *
 * @throws {RangeError} when it is not quoted, or an escape is malformed
 */
export function decodeStringLiteral(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const literal = decodeLatin1(bytes, start, end).trim();
  const quote = literal[0];
  if (literal.length < 2 || (quote !== "'" && quote !== '"') || literal.at(-1) !== quote) {
    throw new RangeError("the string is not quoted");
  }
  // No escape is shorter than what it stands for.
  const out = new Uint8Array(literal.length);
  let length = 0;
  const pattern = /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|([\s\S]?))|([^\\]+)/g;
  for (const [, octal, hex, other = "", plain] of literal.slice(1, -1).matchAll(pattern)) {
    if (plain !== undefined) for (let i = 0; i < plain.length; i++) out[length++] = plain.charCodeAt(i);
    else if (octal !== undefined) out[length++] = Number.parseInt(octal, 8);
    else if (hex !== undefined) out[length++] = Number.parseInt(hex, 16);
    else {
      const code = simpleEscapes.get(other);
      if (other === "" || other === "x") throw new RangeError("an escape is cut short");
      if (code === undefined) out[length++] = 0x5c;
      out[length++] = code ?? other.charCodeAt(0);
    }
  }
  return out.slice(0, length);
}

/** An int as the smallest of number and bigint that holds it. */
function toInt(value: bigint): number | bigint {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : value;
}

/**
 * Decodes a two's complement little-endian int of any size (LONG1, LONG4). No bytes are 0.
 *
 * @throws {RangeError} when JavaScript has no bigint of that size
 */
export function decodeLong(bytes: Uint8Array, start: number, end: number): number | bigint {
  const length = end - start;
  if (length === 0) return 0;
  const negative = (bytes[end - 1] as number) > 0x7f;
  if (length <= 6) {
    let value = 0;
    for (let at = end - 1; at >= start; at--) value = value * 256 + (bytes[at] as number);
    return negative ? value - 2 ** (8 * length) : value;
  }
  const hex = new Uint8Array(length * 2);
  for (let i = 0; i < length; i++) {
    const byte = bytes[end - 1 - i] as number;
    hex[i * 2] = hexDigit(byte >> 4);
    hex[i * 2 + 1] = hexDigit(byte & 0xf);
  }
  return toInt(BigInt.asIntN(length * 8, parseHex(decodeLatin1(hex, 0, hex.length))));
}

function parseHex(digits: string): bigint {
  try {
    return BigInt(`0x${digits}`);
  } catch {
    // Without the cause: its message has all the digits in it.
    throw new RangeError("the int is too large");
  }
}

function hexDigit(value: number): number {
  return (value < 10 ? 0x30 : 0x57) + value;
}

/**
 * Parses the decimal text of an int. Undefined when it is none.
 */
export function parseInteger(text: string): number | bigint | undefined {
  return /^\s*[+-]?\d+\s*$/.test(text) ? toInt(BigInt(text.trim().replace(/^\+/, ""))) : undefined;
}

/** Parses the text of a Python float. Undefined when it is none. */
export function parseFloatText(text: string): number | undefined {
  const trimmed = text.trim();
  if (/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(trimmed)) return Number(trimmed);
  const named = /^([+-]?)(inf(?:inity)?|nan)$/i.exec(trimmed);
  if (!named) return undefined;
  const value = named[2]?.toLowerCase() === "nan" ? Number.NaN : Number.POSITIVE_INFINITY;
  return named[1] === "-" ? -value : value;
}

/** Writes a float as Python's `repr` does: the fewest digits that read back the same. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const [mantissa = "", exponentText = "0"] = value.toExponential().split("e");
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 16) {
    const sign = exponent < 0 ? "-" : "+";
    return `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  const negative = mantissa.startsWith("-") ? "-" : "";
  const digits = mantissa.replace(/[-.]/g, "");
  if (exponent < 0) return `${negative}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${negative}${whole}.${digits.slice(exponent + 1) || "0"}`;
}

/** Encodes an int as the fewest two's complement little-endian bytes (LONG1, LONG4). */
export function encodeLong(value: bigint): Uint8Array {
  const magnitude = value < 0n ? -value - 1n : value;
  const hex = magnitude.toString(16);
  const bits = (hex.length - 1) * 4 + (32 - Math.clz32(Number.parseInt(hex[0] as string, 16)));
  const length = (bits >> 3) + 1;
  const digits = BigInt.asUintN(length * 8, value)
    .toString(16)
    .padStart(length * 2, "0");
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    bytes[i] = Number.parseInt(digits.slice((length - 1 - i) * 2, (length - i) * 2), 16);
  }
  return bytes;
}

const lineBreakers: ReadonlySet<string> = new Set(["\\", "\0", "\n", "\r", "\u001a"]);

/** Encodes Python's raw-unicode-escape, with the characters escaped that a line cannot hold. */
export function encodeRawUnicodeEscape(text: string): string {
  let escaped = "";
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    if (code > 0xffff) escaped += `\\U${code.toString(16).padStart(8, "0")}`;
    else if (code > 0xff || lineBreakers.has(character))
      escaped += `\\u${code.toString(16).padStart(4, "0")}`;
    else escaped += character;
  }
  return escaped;
}
