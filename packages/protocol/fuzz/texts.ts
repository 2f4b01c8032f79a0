// Arguments that are written as text, well formed and otherwise: what a pickle's lines may hold.

import type { Random } from "../test/random.js";

const digits = ["0", "1", "7", "42", "255", "2147483648", "9007199254740993", "18446744073709551616"];

const oddInts = [
  "",
  "00",
  "01",
  "-00",
  "-01",
  "+1",
  "+0",
  "-0",
  " 1",
  "1 ",
  "\t7\r",
  "\x0b3\x0c",
  "007",
  "010",
  "089",
  "0x1f",
  "0X1F",
  "-0xff",
  "0x",
  "0x_1",
  "0o17",
  "0b101",
  "0b2",
  "0_0",
  "0_1",
  "1_000",
  "1__0",
  "_1",
  "1_",
  "1e3",
  "1.0",
  "--1",
  "+ 1",
  "1L",
  "L",
  "0L",
  "1LL",
  "1l",
  "1\0",
  "1\x002",
  "\x001",
  "\x85 1",
  "1\xa0",
  "\x1c1",
  "1\x1f",
  "True",
  "None",
  "0x7fffffffffffffff",
  "0x8000000000000000",
  "-0x8000000000000000",
  "-0x8000000000000001",
  "0777777777777777777777",
  "01000000000000000000000",
  "9223372036854775807",
  "9223372036854775808",
  "-9223372036854775808",
  "-9223372036854775809",
];

/** Around the places where a line is too long for one of the sides. */
const longInts = [
  "9".repeat(4300),
  "9".repeat(4301),
  `-${"1".repeat(4300)}`,
  `${"0".repeat(4301)}`,
  `${"0".repeat(4300)}1`,
  `0x${"f".repeat(4301)}`,
  `${"1_".repeat(4299)}1`,
  `${" ".repeat(4400)}1`,
];

function plainInt(random: Random): string {
  return `${random.pick(["", "", "", "-", "+"])}${random.pick(digits)}`;
}

/** The line of an INT or LONG. */
export function intText(random: Random): string {
  const kind = random.below(200);
  if (kind === 0) return random.pick(longInts);
  return kind < 100 ? random.pick(oddInts) : plainInt(random);
}

/** The line of a GET or PUT. */
export function indexText(random: Random, index: number): string {
  switch (random.below(24)) {
    case 0:
      return random.pick(oddInts);
    case 1:
      return `0${index}`;
    case 2:
      return ` ${index}\t`;
    case 3:
      return `+${index}`;
    default:
      return String(index);
  }
}

const floats = [
  "0.0",
  "-0.0",
  "1.0",
  "1",
  ".5",
  "5.",
  "1e3",
  "1E+3",
  "1e-400",
  "1e400",
  "-1e400",
  "1.7976931348623157e308",
  "1.7976931348623159e308",
  "4.9e-324",
  "2.4703282292062327e-324",
  "2.4703282292062328e-324",
  "9007199254740993",
  "9007199254740992.9999",
  "nan",
  "NaN",
  "-nan",
  "nan(1)",
  "inf",
  "-Inf",
  "+infinity",
  "INFINITY",
  "infinit",
  "",
  ".",
  "e5",
  "1e",
  "1e+",
  "1_0.5",
  "0x1p3",
  " 1.5",
  "1.5 ",
  "1.5\r",
  "1.5\0",
  "1.5\0x",
  "\t2.5",
  "1,5",
  "1.5f",
  "--1.5",
  "+ 1.5",
  "00.5",
  "1.5e0005",
  "1d5",
];

/** The line of a FLOAT. */
export function floatText(random: Random): string {
  return random.below(4) === 0 ? String(random.double()) : random.pick(floats);
}

const escapes = [
  "a",
  "b",
  " ",
  "\t",
  "\r",
  "\0",
  "\x7f",
  "\x80",
  "\xe9",
  "\xff",
  "'",
  '"',
  "\\\\",
  "\\'",
  '\\"',
  "\\n",
  "\\r",
  "\\t",
  "\\a\\b\\v\\f",
  "\\0",
  "\\7",
  "\\08",
  "\\101",
  "\\377",
  "\\400",
  "\\777",
  "\\x41",
  "\\xe9",
  "\\xFF",
  "\\x4",
  "\\x",
  "\\xg1",
  "\\q",
  "\\8",
  "\\u0041",
  "\\U00000041",
  "\\N{DASH}",
  "\\",
];

function run(random: Random, of: readonly string[], most: number): string {
  return Array.from({ length: random.below(most) }, () => random.pick(of)).join("");
}

/** The line of a STRING. */
export function quotedText(random: Random): string {
  const quote = random.pick(["'", "'", "'", "'", '"', '"', "", " '", "`"]);
  const end = random.below(12) === 0 ? random.pick(["", "'", '"', " ", "\r", "' ", "'\0"]) : quote.trim();
  return `${quote}${run(random, escapes, 7)}${end}`;
}

const rawEscapes = [
  "a",
  "\xe9",
  "\0",
  "\r",
  "\\",
  "\\\\",
  "\\n",
  "\\u0041",
  "\\u000a",
  "\\u20AC",
  "\\U0001f600",
  "\\U0010ffff",
  "\\U00110000",
  "\\Uffffffff",
  "\\U0000d800",
  "\\ud83d",
  "\\ude00",
  "\\udfff",
  "\\u12",
  "\\U0001f60",
  "\\u",
  "\\U",
  "\\x41",
  "\\ug000",
  "\\u 041",
  "\\u+041",
  "\\u0x41",
];

/** The line of a UNICODE. */
export function unicodeText(random: Random): string {
  return run(random, rawEscapes, 6);
}

const utf8 = [
  "a",
  "spam",
  "\0",
  "\n",
  "é",
  "文",
  "\ufeff",
  "\u{1f600}",
  "\u{10ffff}",
  "__proto__",
  "constructor",
].map((text) => Buffer.from(text).toString("latin1"));

/** Surrogates, alone and in pairs, overlong forms, cut ones, and what is above the last code point. */
const oddUtf8 = [
  "\xed\xa0\xbd",
  "\xed\xb8\x80",
  "\xed\xbf\xbf",
  "\xed\xa0",
  "\xed\x9f\xbf",
  "\xee\x80\x80",
  "\x80",
  "\xc0\x80",
  "\xc1\xbf",
  "\xe0\x80\x80",
  "\xe0\xa0\x80",
  "\xf0\x80\x80\x80",
  "\xf0\x90\x80\x80",
  "\xf4\x90\x80\x80",
  "\xf5",
  "\xff",
  "\xe4\xb8",
  "\xf0\x9f\x98",
];

/** The bytes of a BINUNICODE and its like, one character each. */
export function utf8Text(random: Random): string {
  const text = random.below(8) === 0 ? run(random, [...utf8, ...oddUtf8], 5) : run(random, utf8, 4);
  return random.below(40) === 0 ? text.repeat(40) : text;
}

/** What an 8-bit string, bytes or a bytearray holds. */
export function rawText(random: Random): string {
  const length = random.below(12) === 0 ? random.below(300) : random.below(5);
  const plain = random.below(2) === 0;
  return Array.from({ length }, () => String.fromCharCode(random.below(plain ? 0x80 : 0x100))).join("");
}
