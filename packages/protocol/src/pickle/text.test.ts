import { describe, expect, test } from "vitest";
import { bytes, difference } from "../../test/pickles.js";
import {
  decodeLatin1,
  decodeRawUnicodeEscape,
  decodeStringLiteral,
  decodeUtf8,
  SurrogatePairError,
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

describe("a surrogate pair written as two characters", () => {
  test("is refused, as a string would hold one character for it", () => {
    for (const data of ["\xed\xa0\xbd\xed\xb8\x80", "a\xed\xa0\xbd\xed\xb8\x80\xc3\xb1"]) {
      expect(() => decodeUtf8(bytes(data), 0, data.length)).toThrow(SurrogatePairError);
    }
    const escapes = bytes("\\ud83d\\ude00");
    expect(() => decodeRawUnicodeEscape(escapes, 0, escapes.length)).toThrow(SurrogatePairError);
  });

  test("is none where other text stands between, or the order is another", () => {
    expect(decodeRawUnicodeEscape(bytes("\\ud83da\\ude00"), 0, 13)).toBe("\ud83da\ude00");
    expect(decodeRawUnicodeEscape(bytes("\\ude00\\ud83d"), 0, 12)).toBe("\ude00\ud83d");
    expect(decodeUtf8(bytes("\xf0\x9f\x98\x80\xed\xb8\x80"), 0, 7)).toBe("😀\ude00");
  });
});
