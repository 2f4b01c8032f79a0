// Rows of short strings are read many at once where the input is whole, and one by one where it comes byte by byte: both
// must do the same, down to the offset of an error.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Decoder, type DecoderOptions, decode, encode, PickleDecodeError, type PyValue } from "./index.js";
import { Op } from "./opcodes.js";

const utf8 = new TextEncoder();

function text(value: string): number[] {
  const bytes = utf8.encode(value);
  return [Op.SHORT_BINUNICODE, bytes.length, ...bytes, Op.MEMOIZE];
}

const STOP = [Op.STOP];
const short = fc.string({ unit: "grapheme-ascii", maxLength: 30 });
const mixed = fc.oneof({ weight: 20, arbitrary: short }, fc.string({ unit: "grapheme", maxLength: 20 }));
const row = fc
  .array(fc.oneof({ weight: 5, arbitrary: short }, mixed), { minLength: 6, maxLength: 90 })
  .map((texts) => texts.flatMap(text));
const list = row.map((items) => [Op.EMPTY_LIST, Op.MEMOIZE, Op.MARK, ...items, Op.APPENDS]);
const simple = fc.oneof(
  short.map(text),
  fc.constantFrom<number[][]>([Op.NONE], [Op.NEWTRUE], [Op.NEWFALSE], [Op.BININT1, 200], [Op.BININT2, 1, 2]),
  fc.constantFrom<number[][]>(
    [Op.BININT, 1, 2, 3, 255],
    [Op.BINFLOAT, 63, 240, 0, 0, 0, 0, 0, 0],
    [Op.BINGET, 2],
  ),
  fc.constantFrom<number[][]>(
    [Op.FRAME, 0, 0, 0, 0, 0, 0, 0, 0],
    [Op.BINPUT, 200],
    [Op.BINFLOAT, 63, 248, 0, 0, 0, 0, 0, 0],
  ),
);
const { nested } = fc.letrec<{ nested: number[]; item: number[] }>((tie) => ({
  nested: fc.oneof(
    fc
      .array(fc.tuple(fc.oneof({ weight: 9, arbitrary: short.map(text) }, simple), tie("item")), {
        maxLength: 4,
      })
      .map((pairs) => [Op.EMPTY_DICT, Op.MEMOIZE, Op.MARK, ...pairs.flat(2), Op.SETITEMS]),
    fc
      .array(tie("item"), { maxLength: 12 })
      .map((items) => [Op.EMPTY_LIST, Op.MEMOIZE, Op.MARK, ...items.flat(), Op.APPENDS]),
    fc.constantFrom<number[][]>([Op.EMPTY_LIST, Op.MEMOIZE], [Op.EMPTY_DICT, Op.MEMOIZE], [Op.EMPTY_DICT]),
  ),
  item: fc.oneof({ depthSize: "small" }, { weight: 3, arbitrary: simple }, tie("nested")),
}));
const opcode = fc.constantFrom(
  [Op.EMPTY_LIST],
  [Op.EMPTY_DICT],
  [Op.MARK],
  [Op.MEMOIZE],
  [Op.APPENDS],
  [Op.APPEND],
  [Op.TUPLE],
  [Op.POP],
  [Op.POP_MARK],
  [Op.DUP],
  [Op.SETITEMS],
  [Op.NONE],
  [Op.BINPUT, 3],
  // A class whose instances take away what is in lists.
  [Op.GLOBAL, ...utf8.encode("m\nclear\n")],
  [Op.TUPLE1, Op.REDUCE],
  [Op.EMPTY_TUPLE, Op.REDUCE],
);
const recall = fc.nat(120).map((index) => [Op.BINGET, index]);
const program = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: row },
    { weight: 4, arbitrary: list },
    { weight: 4, arbitrary: nested },
    opcode,
    opcode,
    recall,
  ),
  { maxLength: 12 },
);
const limits = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  fc.record({ maxOpcodes: fc.nat(200) }),
  fc.record({ maxMemo: fc.nat(100) }),
  fc.record({ maxStack: fc.nat(100) }),
  fc.record({ maxItems: fc.nat(100) }),
  fc.record({ maxObjects: fc.nat(12) }),
  fc.record({ maxDepth: fc.nat(8) }),
  fc.record({ maxBytes: fc.nat(2000) }),
);

/** What comes of a pickle: its value with what is one object in it, or the error. */
function outcome(act: () => PyValue): unknown {
  try {
    const value = act();
    return { value, again: Array.from(encode(value, { protocol: 4, shareStrings: false })) };
  } catch (error) {
    if (!(error instanceof PickleDecodeError)) return { thrown: String(error) };
    const { code, offset, opcode, limit } = error;
    return { code, offset, opcode, limit };
  }
}

function options(limits: DecoderOptions["limits"]): DecoderOptions {
  const create = (args: readonly PyValue[]): PyValue => {
    for (const arg of args) if (Array.isArray(arg)) arg.length = 0;
    return [];
  };
  return { limits, findClass: (_module, name) => (name === "clear" ? { create } : undefined) };
}

function byteByByte(bytes: Uint8Array, settings: DecoderOptions): PyValue {
  const decoder = new Decoder(settings);
  for (const byte of bytes) {
    for (const event of decoder.push(Uint8Array.of(byte))) if (event.type === "value") return event.value;
  }
  decoder.end();
  throw new Error("there is no value");
}

describe("A row of short strings", () => {
  test("is read at once as it is one by one, whatever follows it and whichever limit it meets", () => {
    fc.assert(
      fc.property(program, limits, (parts, settings) => {
        const bytes = Uint8Array.from([Op.PROTO, 4, ...parts.flat(), ...STOP]);
        expect(outcome(() => decode(bytes, options(settings)))).toEqual(
          outcome(() => byteByByte(bytes, options(settings))),
        );
      }),
      { numRuns: 3000 },
    );
  });

  test("can be referred to after the app's code has changed the list that it went into", () => {
    const names = Array.from({ length: 20 }, (_, i) => `nombre ${i}`);
    const bytes = Uint8Array.from([
      ...[Op.PROTO, 4, Op.MARK, Op.GLOBAL, ...utf8.encode("m\nclear\n")],
      ...[Op.EMPTY_LIST, Op.MARK, ...names.flatMap(text), Op.APPENDS],
      ...[Op.TUPLE1, Op.REDUCE, Op.BINGET, 7, Op.BINGET, 19, Op.TUPLE, Op.STOP],
    ]);
    expect(decode(bytes, options({}))).toEqual({ items: [[], "nombre 7", "nombre 19"] });
  });

  test("is left out of the list below it where it is not appended", () => {
    const names = Array.from({ length: 20 }, (_, i) => `nombre ${i}`);
    const begun = [Op.PROTO, 4, Op.EMPTY_LIST, Op.MARK, ...names.flatMap(text)];
    expect(decode(Uint8Array.from([...begun, Op.POP_MARK, Op.STOP]))).toEqual([]);
    expect(decode(Uint8Array.from([...begun, Op.NONE, Op.APPENDS, Op.STOP]))).toEqual([...names, null]);
    expect(decode(Uint8Array.from([...begun, Op.TUPLE, Op.APPEND, Op.STOP]))).toEqual([{ items: names }]);
  });

  test("keeps its characters where they are not ASCII", () => {
    const names = Array.from({ length: 300 }, (_, i) => (i % 7 === 3 ? `año ${i} ☃ 🎈` : `informe ${i}.pdf`));
    expect(decode(encode(names))).toEqual(names);
  });
});
