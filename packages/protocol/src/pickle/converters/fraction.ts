// fractions.Fraction.

import type { RegisteredClass } from "../classes.js";
import { PyObject } from "../objects.js";
import { PyGlobal, PyTuple } from "../values.js";
import { checkCount, toBigInt, toText } from "./check.js";

/** As many digits as Python reads of an int as text; more would take quadratic time. */
const MAX_DIGITS = 4300;

/** A `fractions.Fraction`: a numerator and a denominator above zero. It is not reduced to lowest terms. */
export class PyFraction {
  readonly numerator: bigint;
  readonly denominator: bigint;

  /** @throws {RangeError} when the denominator is zero or below */
  constructor(numerator: bigint, denominator = 1n) {
    if (denominator <= 0n) throw new RangeError("the denominator of a Fraction must be above zero");
    this.numerator = numerator;
    this.denominator = denominator;
  }

  /** As Python's `str`: `1/3`, or `2` where the denominator is one. */
  toString(): string {
    return this.denominator === 1n ? `${this.numerator}` : `${this.numerator}/${this.denominator}`;
  }

  toJSON(): string {
    return this.toString();
  }
}

/**
 * `fractions.Fraction` as {@link PyFraction}. Bytes as Python 3.11 and later write them; earlier versions write a text,
 * and read both.
 */
export const fraction: RegisteredClass<PyFraction> = {
  names: [["fractions", "Fraction"]],
  type: PyFraction,
  create: (args) => {
    checkCount(args, 1, 2, "Fraction");
    const [first, second] = args;
    if (args.length === 2) {
      return new PyFraction(
        toBigInt(first, "the numerator of a Fraction"),
        toBigInt(second, "the denominator of a Fraction"),
      );
    }
    return fromText(toText(first, "the value of a Fraction"));
  },
  reduce: ({ numerator, denominator }) =>
    new PyObject(new PyGlobal("fractions", "Fraction"), new PyTuple([numerator, denominator])),
};

function fromText(text: string): PyFraction {
  const [, numerator, denominator = "1"] = /^(-?\d+)(?:\/(\d+))?$/.exec(text) ?? [];
  if (numerator === undefined) throw new RangeError("the text of a Fraction must be that of one or two ints");
  if (numerator.length > MAX_DIGITS || denominator.length > MAX_DIGITS) throw tooLong();
  return new PyFraction(BigInt(numerator), BigInt(denominator));
}

function tooLong(): RangeError {
  return new RangeError(`the ints of a Fraction as text must have no more than ${MAX_DIGITS} digits`);
}
