import { describe, expect, test } from "vitest";
import { bytes } from "../../test/pickles.js";
import { pythonPickles } from "../../test/python-pickles.js";
import { Random } from "../../test/random.js";
import { decodeLong, formatFloat, parseFloatText, parseInteger } from "./numbers.js";

describe("decodeLong()", () => {
  test.each([
    { data: "", expected: 0 },
    { data: "\0", expected: 0 },
    { data: "\x7f", expected: 127 },
    { data: "\xff", expected: -1 },
    { data: "\x80", expected: -128 },
    { data: "\xff\0", expected: 255 },
    { data: "\0\0\0\0\0\x80", expected: -(2 ** 47) },
    { data: "\xff\xff\xff\xff\xff\xff\x1f", expected: 2 ** 53 - 1 },
    { data: "\0\0\0\0\0\0\x20", expected: 2n ** 53n },
    { data: "\x01\0\0\0\0\0\xe0", expected: -(2 ** 53) + 1 },
    { data: "\0\0\0\0\0\0\xe0", expected: -(2n ** 53n) },
    { data: `${"\0".repeat(300)}\x80`, expected: -(2n ** 2407n) },
    { data: `\x05${"\0".repeat(300)}`, expected: 5 },
  ])("decodes $expected", ({ data, expected }) => {
    expect(decodeLong(bytes("<", data, ">"), 1, data.length + 1)).toBe(expected);
  });
});

test.each<[string, number | bigint | undefined]>([
  ["0", 0],
  ["-0", 0],
  ["+12", 12],
  [" -12 ", -12],
  ["007", 7],
  ["9007199254740991", 2 ** 53 - 1],
  ["9007199254740992", 2n ** 53n],
  ["-9007199254740992", -(2n ** 53n)],
  ["", undefined],
  ["-", undefined],
  ["1 2", undefined],
  ["0x1", undefined],
  ["1e3", undefined],
  ["\xb2", undefined],
])("parseInteger() takes %j for %s", (text, expected) => {
  expect(parseInteger(text, 10)).toBe(expected);
});

test.each<[string, number | undefined]>([
  ["0", 0],
  ["-0.0", -0],
  ["1.", 1],
  [".5", 0.5],
  ["+1.5e3", 1500],
  ["1E-7", 1e-7],
  ["1e999", undefined],
  ["1\0x", 1],
  ["inf", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["nan", Number.NaN],
  ["-NaN", Number.NaN],
  [" 1.5", undefined],
  ["1.5 ", undefined],
  ["", undefined],
  [".", undefined],
  ["e1", undefined],
  ["1e", undefined],
  ["0x10", undefined],
  ["infinit", undefined],
])("parseFloatText() takes %j for %s", (text, expected) => {
  expect(parseFloatText(text)).toBe(expected);
});

test("formatFloat() writes a float as Python's repr does", () => {
  const random = new Random(17);
  const floats = [
    0, -0, 0.1, 1e15, 1e16, 123456789012345680, 1e21, 1e22, 1e100, 1e-4, 1e-5, 5e-324, 1.7976931348623157e308,
  ];
  for (let i = 0; i < 1500; i++) {
    floats.push(
      random.double(),
      random.below(2 ** 32) / 2 ** random.below(60),
      random.below(2 ** 32) * 10 ** random.below(20),
    );
  }
  const hexes = floats.map((float) => {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, float);
    return view.getBigUint64(0).toString(16).padStart(16, "0");
  });
  const prelude =
    "import struct\nfloats = lambda hexes: [repr(struct.unpack('>d', bytes.fromhex(h))[0]) for h in hexes.split()]";
  const [pickles] = pythonPickles([`"\\n".join(floats("${hexes.join(" ")}"))`], { prelude });
  const text = Buffer.from(pickles?.[3] ?? []).toString("latin1");
  expect(text).toContain(floats.map(formatFloat).join("\n"));
});

test.each([
  [Number.NaN, "nan"],
  [Number.POSITIVE_INFINITY, "inf"],
  [Number.NEGATIVE_INFINITY, "-inf"],
])("formatFloat() writes %d as %s", (float, expected) => {
  expect(formatFloat(float)).toBe(expected);
});
