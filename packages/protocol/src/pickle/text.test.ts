import { describe, expect, test } from "vitest";
import { bytes, difference } from "../../test/pickles.js";
import { pythonPickles } from "../../test/python-pickles.js";
import { Random } from "../../test/random.js";
import {
  decodeLatin1,
  decodeLong,
  decodeRawUnicodeEscape,
  decodeStringLiteral,
  decodeUtf8,
  formatFloat,
  parseFloatText,
  parseInteger,
} from "./text.js";

describe("decodeUtf8()", () => {
  const long = "x".repeat(40);

  test.each([
    { data: "", expected: "" },
    { data: "abc\0\x7f", expected: "abc\0\x7f" },
    { data: "\xc3\xb1", expected: "ñ" },
    { data: "\xf0\x9f\x98\x80", expected: "😀" },
    { data: "\xef\xbb\xbfa", expected: "\ufeffa" },
    { data: "\xed\x9f\xbf\xee\x80\x80", expected: "\ud7ff\ue000" },
    { data: "\xed\xa0\x80", expected: "\ud800" },
    { data: "\xed\xbf\xbf", expected: "\udfff" },
    { data: "a\xed\xb8\x80b\xed\xa0\xbdc\xc3\xb1", expected: "a\ude00b\ud83dcñ" },
    { data: "\xed\xa0\x80\xed\xa0\x80", expected: "\ud800\ud800" },
  ])("decodes $expected", ({ data, expected }) => {
    for (const [before, after] of [
      ["", ""],
      ["", long],
      [long, ""],
      [long, long],
    ] as const) {
      const input = bytes("<", before, data, after, ">");
      expect(decodeUtf8(input, 1, input.length - 1)).toBe(before + expected + after);
    }
  });

  test.each([
    { name: "a lone continuation", data: "\x80" },
    { name: "a sequence that is cut short", data: "\xc3" },
    { name: "a cut surrogate", data: "\xed\xa0" },
    { name: "a surrogate before a cut sequence", data: "\xed\xa0\x80\xe4\xb8" },
    { name: "a surrogate after a lone continuation", data: "\x80\xed\xa0\x80" },
    { name: "a surrogate within a sequence", data: "\xf0\xed\xa0\x80" },
    { name: "an overlong slash", data: "\xc0\xaf" },
    { name: "an overlong NUL", data: "\xe0\x80\x80" },
    { name: "what is above U+10FFFF", data: "\xf4\x90\x80\x80" },
    { name: "Latin-1", data: "a\xf1o" },
  ])("refuses $name", ({ data }) => {
    for (const around of ["", long]) {
      const input = bytes(around, data, around, "\x80\x80");
      expect(() => decodeUtf8(input, 0, input.length - 2)).toThrow(RangeError);
    }
  });
});

test("decodeLatin1() gives a character for each byte", () => {
  const input = Uint8Array.from({ length: 10_000 }, (_, i) => i & 0xff);
  const text = decodeLatin1(input, 1, 9999);
  expect(text.length).toBe(9998);
  expect(difference(bytes(text), input.slice(1, 9999))).toBeUndefined();
});

describe("decodeRawUnicodeEscape()", () => {
  test.each([
    { data: "a\xf1\x80", expected: "añ\x80" },
    { data: "\\u00f1\\u6587\\U0001f600", expected: "ñ文😀" },
    { data: "\\ud800", expected: "\ud800" },
    { data: "\\ud83d\\ude00", expected: "😀" },
    { data: "\\u005cn", expected: "\\n" },
    { data: "\\n\\x41\\'", expected: "\\n\\x41\\'" },
    { data: "\\\\u0041", expected: "\\\\u0041" },
    { data: "\\\\\\u0041", expected: "\\\\A" },
    { data: "\\", expected: "\\" },
    { data: "\\u00411", expected: "A1" },
  ])("decodes $data", ({ data, expected }) => {
    expect(decodeRawUnicodeEscape(bytes(data), 0, data.length)).toBe(expected);
  });

  test.each(["\\u", "\\u004", "\\u00g1", "\\U0001f60", "\\U00110000", "\\Uffffffff"])(
    "refuses %s",
    (data) => {
      expect(() => decodeRawUnicodeEscape(bytes(data), 0, data.length)).toThrow(RangeError);
    },
  );
});

describe("decodeStringLiteral()", () => {
  test.each([
    { data: "''", expected: "" },
    { data: "'abc'", expected: "abc" },
    { data: '"it\'s"', expected: "it's" },
    { data: " 'abc' \r", expected: "abc" },
    { data: "'\\\\ \\' \\\"'", expected: "\\ ' \"" },
    { data: "'\\a\\b\\t\\n\\v\\f\\r'", expected: "\x07\b\t\n\v\f\r" },
    { data: "'\\x00\\xFf\\xf1'", expected: "\0\xff\xf1" },
    { data: "'\\0\\12\\101\\1012'", expected: "\0\nAA2" },
    { data: "'\\777'", expected: "\xff" },
    { data: "'\\q\\8\\u0041'", expected: "\\q\\8\\u0041" },
    { data: "'\xf1'", expected: "\xf1" },
  ])("decodes $data", ({ data, expected }) => {
    expect(decodeStringLiteral(bytes(data), 0, data.length)).toEqual(bytes(expected));
  });

  test.each(["", "'", "abc", "'abc", "abc'", "'abc\"", "'\\'", "'\\x4'", "'\\x'", "'\\xg0'"])(
    "refuses %s",
    (data) => {
      expect(() => decodeStringLiteral(bytes(data), 0, data.length)).toThrow(RangeError);
    },
  );
});

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
  expect(parseInteger(text)).toBe(expected);
});

test.each<[string, number | undefined]>([
  ["0", 0],
  ["-0.0", -0],
  ["1.", 1],
  [".5", 0.5],
  ["+1.5e3", 1500],
  ["1E-7", 1e-7],
  ["1e999", Number.POSITIVE_INFINITY],
  ["inf", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["nan", Number.NaN],
  ["-NaN", Number.NaN],
  [" 1.5 ", 1.5],
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
