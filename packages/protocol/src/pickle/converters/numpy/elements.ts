// The elements of an array as JavaScript values.

import type { PyValue } from "../../values.js";
import { plainInt } from "../check.js";
import { PyComplex } from "../complex.js";
import type { NumpyDtype } from "./dtype.js";

/** What NumPy means by "not a time". */
const NOT_A_TIME = -0x8000000000000000n;

/**
 * One element: numbers for floats, numbers or bigints for ints (as `decode` gives them), booleans, texts, a
 * {@link PyComplex}, and bytes for `S` (without the zeros at the end) and `V`. A datetime or timedelta is its count of
 * units as a bigint, null for NaT.
 *
 * @throws {TypeError} when it is a float of more than 8 bytes, or a complex of more than 16
 * @throws {RangeError} when a text holds what is no character
 */
export function elementAt(dtype: NumpyDtype, bytes: Uint8Array, at: number): PyValue {
  const { kind, itemSize } = dtype;
  const little = dtype.byteOrder !== ">";
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, itemSize);
  switch (kind) {
    case "b":
      return view.getUint8(0) !== 0;
    case "i":
    case "u":
      return intOf(kind, view, little);
    case "f":
      return floatOf(dtype, view, 0, itemSize, little);
    case "c":
      return new PyComplex(
        floatOf(dtype, view, 0, itemSize / 2, little),
        floatOf(dtype, view, itemSize / 2, itemSize / 2, little),
      );
    case "m":
    case "M": {
      const count = view.getBigInt64(0, little);
      return count === NOT_A_TIME ? null : count;
    }
    case "U":
      return textOf(view, little);
    case "S":
      return withoutZeros(bytes.subarray(at, at + itemSize));
    default:
      return bytes.subarray(at, at + itemSize);
  }
}

function intOf(kind: "i" | "u", view: DataView, little: boolean): number | bigint {
  const signed = kind === "i";
  switch (view.byteLength) {
    case 1:
      return signed ? view.getInt8(0) : view.getUint8(0);
    case 2:
      return signed ? view.getInt16(0, little) : view.getUint16(0, little);
    case 4:
      return signed ? view.getInt32(0, little) : view.getUint32(0, little);
    default:
      return plainInt(signed ? view.getBigInt64(0, little) : view.getBigUint64(0, little));
  }
}

function floatOf(dtype: NumpyDtype, view: DataView, at: number, size: number, little: boolean): number {
  if (size === 2) return halfToNumber(view.getUint16(at, little));
  if (size === 4) return view.getFloat32(at, little);
  if (size === 8) return view.getFloat64(at, little);
  throw new TypeError(
    `the elements of a dtype ${dtype} cannot be read: JavaScript has no floats of that size`,
  );
}

/** A float of 16 bits: IEEE 754, binary16. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function textOf(view: DataView, little: boolean): string {
  let end = view.byteLength;
  while (end > 0 && view.getUint32(end - 4, little) === 0) end -= 4;
  let text = "";
  for (let at = 0; at < end; at += 4) text += String.fromCodePoint(view.getUint32(at, little));
  return text;
}

function withoutZeros(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  return bytes.subarray(0, end);
}
