// numpy.ndarray.
// Source: NumPy, numpy/_core/src/multiarray/methods.c, array_reduce, array_reduce_ex and array_setstate.

import type { RegisteredClass } from "../../classes.js";
import { PyBuffer, PyObject } from "../../objects.js";
import { PyByteArray, PyGlobal, PyTuple, type PyValue } from "../../values.js";
import { checkCount, latin1Bytes, toInt, toText, toTuple } from "../check.js";
import { NumpyDtype } from "./dtype.js";
import { elementAt } from "./elements.js";
import { type NumpyPackage, packageOf } from "./package.js";
import { type NumpyTypedArray, typedArrayOf } from "./typed-array.js";

/** As many dimensions as NumPy's arrays can have, at most. */
const MAX_DIMENSIONS = 64;

/** What an array may be made with, besides its dtype, shape and data. */
export interface NdArrayOptions {
  /** Whether the first index changes fastest in the data, not the last. Default false. */
  readonly fortranOrder?: boolean | undefined;
  /** Whether Python may write into it. Default true. */
  readonly writable?: boolean | undefined;
  /** Where Python looks for NumPy's functions. Default `numpy.core`, which NumPy 1 and 2 both have. */
  readonly package?: NumpyPackage | undefined;
}

type Content = Uint8Array | string | readonly PyValue[];

/** A `numpy.ndarray`. */
export class NdArray {
  readonly dtype: NumpyDtype;
  readonly shape: readonly number[];
  readonly fortranOrder: boolean;
  readonly writable: boolean;
  readonly package: NumpyPackage;
  #content: Content;

  /**
   * @param dtype or the text of one: `<f8`
   * @param data the bytes of all elements, or for a dtype of objects the elements
   * @throws {RangeError} when the data is not as long as the shape says
   */
  constructor(
    dtype: NumpyDtype | string,
    shape: readonly number[],
    data: Uint8Array | readonly PyValue[],
    options: NdArrayOptions = {},
  ) {
    this.dtype = typeof dtype === "string" ? new NumpyDtype(dtype) : dtype;
    this.shape = shape;
    this.fortranOrder = options.fortranOrder ?? false;
    this.writable = options.writable ?? true;
    this.package = options.package ?? "numpy.core";
    this.#content = data;
    checkLength(this.dtype, this.shape, data);
  }

  /** How many elements it has. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /**
   * The bytes of all elements, in the order that `fortranOrder` tells; none for an array of objects. A view on the
   * pickle, as all bytes that were decoded.
   */
  get data(): Uint8Array {
    if (typeof this.#content === "string") this.#content = latin1Bytes(this.#content, "the data of an array");
    return this.#content instanceof Uint8Array ? this.#content : new Uint8Array(0);
  }

  /** The elements of an array of objects, in C order; undefined for any other. */
  get objects(): readonly PyValue[] | undefined {
    return isObjects(this.#content) ? this.#content : undefined;
  }

  /**
   * The data as numbers, in the order that `fortranOrder` tells, and in this machine's byte order. Not copied where that
   * is the array's and the bytes stand at a place that fits. Floats of 2 bytes become those of 4; of complex numbers, the
   * real and the imaginary part stand in turn; datetimes and timedeltas are counts of their unit, bools 0 and 1.
   *
   * @throws {TypeError} when the elements are texts, bytes, objects, structures, or floats of more than 8 bytes
   */
  toTypedArray(): NumpyTypedArray {
    return typedArrayOf(this.dtype, this.data);
  }

  /**
   * All elements in one row in C order, the last index changing fastest: numbers, bigints for ints that a number does
   * not hold, booleans, texts, bytes, `PyComplex`, and for datetimes and timedeltas counts of their unit as bigints, null
   * for NaT.
   *
   * @throws {TypeError} when they are floats of more than 8 bytes
   */
  toArray(): PyValue[] {
    if (isObjects(this.#content)) return [...this.#content];
    const { dtype, data, size } = this;
    const elements: PyValue[] = [];
    for (let i = 0; i < size; i++) elements.push(elementAt(dtype, data, this.#place(i) * dtype.itemSize));
    return elements;
  }

  /** @internal The values of a state that NumPy wrote. */
  static fill(array: NdArray, items: readonly PyValue[]): void {
    checkCount(items, 5, 5, "the state of an array");
    const [version, shape, dtype, fortran, data] = items;
    toInt(version, 0, 1, "the version of an array");
    if (!(dtype instanceof NumpyDtype)) throw new TypeError("an array must have a dtype");
    if (typeof fortran !== "boolean" && fortran !== 0 && fortran !== 1)
      throw new TypeError("the order of an array must be a bool");
    const content = contentOf(data);
    const filled = { dtype, shape: toShape(shape), fortranOrder: Boolean(fortran) };
    checkLength(dtype, filled.shape, content);
    Object.assign(array, filled);
    array.#content = content;
  }

  /** Where an element stands in the data, by its place in C order. */
  #place(index: number): number {
    if (!this.fortranOrder) return index;
    let place = 0;
    let stride = this.size;
    let rest = index;
    for (let axis = this.shape.length - 1; axis >= 0; axis--) {
      const length = this.shape[axis] as number;
      stride /= length;
      place += (rest % length) * stride;
      rest = Math.floor(rest / length);
    }
    return place;
  }
}

/** `numpy.ndarray`, which pickles only name. */
export const ndarrayClass: RegisteredClass = {
  names: [["numpy", "ndarray"]],
  create: () => {
    throw new TypeError("an array is not made by calling its class");
  },
};

/** `_reconstruct`, and how arrays are written. */
export const reconstruct: RegisteredClass<NdArray> = {
  names: [
    ["numpy.core.multiarray", "_reconstruct"],
    ["numpy._core.multiarray", "_reconstruct"],
  ],
  type: NdArray,
  create: (args, { module }) => {
    checkCount(args, 3, 3, "_reconstruct");
    const [type] = args;
    if (!(type instanceof PyGlobal && type.module === "numpy" && type.qualname === "ndarray"))
      throw new TypeError("only arrays of the class numpy.ndarray are read");
    return new NdArray("|i1", [0], new Uint8Array(0), { package: packageOf(module) });
  },
  setState: (array, state) => NdArray.fill(array, toTuple(state, "the state of an array")),
  reduce: (array, protocol) => {
    const { dtype, fortranOrder, objects } = array;
    const shape = new PyTuple(array.shape);
    // NumPy hands out no buffer of times, nor of elements without a size.
    if (protocol >= 5 && !objects && dtype.itemSize > 0 && dtype.kind !== "m" && dtype.kind !== "M") {
      const buffer = new PyBuffer(array.data, !array.writable);
      const args = new PyTuple([buffer, dtype, shape, fortranOrder ? "F" : "C"]);
      return new PyObject(new PyGlobal(`${array.package}.numeric`, "_frombuffer"), args);
    }
    const data = objects ? [...objects] : array.data;
    const args = new PyTuple([new PyGlobal("numpy", "ndarray"), new PyTuple([0]), Uint8Array.of(0x62)]);
    return new PyObject(new PyGlobal(`${array.package}.multiarray`, "_reconstruct"), args, {
      state: new PyTuple([1, shape, dtype, fortranOrder, data]),
    });
  },
};

/** `_frombuffer`: what protocol 5 has instead, in or out of band. */
export const fromBuffer: RegisteredClass = {
  names: [
    ["numpy.core.numeric", "_frombuffer"],
    ["numpy._core.numeric", "_frombuffer"],
  ],
  create: (args, { module }) => {
    checkCount(args, 4, 5, "_frombuffer");
    const [buffer, dtype, shape, order, axes = null] = args;
    if (!(dtype instanceof NumpyDtype)) throw new TypeError("an array must have a dtype");
    const letter = toText(order, "the order of an array");
    if ((letter !== "C" && letter !== "F") || axes !== null)
      throw new TypeError("only arrays in C or Fortran order are read: numpy.ascontiguousarray makes one");
    return new NdArray(dtype, toShape(shape), bytesOf(buffer), {
      fortranOrder: letter === "F",
      writable: buffer instanceof PyByteArray || (buffer instanceof PyBuffer && !buffer.readonly),
      package: packageOf(module),
    });
  },
};

function bytesOf(buffer: PyValue | undefined): Uint8Array {
  if (buffer instanceof Uint8Array) return buffer;
  if (buffer instanceof PyByteArray || buffer instanceof PyBuffer) return buffer.bytes;
  throw new TypeError("the data of an array must be bytes, a bytearray or a buffer");
}

function contentOf(data: PyValue | undefined): Content {
  if (data instanceof Uint8Array || typeof data === "string" || Array.isArray(data)) return data as Content;
  throw new TypeError("the data of an array must be bytes or a list");
}

function isObjects(content: Content): content is readonly PyValue[] {
  return Array.isArray(content);
}

function toShape(value: PyValue | undefined): number[] {
  const shape = toTuple(value, "the shape of an array");
  checkCount(shape, 0, MAX_DIMENSIONS, "the shape of an array");
  return shape.map((length) =>
    toInt(length, 0, Number.MAX_SAFE_INTEGER, "a length in the shape of an array"),
  );
}

function sizeOf(shape: readonly number[]): number {
  return shape.includes(0) ? 0 : shape.reduce((size, length) => size * length, 1);
}

/** @throws {RangeError} when the data is not as long as the shape says */
function checkLength(dtype: NumpyDtype, shape: readonly number[], content: Content): void {
  const size = sizeOf(shape);
  const length = isObjects(content) ? size : size * dtype.itemSize;
  if (content.length !== length)
    throw new RangeError(`the data of an array must have the length ${length}, not ${content.length}`);
  if (dtype.itemSize === 0 && size > 0) throw new RangeError("the elements of an array must have a size");
  if (isObjects(content) !== hasObjects(dtype))
    throw new TypeError("an array must have a list of objects where its dtype is that of objects");
}

/** Elements with Python objects in them are written as a list. */
function hasObjects({ kind, state }: NumpyDtype): boolean {
  if (kind === "O") return true;
  const flags = kind === "V" ? state?.items[7] : 0;
  return typeof flags === "number" && (flags & 2) !== 0;
}
