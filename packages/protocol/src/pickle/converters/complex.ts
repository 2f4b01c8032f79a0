// complex.

import type { RegisteredClass } from "../classes.js";
import { PyObject } from "../objects.js";
import { PyGlobal, PyTuple } from "../values.js";
import { asFloat, checkCount, toFloat } from "./check.js";

/** A Python `complex`. */
export class PyComplex {
  readonly real: number;
  readonly imag: number;

  constructor(real: number, imag: number) {
    this.real = real;
    this.imag = imag;
  }
}

/** `complex` as {@link PyComplex}. Bytes as Python writes them. */
export const complex: RegisteredClass<PyComplex> = {
  names: [
    ["builtins", "complex"],
    ["__builtin__", "complex"],
  ],
  type: PyComplex,
  create: (args) => {
    checkCount(args, 2, 2, "complex");
    return new PyComplex(
      toFloat(args[0], "the real part of a complex"),
      toFloat(args[1], "the imaginary part of a complex"),
    );
  },
  reduce: ({ real, imag }) =>
    new PyObject(new PyGlobal("builtins", "complex"), new PyTuple([asFloat(real), asFloat(imag)])),
};
