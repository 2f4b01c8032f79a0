// The data of an array as a typed array, in the byte order of this machine.

import type { NumpyDtype } from "./dtype.js";
import { halfToNumber } from "./elements.js";

/** The typed arrays that NumPy's dtypes become. */
export type NumpyTypedArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

type Constructor = new (buffer: ArrayBufferLike, offset: number, length: number) => NumpyTypedArray;

/**
 * @throws {TypeError} when no typed array has such elements
 */
export function typedArrayOf(dtype: NumpyDtype, data: Uint8Array): NumpyTypedArray {
  const { kind, itemSize } = dtype;
  const size = kind === "c" ? itemSize / 2 : itemSize;
  const swap = size > 1 && dtype.byteOrder === (isLittleEndian() ? ">" : "<");
  const Type = typeOf(kind, size);
  if (!Type) throw new TypeError(`no typed array has elements of the dtype ${dtype}`);
  const aligned = swap || data.byteOffset % size !== 0 ? copyOf(data, swap ? size : 1) : data;
  const array = new Type(aligned.buffer, aligned.byteOffset, aligned.length / size);
  return kind === "f" && size === 2 ? Float32Array.from(array as Uint16Array, halfToNumber) : array;
}

function typeOf(kind: string, size: number): Constructor | undefined {
  switch (`${kind}${size}`) {
    case "b1":
    case "u1":
      return Uint8Array;
    case "i1":
      return Int8Array;
    case "i2":
      return Int16Array;
    case "u2":
    case "f2":
      return Uint16Array;
    case "i4":
      return Int32Array;
    case "u4":
      return Uint32Array;
    case "i8":
    case "m8":
    case "M8":
      return BigInt64Array;
    case "u8":
      return BigUint64Array;
    case "f4":
    case "c4":
      return Float32Array;
    case "f8":
    case "c8":
      return Float64Array;
    default:
      return undefined;
  }
}

/** @param size of the runs in which the bytes are turned round; 1 for a copy as it is */
function copyOf(data: Uint8Array, size: number): Uint8Array {
  const copy = data.slice();
  if (size > 1) for (let at = 0; at < copy.length; at += size) copy.subarray(at, at + size).reverse();
  return copy;
}

function isLittleEndian(): boolean {
  return new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
}
