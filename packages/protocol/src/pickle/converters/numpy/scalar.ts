// NumPy's scalars: numpy.float64, numpy.int32, numpy.datetime64 and so on.
// Source: NumPy, numpy/_core/src/multiarray/scalartypes.c.src, gentype_reduce.

import type { RegisteredClass } from "../../classes.js";
import { PyObject } from "../../objects.js";
import { PyGlobal, PyTuple, type PyValue } from "../../values.js";
import { checkCount, latin1Bytes } from "../check.js";
import { NumpyDtype } from "./dtype.js";
import { elementAt } from "./elements.js";
import { type NumpyPackage, packageOf } from "./package.js";

/** A scalar of NumPy: one element, with its dtype. */
export class NumpyScalar {
  readonly dtype: NumpyDtype;
  /** Where Python looks for NumPy's functions. */
  readonly package: NumpyPackage;
  #content: Uint8Array | string;

  /**
   * @param dtype or the text of one: `<f8`
   * @param data the bytes of the element
   * @param where default `numpy.core`, which NumPy 1 and 2 both have
   * @throws {RangeError} when there are more or fewer bytes than the dtype says
   * @throws {TypeError} when the dtype is that of objects
   */
  constructor(dtype: NumpyDtype | string, data: Uint8Array, where: NumpyPackage = "numpy.core") {
    this.dtype = typeof dtype === "string" ? new NumpyDtype(dtype) : dtype;
    this.package = where;
    this.#content = data;
    if (this.dtype.kind === "O") throw new TypeError("a scalar cannot be an object");
    if (data.length !== this.dtype.itemSize)
      throw new RangeError(
        `a scalar ${this.dtype} must have ${this.dtype.itemSize} bytes, not ${data.length}`,
      );
  }

  get data(): Uint8Array {
    if (typeof this.#content === "string") this.#content = latin1Bytes(this.#content, "the data of a scalar");
    return this.#content;
  }

  /**
   * The element: a number, a bigint for an int that a number does not hold, a boolean, a text, bytes, a `PyComplex`, or for
   * a datetime or timedelta its count of units as a bigint, null for NaT.
   *
   * @throws {TypeError} when it is a float of more than 8 bytes
   */
  get value(): PyValue {
    return elementAt(this.dtype, this.data, 0);
  }

  toString(): string {
    return String(this.value);
  }

  /** @internal A scalar of what a pickle gives: bytes, or the text that stands for those of Python 2. */
  static from(dtype: NumpyDtype, data: Uint8Array | string, where: NumpyPackage): NumpyScalar {
    // A long text is only turned into bytes when they are asked for: a pickle may name it many times.
    const scalar = new NumpyScalar(dtype, data as Uint8Array, where);
    scalar.#content = data;
    return scalar;
  }
}

/** NumPy's scalars as {@link NumpyScalar}. */
export const numpyScalar: RegisteredClass<NumpyScalar> = {
  names: [
    ["numpy.core.multiarray", "scalar"],
    ["numpy._core.multiarray", "scalar"],
  ],
  type: NumpyScalar,
  create: (args, { module }) => {
    checkCount(args, 2, 2, "scalar");
    const [dtype, data] = args;
    if (!(dtype instanceof NumpyDtype)) throw new TypeError("a scalar must have a dtype");
    if (!(data instanceof Uint8Array) && typeof data !== "string")
      throw new TypeError("the data of a scalar must be bytes");
    return NumpyScalar.from(dtype, data, packageOf(module));
  },
  reduce: (scalar) =>
    new PyObject(
      new PyGlobal(`${scalar.package}.multiarray`, "scalar"),
      new PyTuple([scalar.dtype, scalar.data]),
    ),
};
