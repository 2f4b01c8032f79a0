// Inputs made up opcode by opcode. Most are valid as far as the stack goes; their arguments are what texts.ts makes up.

import { Op } from "../src/pickle/opcodes.js";
import type { Random } from "../test/random.js";
import { WITH_BUFFERS } from "./input.js";
import { type Kind, Script } from "./script.js";
import { global, name, type Step, single, value } from "./steps.js";
import { indexText } from "./texts.js";

/** A step, and whether the stack has what it wants. */
interface Rule {
  readonly wants: (s: Script) => boolean;
  readonly step: Step;
}

const isKind = (s: Script, under: number, ...kinds: readonly Kind[]): boolean =>
  kinds.includes(s.under(under)?.kind as Kind);
/** Whether what stands below the topmost mark is of one of those kinds. */
const below = (s: Script, ...kinds: readonly Kind[]): boolean => {
  const at = s.fence - 1;
  return s.marks.length > 0 && at >= (s.marks.at(-2) ?? 0) && kinds.includes(s.stack[at]?.kind as Kind);
};
const callable: readonly Kind[] = ["name", "name", "made", "persistent"];
const above = (s: Script): readonly { readonly key: boolean }[] => s.stack.slice(s.fence);
const keysHash = (s: Script): boolean => above(s).every((slot, i) => i % 2 === 1 || slot.key);

function put(s: Script): void {
  const { random } = s;
  const top = s.under(0) ?? { kind: "atom", key: true };
  if (random.below(2) === 0) {
    s.op(Op.MEMOIZE);
    s.memo.set(s.memo.size, top);
    return;
  }
  const index = random.below(40) === 0 ? random.pick([255, 256, 70000]) : random.below(12);
  if (random.below(3) === 0) s.line(Op.PUT, indexText(random, index));
  else if (index < 256 && random.below(2) === 0) s.sized(Op.BINPUT, 1, index);
  else s.sized(Op.LONG_BINPUT, 4, random.below(100) === 0 ? -1 : index);
  s.memo.set(index, top);
}

function get(s: Script): void {
  const { random } = s;
  const [index, slot] = random.pick([...s.memo]) ?? [random.below(3), { kind: "atom", key: true }];
  if (random.below(3) === 0) s.line(Op.GET, indexText(random, index));
  else if (index < 256 && random.below(2) === 0) s.sized(Op.BINGET, 1, index);
  else s.sized(Op.LONG_BINGET, 4, index);
  s.stack.push(slot);
}

function tuple(s: Script, count: number): void {
  s.op([Op.TUPLE1, Op.TUPLE2, Op.TUPLE3][count - 1] as Op);
  s.push(
    "tuple",
    s.pop(count).every(({ key }) => key),
  );
}

function rule(wants: (s: Script) => boolean, step: Step): Rule {
  return { wants, step };
}

/** Takes what stands on the stack, and leaves what it makes of it. */
function takes(op: Op, count: number, kind?: Kind): Step {
  return (s) => {
    s.op(op);
    s.pop(count);
    if (kind) s.push(kind);
  };
}

function takesMark(op: Op, kind?: Kind): Step {
  return (s) => {
    s.op(op);
    const items = s.popMark();
    if (kind)
      s.push(kind, kind === "made" || ((kind === "tuple" || kind === "frozen") && items.every((i) => i.key)));
  };
}

const marked = (s: Script): boolean => s.marks.length > 0;
const even = (s: Script): boolean => s.height % 2 === 0;

const rules: readonly Rule[] = [
  rule((s) => s.height > 0, put),
  rule((s) => s.height > 0, put),
  rule((s) => s.memo.size > 0, get),
  rule((s) => s.memo.size > 0, get),
  rule(
    (s) => s.height > 0,
    (s) => {
      s.op(Op.DUP);
      s.stack.push(s.stack.at(-1) ?? { kind: "atom", key: true });
    },
  ),
  rule((s) => s.height > 1, takes(Op.POP, 1)),
  rule(marked, takesMark(Op.POP_MARK)),
  rule(
    (s) => s.height > 0,
    (s) => tuple(s, 1),
  ),
  rule(
    (s) => s.height > 1,
    (s) => tuple(s, 2),
  ),
  rule(
    (s) => s.height > 2,
    (s) => tuple(s, 3),
  ),
  rule(marked, takesMark(Op.TUPLE, "tuple")),
  rule(marked, takesMark(Op.LIST, "list")),
  rule((s) => marked(s) && even(s) && keysHash(s), takesMark(Op.DICT, "dict")),
  rule((s) => marked(s) && above(s).every(({ key }) => key), takesMark(Op.FROZENSET, "frozen")),
  rule((s) => isKind(s, 1, "list", "made"), takes(Op.APPEND, 1)),
  rule((s) => below(s, "list", "made"), takesMark(Op.APPENDS)),
  rule((s) => isKind(s, 2, "dict", "made") && s.under(1)?.key === true, takes(Op.SETITEM, 2)),
  rule((s) => below(s, "dict", "made") && even(s) && keysHash(s), takesMark(Op.SETITEMS)),
  rule((s) => below(s, "set", "made") && above(s).every(({ key }) => key), takesMark(Op.ADDITEMS)),
  rule((s) => isKind(s, 1, ...callable) && isKind(s, 0, "tuple"), takes(Op.REDUCE, 2, "made")),
  rule((s) => isKind(s, 1, "name") && isKind(s, 0, "tuple"), takes(Op.NEWOBJ, 2, "made")),
  rule(
    (s) => isKind(s, 2, "name") && isKind(s, 1, "tuple") && isKind(s, 0, "dict"),
    takes(Op.NEWOBJ_EX, 3, "made"),
  ),
  rule((s) => marked(s) && s.height > 0 && s.stack[s.fence]?.kind === "name", takesMark(Op.OBJ, "made")),
  rule(marked, (s) => {
    name(s, Op.INST);
    s.popMark();
    s.push("made");
  }),
  rule((s) => isKind(s, 1, "made"), takes(Op.BUILD, 1)),
  rule((s) => isKind(s, 1, "made"), takes(Op.BUILD, 1)),
  rule(
    (s) => isKind(s, 0, "made"),
    (s) => {
      s.op(Op.EMPTY_DICT);
      if (s.random.below(2) === 0) s.text("X\x01\0\0\0xK\x01s");
      s.op(Op.BUILD);
    },
  ),
  rule((s) => s.height > 0, takes(Op.BINPERSID, 1, "persistent")),
  rule((s) => isKind(s, 0, "text") && isKind(s, 1, "text"), takes(Op.STACK_GLOBAL, 2, "name")),
  rule(
    (s) => isKind(s, 0, "bytearray", "bytes", "buffer"),
    (s) => s.op(Op.READONLY_BUFFER),
  ),
];

const newObjectWithKeywords: Step = (s) => {
  global(s);
  s.text(s.random.pick([")}", "K\x01\x85}X\x01\0\0\0aNs", ")}K\x01Ns", "N\x85}(\x8c\x01aN\x8c\x01bNu"]));
  s.op(Op.NEWOBJ_EX);
  s.pop(1);
  s.push("made");
};

function nextBuffer(s: Script): void {
  s.op(Op.NEXT_BUFFER);
  s.buffers += 1;
  s.push("buffer");
  if (s.random.below(3) === 0) s.op(Op.READONLY_BUFFER);
}

function header(s: Script): void {
  const { random } = s;
  const protocol = random.below(60) === 0 ? random.below(256) : random.below(6);
  if (random.below(3) > 0) s.sized(Op.PROTO, 1, protocol);
  if (random.below(4) === 0) s.frame();
}

/** Does a step, most often one that the stack has what it wants for. */
function advance(s: Script, options: number): void {
  const { random } = s;
  const choice = random.below(100);
  if (choice < 30) value(s);
  else if (choice < 38) s.mark();
  else if (choice < 40) newObjectWithKeywords(s);
  else if (choice < 42) {
    if (random.below(20) === 0 || (options & WITH_BUFFERS && s.buffers < 4)) nextBuffer(s);
  } else if (choice < 43) header(s);
  else {
    const bold = random.below(60) === 0;
    for (let tries = 0; tries < 8; tries++) {
      const { wants, step } = random.pick(rules);
      if (!bold && !wants(s)) continue;
      step(s);
      return;
    }
  }
}

/** Leaves one value on the stack, with most of the others in it. */
function gather(s: Script): void {
  while (s.marks.length > 0) takesMark(s.random.below(2) === 0 ? Op.LIST : Op.TUPLE, "list")(s);
  if (s.stack.length === 0) single(s);
  while (s.stack.length > 1) tuple(s, Math.min(s.stack.length, 3));
}

/** Makes a pickle up. */
export function makeUp(random: Random, options: number): Uint8Array {
  const s = new Script(random);
  header(s);
  const steps = 1 + random.below(random.below(12) === 0 ? 120 : 25);
  for (let i = 0; i < steps; i++) advance(s, options);
  if (random.below(50) > 0) gather(s);
  return s.stop();
}
