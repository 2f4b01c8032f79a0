import { expect, test } from "vitest";
import { Decoder, decode, encode, PyDict, type PyValue } from "./index.js";

/** The exponent of growth: the slope of a line through the logarithms, of the least of several times each. */
function exponent(sizes: readonly number[], run: (size: number) => () => void): number {
  const points = sizes.map((size) => {
    const work = run(size);
    const times = Array.from({ length: 7 }, () => {
      const start = performance.now();
      work();
      return performance.now() - start;
    });
    return [Math.log(size), Math.log(Math.min(...times))] as const;
  });
  const mean = (index: 0 | 1): number => points.reduce((sum, point) => sum + point[index], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const above = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return above / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}

const sizes = [4_000, 8_000, 16_000, 32_000, 64_000];
const kinds: { name: string; value: (size: number) => PyValue }[] = [
  { name: "a list of strings", value: (size) => Array.from({ length: size / 8 }, (_, i) => `texto-${i}`) },
  { name: "one string", value: (size) => "x".repeat(size * 4) },
  { name: "one string of surrogates", value: (size) => "\ud800".repeat(size) },
  {
    name: "a dict of ints",
    value: (size) => new PyDict(Array.from({ length: size / 8 }, (_, i) => [i * 7919, i])),
  },
  { name: "dicts", value: (size) => Array.from({ length: size / 16 }, (_, i) => new PyDict([["clave", i]])) },
  { name: "bytes", value: (size) => Array.from({ length: size / 64 }, () => new Uint8Array(64)) },
];

// What is quadratic has an exponent of 2. The bound leaves room for a machine that does other things as well.
test.each(kinds)(
  "decoding $name grows with the input, however it is cut",
  { timeout: 60_000 },
  ({ value }) => {
    const pickles = new Map(sizes.map((size) => [size, encode(value(size))]));
    const of = (size: number): Uint8Array => pickles.get(size) as Uint8Array;
    for (const length of [1, 1000]) {
      const cut = exponent(sizes, (size) => () => {
        const decoder = new Decoder();
        const pickle = of(size);
        for (let at = 0; at < pickle.length; at += length) decoder.push(pickle.subarray(at, at + length));
        decoder.end();
      });
      expect(cut, `in chunks of ${length}`).toBeLessThan(1.6);
    }
    expect(exponent(sizes, (size) => () => decode(of(size)))).toBeLessThan(1.6);
  },
);

test.each(kinds)("encoding $name grows with the value", { timeout: 60_000 }, ({ value }) => {
  const values = new Map(sizes.map((size) => [size, value(size)]));
  expect(exponent(sizes, (size) => () => encode(values.get(size) as PyValue))).toBeLessThan(1.6);
});
