// Python's int and float, from bytes and text and back. Sources: CPython Objects/longobject.c (PyLong_FromString,
// _PyLong_FromByteArray), Python/pystrtod.c, Objects/floatobject.c (repr).

import { decodeLatin1 } from "./text.js";

/** An int as the smallest of number and bigint that holds it. */
function toInt(value: bigint): number | bigint {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : value;
}

/**
 * Decodes a two's complement little-endian int of any size (LONG1, LONG4). No bytes are 0. Undefined when JavaScript has
 * no bigint of that size.
 */
export function decodeLong(bytes: Uint8Array, start: number, end: number): number | bigint | undefined {
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
  try {
    return toInt(BigInt.asIntN(length * 8, BigInt(`0x${decodeLatin1(hex, 0, hex.length)}`)));
  } catch {
    return undefined;
  }
}

function hexDigit(value: number): number {
  return (value < 10 ? 0x30 : 0x57) + value;
}

/** C's `strtol(text, &end, 0)` of the whole text; undefined where it stops short, or passes 64 bits. */
export function strtol(text: string): number | bigint | undefined {
  const [, sign, hex, octal, decimal] =
    /^[ \t\n\r\v\f]*([-+]?)(?:(0x[\da-f]+)|0([0-7]*)|([1-9]\d*))$/i.exec(text) ?? [];
  const digits = hex ?? decimal ?? (octal === undefined ? undefined : `0o0${octal}`);
  if (digits === undefined || digits.replace(/^(?:0[xo])?0*/i, "").length > 64) return undefined;
  const value = sign === "-" ? -BigInt(digits) : BigInt(digits);
  return BigInt.asIntN(64, value) === value ? toInt(value) : undefined;
}

/**
 * Python's `int(text, base)`: spaces around it, underscores between digits, and in base 0 the prefixes 0x, 0o and 0b,
 * where other leading zeros are refused. The text ends at a NUL. Undefined when it is no int.
 */
export function parseInteger(text: string, base: 0 | 10): number | bigint | undefined {
  const [, sign, prefixed, decimal] =
    /^[ \t\n\r\v\f]*([-+]?)(?:(0(?:x(?:_?[\da-f])+|o(?:_?[0-7])+|b(?:_?[01])+))|(\d+(?:_\d+)*))[ \t\n\r\v\f]*(?:\0|$)/i.exec(
      text,
    ) ?? [];
  const digits = prefixed ?? decimal;
  if (digits === undefined || (base === 10 && prefixed)) return undefined;
  if (base === 0 && !prefixed && /^0[0_]*[1-9]/.test(digits)) return undefined;
  const value = BigInt(digits.replaceAll("_", ""));
  return toInt(sign === "-" ? -value : value);
}

/**
 * Python's `float(text)` of digits, inf and nan, without space around it. The text ends at a NUL. Undefined when it is
 * none, or overflows.
 */
export function parseFloatText(line: string): number | undefined {
  const text = line.replace(/\0.*/s, "");
  if (/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text)) {
    const value = Number(text);
    return Number.isFinite(value) ? value : undefined;
  }
  const named = /^([+-]?)(inf(?:inity)?|nan)$/i.exec(text);
  if (!named) return undefined;
  const value = named[2]?.toLowerCase() === "nan" ? Number.NaN : Number.POSITIVE_INFINITY;
  return named[1] === "-" ? -value : value;
}

/** Writes a float as Python's `repr` does: the fewest digits that read back the same. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
  if (Object.is(value, -0)) return "-0.0";
  const size = Math.abs(value);
  if (size >= 1e16 || (size < 1e-4 && size > 0)) return value.toExponential().replace(/(?<=e.)\d$/, "0$&");
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

/** Encodes an int as the fewest two's complement little-endian bytes (LONG1, LONG4). */
export function encodeLong(value: bigint): Uint8Array {
  const magnitude = value < 0n ? ~value : value;
  const hex = magnitude.toString(16);
  // The first bit is the sign's: where the first digit has it set, one more is wanted.
  const length = (hex.length + (Number.parseInt(hex[0] as string, 16) > 7 ? 2 : 1)) >> 1;
  const digits = hex.padStart(length * 2, "0");
  const flip = value < 0n ? 0xff : 0;
  return Uint8Array.from({ length }, (_, i) => {
    const at = (length - 1 - i) * 2;
    return Number.parseInt(digits.slice(at, at + 2), 16) ^ flip;
  });
}
