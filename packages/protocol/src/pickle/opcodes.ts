// The opcodes of the pickle language, protocols 0 to 5: the one table that the decoder reads its argument shapes from.
// Source: CPython Lib/pickletools.py (names, codes, arguments, protocols), PEP 307, PEP 3154, PEP 574.

/** Every opcode of pickle protocols 0 to 5, by the name that CPython's `pickletools` gives it. */
export enum Op {
  MARK = 0x28,
  STOP = 0x2e,
  POP = 0x30,
  POP_MARK = 0x31,
  DUP = 0x32,
  FLOAT = 0x46,
  INT = 0x49,
  BININT = 0x4a,
  BININT1 = 0x4b,
  LONG = 0x4c,
  BININT2 = 0x4d,
  NONE = 0x4e,
  PERSID = 0x50,
  BINPERSID = 0x51,
  REDUCE = 0x52,
  STRING = 0x53,
  BINSTRING = 0x54,
  SHORT_BINSTRING = 0x55,
  UNICODE = 0x56,
  BINUNICODE = 0x58,
  APPEND = 0x61,
  BUILD = 0x62,
  GLOBAL = 0x63,
  DICT = 0x64,
  EMPTY_DICT = 0x7d,
  APPENDS = 0x65,
  GET = 0x67,
  BINGET = 0x68,
  INST = 0x69,
  LONG_BINGET = 0x6a,
  LIST = 0x6c,
  EMPTY_LIST = 0x5d,
  OBJ = 0x6f,
  PUT = 0x70,
  BINPUT = 0x71,
  LONG_BINPUT = 0x72,
  SETITEM = 0x73,
  TUPLE = 0x74,
  EMPTY_TUPLE = 0x29,
  SETITEMS = 0x75,
  BINFLOAT = 0x47,
  // Protocol 2
  PROTO = 0x80,
  NEWOBJ = 0x81,
  EXT1 = 0x82,
  EXT2 = 0x83,
  EXT4 = 0x84,
  TUPLE1 = 0x85,
  TUPLE2 = 0x86,
  TUPLE3 = 0x87,
  NEWTRUE = 0x88,
  NEWFALSE = 0x89,
  LONG1 = 0x8a,
  LONG4 = 0x8b,
  // Protocol 3
  BINBYTES = 0x42,
  SHORT_BINBYTES = 0x43,
  // Protocol 4
  SHORT_BINUNICODE = 0x8c,
  BINUNICODE8 = 0x8d,
  BINBYTES8 = 0x8e,
  EMPTY_SET = 0x8f,
  ADDITEMS = 0x90,
  FROZENSET = 0x91,
  NEWOBJ_EX = 0x92,
  STACK_GLOBAL = 0x93,
  MEMOIZE = 0x94,
  FRAME = 0x95,
  // Protocol 5
  BYTEARRAY8 = 0x96,
  NEXT_BUFFER = 0x97,
  READONLY_BUFFER = 0x98,
}

/**
 * What follows an opcode in the stream: a number of bytes when it is 0 or more, else one of the shapes below.
 * Counted shapes are a little-endian length and that many bytes; a line ends with `\n`.
 */
export enum Shape {
  Counted1 = -1,
  Counted4 = -4,
  Counted8 = -8,
  Line = -10,
  TwoLines = -20,
  /** The byte is no opcode. */
  Unknown = -99,
}

/** The letters and digits that stand for the shapes in the tables below. */
const letters: Readonly<Record<string, Shape>> = {
  a: Shape.Counted1,
  b: Shape.Counted4,
  c: Shape.Counted8,
  l: Shape.Line,
  m: Shape.TwoLines,
};

// Names as text take half as many bytes in a bundle as the enum above, whose members are numbers there.

/** Protocols 0 and 1, and 3 in part: each opcode's character, its argument's shape, and its name. */
const printable = `(0MARK )0EMPTY_TUPLE .0STOP 00POP 10POP_MARK 20DUP BbBINBYTES CaSHORT_BINBYTES FlFLOAT G8BINFLOAT
IlINT J4BININT K1BININT1 LlLONG M2BININT2 N0NONE PlPERSID Q0BINPERSID R0REDUCE SlSTRING TbBINSTRING UaSHORT_BINSTRING
VlUNICODE XbBINUNICODE ]0EMPTY_LIST a0APPEND b0BUILD cmGLOBAL d0DICT e0APPENDS glGET h1BINGET imINST j4LONG_BINGET
l0LIST o0OBJ plPUT q1BINPUT r4LONG_BINPUT s0SETITEM t0TUPLE u0SETITEMS }0EMPTY_DICT`;

/** The others, from 0x80 on without a gap: the argument's shape and the name. */
const others = `1PROTO 0NEWOBJ 1EXT1 2EXT2 4EXT4 0TUPLE1 0TUPLE2 0TUPLE3 0NEWTRUE 0NEWFALSE aLONG1 bLONG4
aSHORT_BINUNICODE cBINUNICODE8 cBINBYTES8 0EMPTY_SET 0ADDITEMS 0FROZENSET 0NEWOBJ_EX 0STACK_GLOBAL 0MEMOIZE 8FRAME
cBYTEARRAY8 0NEXT_BUFFER 0READONLY_BUFFER`;

/** Each opcode's byte, and its row. */
function rowsByCode(): (readonly [code: number, row: string])[] {
  const first = printable.split(/\s/).map((row) => [row.charCodeAt(0), row.slice(1)] as const);
  return [...first, ...others.split(/\s/).map((row, i) => [0x80 + i, row] as const)];
}

/** The shape of each of the 256 possible opcode bytes. */
export const shapes: Int8Array = /* @__PURE__ */ (() => {
  const shapes = new Int8Array(256).fill(Shape.Unknown);
  for (const [code, row] of rowsByCode()) shapes[code] = letters[row[0] as string] ?? Number(row[0]);
  return shapes;
})();

/** The name of each opcode, as `pickletools` has it. */
export const opNames: readonly (string | undefined)[] = /* @__PURE__ */ (() => {
  const names: string[] = [];
  for (const [code, row] of rowsByCode()) names[code] = row.slice(1);
  return names;
})();

/** The highest pickle protocol there is, and the highest that this package reads and writes. */
export const HIGHEST_PROTOCOL = 5;

/** A version of the pickle language. */
export type PickleProtocol = 0 | 1 | 2 | 3 | 4 | 5;

/** CPython's frames: how many bytes make the pickler close one, and how few are not framed at all (PEP 3154). */
export const FRAME_SIZE_TARGET: number = 64 * 1024;
export const FRAME_SIZE_MIN = 4;

/** How many items CPython puts between one MARK and its APPENDS, SETITEMS or ADDITEMS. */
export const BATCH_SIZE = 1000;
