import { pythons } from "@fileshare/peers";
import { describe, expect, test } from "vitest";
import { type ConverterRow, otherPythons, roundTripDifferences } from "../../../test/converters.js";
import { Random } from "../../../test/random.js";
import {
  ClassRegistry,
  decode,
  encode,
  PyFloat,
  PyGlobal,
  PyObject,
  PyTuple,
  type PyValue,
} from "../index.js";
import { complex, decimal, fraction, PyComplex, PyDecimal, PyFraction, PyRange, range } from "./index.js";

const random = new Random(20);
const decimals = [
  ...["0", "-0", "1.10", "1E+9", "1E-28", "0E-7", "-123456789012345678901234567890.123456789"],
  ...["NaN", "-NaN", "NaN123", "sNaN", "sNaN7", "Infinity", "-Infinity", "9".repeat(500), "1E+999999"],
  ...Array.from(
    { length: 40 },
    () => `${random.below(2) ? "-" : ""}${1 + random.below(1e9)}.${random.below(1e9)}`,
  ),
];
const fractions: [bigint, bigint][] = [
  [0n, 1n],
  [1n, 3n],
  [-7n, 2n],
  [2n ** 200n, 3n ** 50n],
  ...Array.from({ length: 20 }, (): [bigint, bigint] => [
    BigInt(random.below(1e9)) * 2n + 1n,
    2n ** BigInt(random.below(90)),
  ]),
];
const complexes = [
  [0, 0],
  [-0, 1.5],
  [1, -2],
  [1e300, Number.POSITIVE_INFINITY],
  [Number.NaN, 0.1],
  ...Array.from({ length: 20 }, () => [random.double(), random.double()]),
] as [number, number][];
const ranges: [bigint, bigint, bigint][] = [
  [0n, 5n, 1n],
  [5n, 0n, -2n],
  [0n, 0n, 1n],
  [-(2n ** 70n), 2n ** 70n, 3n ** 30n],
  [0n, 255n, 65536n],
];

function floatText(value: number): string {
  if (Number.isNaN(value)) return "float('nan')";
  if (!Number.isFinite(value)) return value > 0 ? "float('inf')" : "float('-inf')";
  return `float('${Object.is(value, -0) ? "-0.0" : value}')`;
}

const rows: Record<string, ConverterRow[]> = {
  decimal: decimals.map((text) => [`decimal.Decimal('${text}')`, new PyDecimal(text)]),
  fraction: fractions.map(([n, d]) => [`fractions.Fraction(${n}, ${d})`, new PyFraction(n, d)]),
  complex: complexes.map(([re, im]) => [
    `complex(${floatText(re)}, ${floatText(im)})`,
    new PyComplex(re, im),
  ]),
  range: ranges.map(([start, stop, step]) => [
    `range(${start}, ${stop}, ${step})`,
    new PyRange(start, stop, step),
  ]),
};
const prelude = "import decimal, fractions";
const converters = [decimal, fraction, complex, range];
const registry = new ClassRegistry(converters);

/** What a call in a pickle decodes to. */
function called(module: string, qualname: string, ...args: PyValue[]): PyValue {
  return decode(encode(new PyObject(new PyGlobal(module, qualname), new PyTuple(args))), registry);
}

describe("the converters of numbers", () => {
  test.each(Object.keys(rows))("%s goes there and back in all protocols, byte for byte", (family) => {
    expect(roundTripDifferences(rows[family] ?? [], converters, { prelude })).toEqual([]);
  });

  test.each(otherPythons())("Python $version reads them back from its own", (python) => {
    const three = python.highestProtocol >= 3;
    const some = [...(rows.decimal ?? []), ...(rows.fraction ?? [])];
    const more = [...(rows.complex ?? []), ...(three ? (rows.range ?? []) : [])];
    expect(roundTripDifferences([...some, ...more], converters, { prelude, python, exact: [] })).toEqual([]);
  });

  const two = pythons().find(({ minor }) => minor === "2.7");
  test.skipIf(!two)("xrange of Python 2 is a range", () => {
    const xrange: ConverterRow[] = [["xrange(2, 20, 6)", new PyRange(2n, 20n, 6n)]];
    expect(roundTripDifferences(xrange, converters, { python: two, exact: [] })).toEqual([]);
  });

  test("a Decimal converts to a number", () => {
    const numbers = ["-1.5E+3", "-Infinity", "inf", "NaN", "sNaN12", "-0"].map((text) =>
      new PyDecimal(text).toNumber(),
    );
    expect(numbers).toEqual([
      -1500,
      Number.NEGATIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      Number.NaN,
      Number.NaN,
      -0,
    ]);
    expect(JSON.stringify({ price: new PyDecimal("1.10") })).toBe('{"price":"1.10"}');
  });

  test("a range has the numbers and the length that Python's has", () => {
    expect([...new PyRange(2n, 20n, 6n)]).toEqual([2, 8, 14]);
    expect([...new PyRange(5n, 0n, -2n)]).toEqual([5, 3, 1]);
    expect([...new PyRange(2n ** 60n, 2n ** 60n + 2n)]).toEqual([2n ** 60n, 2n ** 60n + 1n]);
    expect(new PyRange(0n, 2n ** 100n, 3n).length).toBe((2n ** 100n + 2n) / 3n);
    expect(new PyRange(0n, -5n).length).toBe(0n);
  });

  test("a Fraction of Python before 3.11 is read from its text", () => {
    expect(called("fractions", "Fraction", "-22/7")).toEqual(new PyFraction(-22n, 7n));
    expect(called("fractions", "Fraction", "5")).toEqual(new PyFraction(5n));
  });

  test.each<[string, string, PyValue[], RegExp]>([
    ["decimal", "Decimal", ["1_0"], /no decimal number/],
    ["decimal", "Decimal", [`${"1".repeat(9000)}x`], /no decimal number/],
    ["decimal", "Decimal", ["1".repeat(10_001)], /no more than 10000 characters/],
    ["decimal", "Decimal", [1], /must be a str/],
    ["decimal", "Decimal", [], /takes 1 arguments, not 0/],
    ["fractions", "Fraction", [1, 0], /above zero/],
    ["fractions", "Fraction", [0.5, 2], /must be an int/],
    ["fractions", "Fraction", ["1/0"], /above zero/],
    ["fractions", "Fraction", ["1/2/3"], /one or two ints/],
    ["fractions", "Fraction", ["1".repeat(4301)], /no more than 4300 digits/],
    ["builtins", "complex", [new PyFloat(1)], /takes 2 arguments/],
    ["builtins", "complex", ["1", "2"], /must be a float/],
    ["builtins", "range", [0, 5, 0], /must not be zero/],
    ["builtins", "range", [new PyFloat(1)], /must be an int/],
    ["builtins", "range", [true], /must be an int/],
  ])("%s.%s%j is refused", (module, qualname, args, message) => {
    expect(() => called(module, qualname, ...args)).toThrow(message);
  });
});
