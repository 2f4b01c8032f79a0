// Pickles by hand, for those who look at opcodes and not at values: each opcode, and what no pickler writes.

import { Op } from "../src/pickle/opcodes.js";
import { bytes, u32, u64 } from "./pickles.js";

const S = Op.STOP;
/** A value, where one is wanted. */
const N = Op.NONE;

/** Every opcode is in one of them. All are well formed, though no unpickler would take some. */
export const wellFormed: readonly Uint8Array[] = [
  // Ints
  ...["0", "-1", "00", "01", "000", " 7\t", "+5", "1_000", "-0", "9007199254740993"].map((int) =>
    bytes(Op.INT, `${int}\n`, S),
  ),
  ...["0", "-12L", "00", "123456789012345678901234567890L", " 1", "\v1\f"].map((int) =>
    bytes(Op.LONG, `${int}\n`, S),
  ),
  bytes(Op.LONG, `${"9".repeat(4300)}\n`, S),
  bytes(Op.LONG, `-${"0".repeat(4299)}7L\n`, S),
  ...[0, 1, 0x7fffffff, 0x80000000, 0xffffffff].map((int) => bytes(Op.BININT, u32(int), S)),
  bytes(Op.BININT1, 255, S),
  bytes(Op.BININT2, 0xff, 0xfe, S),
  ...["", "\0", "\xff", "\x00\x80", "\xff\x00", "\x01\x02\x03\x04\x05\x06\x07\x08\x09", "\xff".repeat(9)].map(
    (content) => bytes(Op.LONG1, content.length, content, S),
  ),
  bytes(Op.LONG4, u32(0), S),
  bytes(Op.LONG4, u32(9), "\x00".repeat(8), 0x80, S),
  bytes(Op.LONG4, u32(5000), "\x00".repeat(5000), S),
  bytes(Op.LONG4, u32(1785), "\x00".repeat(1784), 0x7f, S),
  // Floats
  ...[
    "1",
    "1.5",
    "-0.0",
    ".5",
    "5.",
    "1e400",
    "-INF",
    "+Infinity",
    "nan",
    "-nan",
    "1_0.2_5e1_0",
    " 2.5 ",
  ].map((float) => bytes(Op.FLOAT, `${float}\n`, S)),
  bytes(Op.BINFLOAT, 0x3f, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a, S),
  bytes(Op.BINFLOAT, 0x7f, 0xf8, "\0".repeat(6), S),
  bytes(Op.BINFLOAT, 0xff, 0xf0, "\0".repeat(6), S),
  bytes(Op.BINFLOAT, 0x44, "\0".repeat(7), S),
  // 8-bit strings
  ...[
    "''",
    '"it\'s"',
    "'say \"it\\'s\"'",
    "'it's'",
    "'",
    '"',
    String.raw`'\n\t\r\\\'\"\a\b\f\v\0\01\012\x41\q\u0041\177\501'`,
    "'\x01\x7f\r'",
  ].map((string) => bytes(Op.STRING, `${string}\n`, S)),
  bytes(Op.BINSTRING, u32(5), "a\xe9\xad'\n", S),
  bytes(Op.SHORT_BINSTRING, 3, '"\x80\\', S),
  // Texts
  ...[
    "",
    "plain",
    "\xe9\xa0\xad",
    "\\u20ac\\U0001f600",
    "\\\\u0041 \\n \\",
    "\\ud83d\\ude00 \\uDE00",
    "\\ud83d'",
  ].map((text) => bytes(Op.UNICODE, `${text}\n`, S)),
  ...[
    "",
    "it's",
    'say "it\'s"',
    "tab\tline\nreturn\rback\\slash\0\x1b\x7f",
    "\x80\x9f\xa0¡\xad¿ÿ",
    "文件 😀 e\u0301",
    "\u200b\u2028\u2029\u202e\u3000\ufeff\ufffe\ue000\u{e0001}\u{10ffff}\u0378",
  ].map((text) => {
    const content = new TextEncoder().encode(text);
    return bytes(Op.SHORT_BINUNICODE, content.length, content, S);
  }),
  // Lone surrogates, and two that are no pair to Python.
  bytes(Op.SHORT_BINUNICODE, 4, "\xed\xa0\x80a", S),
  bytes(Op.BINUNICODE, u32(8), "\xed\xa0\xbd\xed\xb8\x80'a", S),
  bytes(Op.BINUNICODE8, u64(10n), "\xed\xb8\x80\xf0\x9f\x98\x80\xed\x9f\xbf", S),
  bytes(Op.BINUNICODE8, u64(2n), "ab", S),
  // Bytes
  bytes(Op.SHORT_BINBYTES, 9, "'\"\n\t\r\\\0\x7f\xff", S),
  bytes(Op.BINBYTES, u32(2), "it", S),
  bytes(Op.BINBYTES8, u64(3n), "'a'", S),
  bytes(Op.BYTEARRAY8, u64(3n), "'\"\x80", S),
  bytes(Op.NEXT_BUFFER, Op.READONLY_BUFFER, S),
  // Containers
  bytes(Op.MARK, N, Op.NEWTRUE, Op.NEWFALSE, Op.LIST, S),
  bytes(Op.EMPTY_LIST, N, Op.APPEND, Op.MARK, N, N, Op.APPENDS, S),
  bytes(
    Op.MARK,
    Op.MARK,
    Op.MARK,
    Op.TUPLE,
    Op.TUPLE,
    N,
    Op.DICT,
    Op.TUPLE1,
    N,
    Op.TUPLE2,
    N,
    N,
    Op.TUPLE3,
    S,
  ),
  bytes(Op.EMPTY_DICT, N, N, Op.SETITEM, Op.MARK, N, Op.EMPTY_TUPLE, Op.SETITEMS, S),
  bytes(Op.PROTO, 4, Op.EMPTY_SET, Op.MARK, N, Op.ADDITEMS, Op.POP, Op.MARK, N, Op.FROZENSET, S),
  // The stack: a MARK that POP takes, one that DUP makes a value of
  bytes(N, Op.DUP, Op.POP, Op.MARK, Op.POP, Op.MARK, N, N, Op.POP_MARK, S),
  bytes(Op.MARK, Op.DUP, Op.POP, Op.POP, S),
  bytes(N, Op.MARK, N, Op.MARK, N, Op.POP, Op.POP, Op.POP_MARK, S),
  // The memo
  bytes(
    Op.EMPTY_LIST,
    Op.PUT,
    "0\n",
    Op.BINPUT,
    1,
    Op.LONG_BINPUT,
    u32(0xffffffff),
    Op.GET,
    "0\n",
    Op.APPEND,
    S,
  ),
  bytes(N, Op.PUT, "00\n", Op.PUT, "01\n", Op.GET, " +0\n", Op.BINGET, 1, Op.TUPLE2, S),
  bytes(N, Op.PUT, "-5\n", Op.PUT, "99999999999999999999\n", Op.GET, "99999999999999999999\n", Op.TUPLE2, S),
  bytes(N, Op.MEMOIZE, Op.BINPUT, 7, Op.MEMOIZE, Op.BINGET, 2, Op.LONG_BINGET, u32(7), Op.TUPLE3, S),
  // Classes and instances
  bytes(Op.GLOBAL, "builtins\nset\n", Op.EMPTY_TUPLE, Op.REDUCE, N, Op.BUILD, S),
  bytes(Op.GLOBAL, "a\\x41\nb 'c'\\'\n", S),
  bytes(Op.MARK, N, Op.INST, "mod\nA.B\n", S),
  bytes(Op.MARK, Op.GLOBAL, "mod\nA\n", N, Op.OBJ, S),
  bytes(Op.SHORT_BINUNICODE, 1, "m", Op.SHORT_BINUNICODE, 1, "C", Op.STACK_GLOBAL, N, Op.NEWOBJ, S),
  bytes(Op.GLOBAL, "\n\n", Op.EMPTY_TUPLE, Op.EMPTY_DICT, Op.NEWOBJ_EX, S),
  bytes(Op.EXT1, 1, Op.EXT2, 0x34, 0x12, Op.EXT4, u32(0x80000000), Op.TUPLE3, S),
  bytes(Op.PERSID, "some id\n", Op.BINPERSID, S),
  bytes(Op.PERSID, "\\'\\x0a\n", S),
  // The frame, whatever it says
  bytes(Op.PROTO, 255, Op.FRAME, u64(2n ** 64n - 1n), N, S, "what follows"),
];

/** Each ends with an error, and not for being cut short. */
export const malformed: readonly Uint8Array[] = [
  ...[0xff, 0x00, 0x27, 0x5c, 0x99].map((code) => bytes(N, code)),
  // The stack
  bytes(S),
  bytes(N, N, S),
  bytes(Op.EMPTY_LIST, Op.MARK, N, S),
  bytes(Op.POP),
  bytes(N, Op.TUPLE3, S),
  bytes(N, Op.APPENDS, S),
  bytes(Op.MARK, N, Op.APPENDS, S),
  bytes(N, Op.POP_MARK, S),
  bytes(Op.MARK, Op.TUPLE1, Op.TUPLE, S),
  bytes(N, Op.MARK, Op.DUP, Op.LIST, Op.LIST, S),
  // The memo
  bytes(N, Op.BINPUT, 1, Op.BINPUT, 1, S),
  bytes(N, Op.PUT, "00\n", Op.PUT, "00\n", S),
  bytes(N, Op.BINPUT, 1, Op.MEMOIZE, S),
  bytes(Op.BINPUT, 1, S),
  bytes(Op.MEMOIZE, S),
  bytes(Op.MARK, Op.BINPUT, 1, S),
  bytes(Op.GET, "01\n", S),
  bytes(Op.LONG_BINGET, u32(0xffffffff), S),
  // Numbers
  ...["", " ", "1L", "0x1", "1 2", "+-1", "1__0", "_1", "1_", "\xb2", "\xa01", "1\0"].map((int) =>
    bytes(Op.INT, `${int}\n`, S),
  ),
  ...["L", "1LL", "1L ", "1e5", "1.0"].map((int) => bytes(Op.LONG, `${int}\n`, S)),
  ...["", "1..2", "0x1p3", "1e", "1_.5", "1._5", "in_f", "nano", "\xa01.5", "1\x85", "1,5"].map((float) =>
    bytes(Op.FLOAT, `${float}\n`, S),
  ),
  bytes(Op.INT, `${"9".repeat(4301)}\n`, S),
  bytes(Op.LONG, `-${"1_".repeat(4300)}1L\n`, S),
  bytes(N, Op.LONG4, u32(1800), "\x00".repeat(1799), 0x7f, S),
  bytes(N, Op.LONG4, u32(1786), "\x00".repeat(1785), 0xa0, S),
  // Lengths
  bytes(Op.BINSTRING, u32(0xffffffff), S),
  bytes(Op.LONG4, u32(0x80000000), S),
  bytes(Op.BINBYTES, u32(0xffffffff), S),
  bytes(Op.BINBYTES8, u64(2n ** 63n), S),
  bytes(Op.BYTEARRAY8, u64(2n ** 63n - 1n), S),
  bytes(Op.BINUNICODE8, u64(2n ** 64n - 1n), S),
  // Texts
  ...["", "abc", "'abc", "abc'", "\"abc'", " 'abc'", "'\xe9'", "'\\xe9'", "'\\x4'", "'\\", "'\\'"].map(
    (string) => bytes(Op.STRING, `${string}\n`, S),
  ),
  ...["\\u12", "\\U00110000", "\\U0001F60", "\\ud83d\\u"].map((text) => bytes(Op.UNICODE, `${text}\n`, S)),
  ...["\xff", "\xc0\x80", "\xed\xa0", "\xed\xa0\xff", "\xf5\x80\x80\x80", "\xe2\x82"].map((text) =>
    bytes(Op.SHORT_BINUNICODE, text.length, text, S),
  ),
  bytes(Op.PERSID, "\xe9\n", S),
  bytes(Op.GLOBAL, "a\nb\\\n", S),
  bytes(Op.MARK, Op.INST, "a\\x\nb\n", S),
];
