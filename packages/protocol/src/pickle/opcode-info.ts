// What the disassembler knows of each opcode beside its code: its protocol, the kind of its argument, and what it takes
// from the stack and leaves there. Apart from opcodes.ts, so that the codec does not carry it.
// Source: CPython Lib/pickletools.py, against which a test holds every row.

import { Op, type PickleProtocol } from "./opcodes.js";

/**
 * What can stand on the unpickler's stack, by the names of CPython's `pickletools`. `stackslice` is all that stands above
 * the topmost `mark`.
 */
export type StackKind =
  | "any"
  | "bool"
  | "buffer"
  | "bytearray"
  | "bytes"
  | "bytes_or_str"
  | "dict"
  | "float"
  | "frozenset"
  | "int"
  | "int_or_bool"
  | "list"
  | "mark"
  | "None"
  | "set"
  | "stackslice"
  | "str"
  | "tuple";

/** How an argument is written, by the names of CPython's `pickletools`; `nl` are lines of text. */
export type ArgumentKind =
  | "bytearray8"
  | "bytes1"
  | "bytes4"
  | "bytes8"
  | "decimalnl_long"
  | "decimalnl_short"
  | "float8"
  | "floatnl"
  | "int4"
  | "long1"
  | "long4"
  | "string1"
  | "string4"
  | "stringnl"
  | "stringnl_noescape"
  | "stringnl_noescape_pair"
  | "uint1"
  | "uint2"
  | "uint4"
  | "uint8"
  | "unicodestring1"
  | "unicodestring4"
  | "unicodestring8"
  | "unicodestringnl";

/** What is known of an opcode. */
export interface OpcodeInfo {
  /** The first protocol that has it. */
  readonly protocol: PickleProtocol;
  /** Undefined where it has no argument. */
  readonly argument: ArgumentKind | undefined;
  /** What it takes from the stack, the topmost last. */
  readonly before: readonly StackKind[];
  /** What it leaves there instead, the topmost last. */
  readonly after: readonly StackKind[];
}

type Row = readonly [
  op: Op,
  protocol: PickleProtocol,
  argument: ArgumentKind | "",
  before: string,
  after: string,
];

/** In one function, which bundlers drop with what it makes where nobody disassembles. */
function table(): ReadonlyMap<number, OpcodeInfo> {
  const rows: readonly Row[] = [
    [Op.INT, 0, "decimalnl_short", "", "int_or_bool"],
    [Op.BININT, 1, "int4", "", "int"],
    [Op.BININT1, 1, "uint1", "", "int"],
    [Op.BININT2, 1, "uint2", "", "int"],
    [Op.LONG, 0, "decimalnl_long", "", "int"],
    [Op.LONG1, 2, "long1", "", "int"],
    [Op.LONG4, 2, "long4", "", "int"],
    [Op.STRING, 0, "stringnl", "", "bytes_or_str"],
    [Op.BINSTRING, 1, "string4", "", "bytes_or_str"],
    [Op.SHORT_BINSTRING, 1, "string1", "", "bytes_or_str"],
    [Op.BINBYTES, 3, "bytes4", "", "bytes"],
    [Op.SHORT_BINBYTES, 3, "bytes1", "", "bytes"],
    [Op.BINBYTES8, 4, "bytes8", "", "bytes"],
    [Op.BYTEARRAY8, 5, "bytearray8", "", "bytearray"],
    [Op.NEXT_BUFFER, 5, "", "", "buffer"],
    [Op.READONLY_BUFFER, 5, "", "buffer", "buffer"],
    [Op.NONE, 0, "", "", "None"],
    [Op.NEWTRUE, 2, "", "", "bool"],
    [Op.NEWFALSE, 2, "", "", "bool"],
    [Op.UNICODE, 0, "unicodestringnl", "", "str"],
    [Op.SHORT_BINUNICODE, 4, "unicodestring1", "", "str"],
    [Op.BINUNICODE, 1, "unicodestring4", "", "str"],
    [Op.BINUNICODE8, 4, "unicodestring8", "", "str"],
    [Op.FLOAT, 0, "floatnl", "", "float"],
    [Op.BINFLOAT, 1, "float8", "", "float"],
    [Op.EMPTY_LIST, 1, "", "", "list"],
    [Op.APPEND, 0, "", "list any", "list"],
    [Op.APPENDS, 1, "", "list mark stackslice", "list"],
    [Op.LIST, 0, "", "mark stackslice", "list"],
    [Op.EMPTY_TUPLE, 1, "", "", "tuple"],
    [Op.TUPLE, 0, "", "mark stackslice", "tuple"],
    [Op.TUPLE1, 2, "", "any", "tuple"],
    [Op.TUPLE2, 2, "", "any any", "tuple"],
    [Op.TUPLE3, 2, "", "any any any", "tuple"],
    [Op.EMPTY_DICT, 1, "", "", "dict"],
    [Op.DICT, 0, "", "mark stackslice", "dict"],
    [Op.SETITEM, 0, "", "dict any any", "dict"],
    [Op.SETITEMS, 1, "", "dict mark stackslice", "dict"],
    [Op.EMPTY_SET, 4, "", "", "set"],
    [Op.ADDITEMS, 4, "", "set mark stackslice", "set"],
    [Op.FROZENSET, 4, "", "mark stackslice", "frozenset"],
    [Op.POP, 0, "", "any", ""],
    [Op.DUP, 0, "", "any", "any any"],
    [Op.MARK, 0, "", "", "mark"],
    [Op.POP_MARK, 1, "", "mark stackslice", ""],
    [Op.GET, 0, "decimalnl_short", "", "any"],
    [Op.BINGET, 1, "uint1", "", "any"],
    [Op.LONG_BINGET, 1, "uint4", "", "any"],
    [Op.PUT, 0, "decimalnl_short", "", ""],
    [Op.BINPUT, 1, "uint1", "", ""],
    [Op.LONG_BINPUT, 1, "uint4", "", ""],
    [Op.MEMOIZE, 4, "", "any", "any"],
    [Op.EXT1, 2, "uint1", "", "any"],
    [Op.EXT2, 2, "uint2", "", "any"],
    [Op.EXT4, 2, "int4", "", "any"],
    [Op.GLOBAL, 0, "stringnl_noescape_pair", "", "any"],
    [Op.STACK_GLOBAL, 4, "", "str str", "any"],
    [Op.REDUCE, 0, "", "any any", "any"],
    [Op.BUILD, 0, "", "any any", "any"],
    [Op.INST, 0, "stringnl_noescape_pair", "mark stackslice", "any"],
    [Op.OBJ, 1, "", "mark any stackslice", "any"],
    [Op.NEWOBJ, 2, "", "any any", "any"],
    [Op.NEWOBJ_EX, 4, "", "any any any", "any"],
    [Op.PROTO, 2, "uint1", "", ""],
    [Op.STOP, 0, "", "any", ""],
    [Op.FRAME, 4, "uint8", "", ""],
    [Op.PERSID, 0, "stringnl_noescape", "", "any"],
    [Op.BINPERSID, 1, "", "any", "any"],
  ];
  const kinds = (names: string): readonly StackKind[] =>
    Object.freeze(names.split(" ").filter(Boolean) as StackKind[]);
  return new Map(
    rows.map(([op, protocol, argument, before, after]) => [
      op,
      { protocol, argument: argument || undefined, before: kinds(before), after: kinds(after) },
    ]),
  );
}

/** The row of each opcode. */
export const opcodeInfo: ReadonlyMap<number, OpcodeInfo> = /* @__PURE__ */ table();
