// What puts values on the stack of an unpickler: each step is one opcode, or the few that a pickler writes in a row.

import { Op } from "../src/pickle/opcodes.js";
import { extensionCodes } from "./input.js";
import { randomName } from "./names.js";
import type { Kind, Script } from "./script.js";
import { floatText, intText, quotedText, rawText, unicodeText, utf8Text } from "./texts.js";

/** Adds to a pickle that is made up. */
export type Step = (s: Script) => void;

/** An opcode with the two lines of a name. */
export function name(s: Script, op: Op): void {
  const [module, qualname] = randomName(s.random);
  s.op(op, `${module}\n${qualname}\n`);
}

function stackName(s: Script): void {
  for (const part of randomName(s.random)) s.counted(Op.SHORT_BINUNICODE, 1, part);
  s.op(Op.STACK_GLOBAL);
  s.push("name");
}

function atom(s: Script): void {
  s.random.pick(atoms)(s);
}

const bigNumbers = [0, 1, 127, 128, 255, 256, 32767, 65535, 0x7fffffff, -1, -2, -0x80000000];

const int: Step = (s) => {
  s.random.pick<Step>([
    () => s.line(Op.INT, intText(s.random)),
    () => s.line(Op.LONG, `${intText(s.random)}${s.random.pick(["L", "L", "L", ""])}`),
    () => s.sized(Op.BININT, 4, s.random.pick(bigNumbers)),
    () => s.sized(Op.BININT1, 1, s.random.below(4)),
    () => s.sized(Op.BININT2, 2, s.random.pick(bigNumbers)),
    () => s.counted(Op.LONG1, 1, rawText(s.random).slice(0, 255)),
    () => s.counted(Op.LONG4, 4, rawText(s.random)),
  ])(s);
  s.push("atom");
};

const float: Step = (s) => {
  if (s.random.below(2) === 0) s.line(Op.FLOAT, floatText(s.random));
  else s.op(Op.BINFLOAT, s.random.pick(doubles));
  s.push("atom");
};

const doubles = [
  "\0\0\0\0\0\0\0\0",
  "\x80\0\0\0\0\0\0\0",
  "\x3f\xf0\0\0\0\0\0\0",
  "\x40\0\0\0\0\0\0\0",
  "\x3f\xb9\x99\x99\x99\x99\x99\x9a",
  "\x7f\xf0\0\0\0\0\0\0",
  "\xff\xf8\0\0\0\0\0\0",
  "\x7f\xf0\0\0\0\0\0\x01",
  "\x43\x40\0\0\0\0\0\0",
  "\x43\x3f\xff\xff\xff\xff\xff\xff",
];

const text: Step = (s) => {
  s.random.pick<Step>([
    () => s.line(Op.STRING, quotedText(s.random)),
    () => s.counted(Op.BINSTRING, 4, s.random.pick([rawText, utf8Text])(s.random)),
    () => s.counted(Op.SHORT_BINSTRING, 1, s.random.pick([rawText, utf8Text])(s.random).slice(0, 255)),
    () => s.line(Op.UNICODE, unicodeText(s.random)),
    () => s.counted(Op.BINUNICODE, 4, utf8Text(s.random)),
    () => s.counted(Op.SHORT_BINUNICODE, 1, utf8Text(s.random).slice(0, 255)),
    () => s.counted(Op.BINUNICODE8, 8, utf8Text(s.random)),
  ])(s);
  s.push("text");
};

const bytes: Step = (s) => {
  s.random.pick<Step>([
    () => s.counted(Op.SHORT_BINBYTES, 1, rawText(s.random).slice(0, 255)),
    () => s.counted(Op.BINBYTES, 4, rawText(s.random)),
    () => s.counted(Op.BINBYTES8, 8, rawText(s.random)),
  ])(s);
  s.push("bytes");
};

/** None, True or False. */
export const single: Step = (s) => {
  s.op(s.random.pick([Op.NONE, Op.NEWTRUE, Op.NEWFALSE]));
  s.push("atom");
};

const atoms: readonly Step[] = [int, int, float, text, text, bytes, single];

/** An opcode that only puts something on the stack. */
function pushes(op: Op, kind: Kind): Step {
  return (s) => {
    s.op(op);
    s.push(kind);
  };
}

/** A name, its arguments and a call, whatever becomes of it. */
const call: Step = (s) => {
  if (s.random.below(2) === 0) stackName(s);
  else global(s);
  const count = s.random.below(4);
  for (let i = 0; i < count; i++) value(s);
  s.op([Op.EMPTY_TUPLE, Op.TUPLE1, Op.TUPLE2, Op.TUPLE3][count] as Op);
  s.op(s.random.pick([Op.REDUCE, Op.NEWOBJ]));
  s.pop(count + 1);
  s.push("made");
};

/** A call of what the codec knows by itself, as CPython's pickler writes it. */
const builtin: Step = (s) => {
  const python2 = s.random.below(2) === 0;
  const module = python2 ? "__builtin__" : "builtins";
  const [head, arg] = s.random.pick([
    [`c${module}\nset\n`, "](K\x01K\x02K\x01e\x85"],
    [`c${module}\nfrozenset\n`, "](K\x01K\x02e\x85"],
    [`c${module}\nset\n`, "]\x85"],
    [`c${module}\nset\n`, ")"],
    [`c${module}\nbytearray\n`, "C\x02ab\x85"],
    [`c${module}\nbytearray\n`, "X\x02\0\0\0\xc3\xa9X\x07\0\0\0latin-1\x86"],
    [`c${module}\nbytes\n`, ")"],
    ["c_codecs\nencode\n", "X\x02\0\0\0\xc3\xbfX\x06\0\0\0latin1\x86"],
    ["c_codecs\nencode\n", "X\x03\0\0\0\xe2\x82\xacX\x06\0\0\0latin1\x86"],
    [`c${python2 ? "copy_reg" : "copyreg"}\n_reconstructor\n`, `capp\nPoint\nc${module}\nobject\nN\x87`],
    [`c${python2 ? "copy_reg" : "copyreg"}\n_reconstructor\n`, `capp\nPoint\nc${module}\ndict\n}\x87`],
    ["ccopyreg\n__newobj_ex__\n", "capp\nPoint\nK\x01\x85}U\x01aK\x02s\x87"],
    ["ccopyreg\n__newobj__\n", "capp\nPoint\nK\x01\x86"],
    [`c${module}\ngetattr\n`, "capp\nOuter\nX\x05\0\0\0Inner\x86"],
  ] as const);
  s.text(`${head}${arg}R`);
  s.push("made", head.includes("frozenset") || head.includes("bytes\n"));
};

/** A name by GLOBAL. */
export const global: Step = (s) => {
  name(s, Op.GLOBAL);
  s.push("name");
};

/** Any value. */
export const value: Step = (s) => {
  s.random.pick(values)(s);
};

const extension: Step = (s) => {
  const { random } = s;
  const code = random.below(20) === 0 ? random.pick([0, 3, -1, -5]) : random.pick(extensionCodes);
  const width = random.pick([1, 2, 4].filter((bytes) => code <= 0 || bytes === 4 || code < 256 ** bytes));
  s.sized(width === 1 ? Op.EXT1 : width === 2 ? Op.EXT2 : Op.EXT4, width, code);
  s.push("name");
};

const persistent: Step = (s) => {
  s.line(Op.PERSID, s.random.below(9) === 0 ? rawText(s.random) : s.random.pick(["id", "7", "", "a b"]));
  s.push("persistent");
};

const values: readonly Step[] = [
  atom,
  atom,
  atom,
  atom,
  pushes(Op.EMPTY_LIST, "list"),
  pushes(Op.EMPTY_DICT, "dict"),
  pushes(Op.EMPTY_SET, "set"),
  pushes(Op.EMPTY_TUPLE, "tuple"),
  global,
  stackName,
  call,
  builtin,
  extension,
  persistent,
  (s) => {
    s.counted(Op.BYTEARRAY8, 8, rawText(s.random));
    s.push("bytearray");
  },
];
