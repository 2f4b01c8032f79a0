// decimal.Decimal, as its exact text.

import type { RegisteredClass } from "../classes.js";
import { PyObject } from "../objects.js";
import { PyGlobal, PyTuple } from "../values.js";
import { checkCount, shown, toText } from "./check.js";

const form = /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|s?nan\d*)$/i;

/**
 * A `decimal.Decimal`, as the text that Python's `str` gives for it: `1.10`, `-0`, `1E+9`, `NaN`, `sNaN12`,
 * `-Infinity`. No digit, sign or exponent is lost, whatever its length. Give the text to a decimal library to calculate.
 */
export class PyDecimal {
  readonly text: string;

  /** @throws {RangeError} when the text is no decimal number in ASCII */
  constructor(text: string) {
    if (!form.test(text)) throw new RangeError(`"${shown(text)}" is no decimal number`);
    this.text = text;
  }

  /** The nearest number. */
  toNumber(): number {
    const named = /^([+-]?)(?:(inf)|s?nan)/i.exec(this.text);
    if (!named) return Number(this.text);
    if (!named[2]) return Number.NaN;
    return named[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  toString(): string {
    return this.text;
  }

  toJSON(): string {
    return this.text;
  }
}

/** `decimal.Decimal` as {@link PyDecimal}. Bytes as Python writes them. */
export const decimal: RegisteredClass<PyDecimal> = {
  names: [["decimal", "Decimal"]],
  type: PyDecimal,
  create: (args) => {
    checkCount(args, 1, 1, "Decimal");
    return new PyDecimal(toText(args[0], "the value of a Decimal"));
  },
  reduce: ({ text }) => new PyObject(new PyGlobal("decimal", "Decimal"), new PyTuple([text])),
};
