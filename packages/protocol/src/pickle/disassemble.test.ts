import { beforeAll, describe, expect, test } from "vitest";
import { dataModel } from "../../test/data-model.js";
import { malformed, wellFormed } from "../../test/hand-written-pickles.js";
import { bytes, refusal, u32, u64 } from "../../test/pickles.js";
import {
  type DisassemblyCase,
  type PickleTools,
  type PythonDisassembly,
  pickleTools,
} from "../../test/python-disassemblies.js";
import { pythonPickles } from "../../test/python-pickles.js";
import { Random } from "../../test/random.js";
import { type DisassembledOp, disassemble, formatDisassembly } from "./disassemble.js";
import type { PickleDecodeError, PickleDecodeErrorCode } from "./errors.js";
import { Op } from "./opcodes.js";
import { reprText } from "./repr.js";
import type { DisassemblyMemo } from "./stack-check.js";

const PRELUDE = `
import collections, datetime, decimal, enum, fractions, pathlib, uuid
class Plain:
    def __init__(self, **more):
        self.__dict__.update(more)
class Arguments:
    def __getnewargs_ex__(self):
        return (1,), {"key": "value"}
    def __new__(cls, *args, **more):
        return object.__new__(cls)
class Color(enum.Enum):
    RED = 1
class SubDict(dict):
    pass
Point = collections.namedtuple("Point", "x y")
`;

const instances = [
  "Plain()",
  "[Plain(name='ñ', own=Plain(deep=[Plain()] * 3)), Plain(data=b'x' * 300)]",
  "Arguments()",
  "[Color.RED, Color.RED, Point(1, (2, 3)), SubDict(a=SubDict())]",
  "[datetime.datetime(2020, 1, 2, 3, 4, 5), datetime.timedelta(1), decimal.Decimal('1.5'), fractions.Fraction(1, 3)]",
  "[collections.OrderedDict(a=1, b=[]), collections.deque([1, 2]), collections.Counter('abca')]",
  "[1j, range(5), slice(1, 2), Ellipsis, NotImplemented, len, int, [].append, ValueError('no'), uuid.UUID(int=5)]",
  "[pathlib.PurePosixPath('a/b'), 'it\\'s', 'say \"it\\'s\"', b'it\\'s', 'line\\nnext\\u2028\\ud800\\x00']",
];

/** What is to be as Python's. */
interface Ours {
  readonly text: string;
  readonly error: PickleDecodeError | undefined;
}

function ours({ pickle, indentLevel }: DisassemblyCase, memo?: DisassemblyMemo): Ours {
  let text = "";
  const error = refusal(() => {
    for (const line of formatDisassembly(pickle, { indentLevel, memo })) text += `${line}\n`;
  });
  return { text, error };
}

/** Our code for what Python raises, and whether our message has its words. */
const raises: readonly (readonly [words: RegExp, code: PickleDecodeErrorCode, verbatim: boolean])[] = [
  [/^(pickle exhausted|not enough data|expected \d+ bytes|no newline)/, "TRUNCATED", true],
  [/^at position/, "UNKNOWN_OPCODE", true],
  [/byte count/, "BAD_ARGUMENT", true],
  [/^(tries to pop|no MARK exists|stack not empty|stack is empty)/, "STACK", true],
  [/^can't store/, "BAD_OPERAND", true],
  [/^memo key/, "MEMO", true],
  [/^Exceeds the limit/, "LIMIT", false],
  [/index out of range|pop from empty/, "STACK", false],
  [/literal for int|to float|quote|codec can't|escape|Trailing/, "BAD_ARGUMENT", false],
];

/** What of an error is not as Python's; undefined when nothing is. */
function errorDifference(
  error: PickleDecodeError | undefined,
  raised: PythonDisassembly["error"],
): object | undefined {
  if (error === undefined && raised === null) return undefined;
  const row = raises.find(([words]) => words.test(raised?.message ?? ""));
  const said = !row?.[2] || error?.message.includes(raised?.message ?? "");
  return row !== undefined && error?.code === row[1] && said ? undefined : { error, raised };
}

const random = new Random(29);
const valid = Object.values(Op).filter((code) => typeof code === "number");

function mutated(pickle: Uint8Array): Uint8Array {
  let out = Array.from(pickle);
  for (let left = 1 + random.below(3); left > 0; left--) {
    const at = random.below(out.length);
    const byte = random.below(2) === 0 ? random.below(256) : random.pick(valid);
    const kind = random.below(4);
    if (kind === 0) out[at] = byte;
    else if (kind === 1) out.splice(at, 0, byte);
    else if (kind === 2) out.splice(at, 1 + random.below(3));
    else out = [...out.slice(0, at), ...out.slice(random.below(out.length))];
    if (out.length === 0) out.push(byte);
  }
  return Uint8Array.from(out);
}

const written = pythonPickles([...dataModel.map(({ python }) => python), ...instances], { prelude: PRELUDE })
  .flat()
  .filter(({ length }) => length < 10_000);
const slotted = pythonPickles(["[1, 'a']"]).flat();
const short = [...written.filter(({ length }) => length < 300), ...wellFormed, ...wellFormed];

const groups: Readonly<Record<string, readonly DisassemblyCase[]>> = {
  "that Python wrote": written.map((pickle) => ({ pickle })),
  "with every opcode": wellFormed.map((pickle) => ({ pickle })),
  "that are malformed": malformed.map((pickle) => ({ pickle })),
  "cut short": [...wellFormed.filter(({ length }) => length < 100), ...slotted].flatMap((pickle) =>
    Array.from({ length: pickle.length }, (_, end) => ({ pickle: pickle.subarray(0, end) })),
  ),
  "changed at random": Array.from({ length: 6000 }, () => ({ pickle: mutated(random.pick(short)) })),
  "indented otherwise": [0, 1, 7].flatMap((indentLevel) =>
    wellFormed.slice(-30).map((pickle) => ({ pickle, indentLevel })),
  ),
};

describe("formatDisassembly", () => {
  let tools: PickleTools;
  /** Code points of which one of the two thinks that they are printable. */
  const disputed = new Set<number>();

  beforeAll(() => {
    tools = pickleTools(Object.values(groups).flat());
    const characters = Array.from(tools.printability, (_, i) => String.fromCodePoint(0x80 + i));
    const shown = reprText([characters.join("\n")])
      .slice(1, -1)
      .split("\\n");
    for (const [i, character] of characters.entries()) {
      if ((shown[i] === character) !== (tools.printability[i] === "+")) disputed.add(0x80 + i);
    }
  });

  /** With an escape for each character that only one side would escape. */
  function settled(text: string): string {
    return text.replace(/[^\n -~]/gu, (character) =>
      disputed.has(character.codePointAt(0) as number) ? `<${character.codePointAt(0)}>` : character,
    );
  }

  test.each(Object.keys(groups))("has the text and the errors of pickletools for pickles %s", (name) => {
    const before = Object.keys(groups).slice(0, Object.keys(groups).indexOf(name));
    const start = before.reduce((sum, group) => sum + (groups[group]?.length ?? 0), 0);
    const differing = (groups[name] ?? []).flatMap((one, i) => {
      const python = tools.disassemblies[start + i] as PythonDisassembly;
      const { text, error } = ours(one);
      const problem = errorDifference(error, python.error);
      if (settled(text) === settled(python.text) && problem === undefined) return [];
      return [{ pickle: Buffer.from(one.pickle).toString("latin1"), text, python, problem }];
    });
    expect(differing.slice(0, 3)).toEqual([]);
  });

  test("is not tried on errors alone", () => {
    const failed = tools.disassemblies.filter(({ error }) => error !== null);
    expect(failed.length).toBeGreaterThan(malformed.length);
    expect(failed.length).toBeLessThan(tools.disassemblies.length - wellFormed.length);
    const messages = failed.map(({ error }) => error?.message ?? "");
    for (const [words] of raises) expect(messages.filter((message) => words.test(message))).not.toEqual([]);
  });

  test("is tried on all 68 opcodes", () => {
    const names = wellFormed.flatMap((pickle) => Array.from(disassemble(pickle), ({ op }) => op));
    expect(new Set(names)).toEqual(new Set(tools.opcodes.map(([name]) => name)));
    expect(new Set(names).size).toBe(68);
  });

  test("escapes the characters that Python escapes, but for those that one of the two does not know", () => {
    const known = [...disputed].filter(
      (code) => tools.printability[code - 0x80] !== "?" && !/\p{Cn}/u.test(String.fromCodePoint(code)),
    );
    expect(known).toEqual([]);
    expect(tools.printability).toHaveLength(0x110000 - 0x80);
  });

  test("goes on with the memo of another pickle, as pickletools does", () => {
    const pickles = [
      bytes(Op.EMPTY_LIST, Op.BINPUT, 0, Op.STOP),
      bytes(Op.BINGET, 0, Op.EMPTY_TUPLE, Op.MEMOIZE, Op.APPEND, Op.STOP),
      bytes(Op.BINGET, 1, Op.BINGET, 0, Op.STOP),
      bytes(Op.NONE, Op.BINPUT, 0, Op.STOP),
    ];
    const expected = pickleTools(pickles.map((pickle) => ({ pickle, memo: "one" }))).disassemblies;
    const memo: DisassemblyMemo = new Map();
    for (const [i, pickle] of pickles.entries()) {
      const python = expected[i] as PythonDisassembly;
      const { text, error } = ours({ pickle }, memo);
      expect(text).toBe(python.text);
      expect(errorDifference(error, python.error)).toBeUndefined();
    }
    expect(memo).toEqual(
      new Map([
        [0, "list"],
        [1, "tuple"],
      ]),
    );
  });

  test("escapes a long text as it does a short one, wherever its characters stand", () => {
    for (const character of ["\ud83d\ude00", "\u{e0001}", "\ud800", "é", "'"]) {
      const text = `${"x".repeat(65_535)}${character}${"y".repeat(70_000)}`;
      const short = reprText([character]).slice(1, -1);
      expect(reprText([text]).slice(1, -1)).toBe(`${"x".repeat(65_535)}${short}${"y".repeat(70_000)}`);
    }
  });

  test("tells how much is left on the stack without naming it all", () => {
    const { error } = ours({ pickle: bytes(new Uint8Array(5000).fill(Op.NONE), Op.STOP) });
    expect(error?.code).toBe("STACK");
    expect(error?.message).toMatch(/: \[None, .*None, \.\.\. \(4999 in all\)\]/);
    expect(error?.message.length).toBeLessThan(1000);
  });

  test("tells at which byte and in which opcode an error stands", () => {
    const { error } = ours({ pickle: bytes(Op.NONE, Op.BINGET, 5, Op.STOP) });
    expect(error).toMatchObject({ code: "MEMO", offset: 1, opcode: "BINGET" });
  });

  test.each([
    ["maxDepth", bytes(Op.MARK, Op.MARK, Op.MARK, Op.POP, Op.POP, Op.POP, Op.NONE, Op.STOP)],
    ["maxStack", bytes(Op.NONE, Op.NONE, Op.NONE, Op.POP, Op.POP, Op.STOP)],
    ["maxMemo", bytes(Op.NONE, Op.MEMOIZE, Op.MEMOIZE, Op.MEMOIZE, Op.STOP)],
    ["maxIntDigits", bytes(Op.INT, "-999\n", Op.STOP)],
    ["maxIntDigits", bytes(Op.LONG, "999L\n", Op.STOP)],
  ])("takes as much as %s allows, and no more", (limit, pickle) => {
    expect([...formatDisassembly(pickle, { limits: { [limit]: 3 } })]).not.toEqual([]);
    const error = refusal(() => [...formatDisassembly(pickle, { limits: { [limit]: 2 } })]);
    expect(error).toMatchObject({ code: "LIMIT", limit });
  });

  test("refuses to write a binary int whose digits are too many, which disassemble gives", () => {
    const pickle = bytes(Op.LONG4, u32(9), "\0".repeat(8), 1, Op.STOP);
    expect([...formatDisassembly(pickle, { limits: { maxIntDigits: 20 } })]).toHaveLength(3);
    const error = refusal(() => [...formatDisassembly(pickle, { limits: { maxIntDigits: 19 } })]);
    expect(error).toMatchObject({ code: "LIMIT", limit: "maxIntDigits", offset: 0, opcode: "LONG4" });
    expect([...disassemble(pickle, { limits: { maxIntDigits: 19 } })][0]?.argument).toBe(2n ** 64n);
  });

  test("refuses options that are out of their range before it begins", () => {
    for (const indentLevel of [-1, 101, Number.NaN]) {
      expect(() => formatDisassembly(bytes(Op.NONE, Op.STOP), { indentLevel })).toThrow(RangeError);
    }
    expect(() => formatDisassembly(bytes(), { limits: { maxDepth: -1 } })).toThrow(RangeError);
    expect(() => formatDisassembly("N." as never)).toThrow(TypeError);
  });
});

describe("disassemble", () => {
  function argument(...parts: readonly (number | string | Uint8Array)[]): unknown {
    return [...disassemble(bytes(...parts, Op.NONE, Op.STOP))][0]?.argument;
  }

  test("gives what is known of each opcode, up to STOP", () => {
    const pickle = bytes(
      Op.PROTO,
      4,
      Op.MARK,
      Op.SHORT_BINUNICODE,
      2,
      "ñ".length,
      0x61,
      Op.LIST,
      Op.STOP,
      "more",
    );
    pickle.set([0xc3, 0xb1], 5);
    const expected: DisassembledOp[] = [
      {
        offset: 0,
        end: 2,
        op: "PROTO",
        code: 0x80,
        argument: 4,
        stackBefore: [],
        stackAfter: [],
        protocol: 2,
      },
      {
        offset: 2,
        end: 3,
        op: "MARK",
        code: 0x28,
        argument: undefined,
        stackBefore: [],
        stackAfter: ["mark"],
        protocol: 0,
      },
      {
        offset: 3,
        end: 7,
        op: "SHORT_BINUNICODE",
        code: 0x8c,
        argument: "ñ",
        stackBefore: [],
        stackAfter: ["str"],
        protocol: 4,
      },
      {
        offset: 7,
        end: 8,
        op: "LIST",
        code: 0x6c,
        argument: undefined,
        stackBefore: ["mark", "stackslice"],
        stackAfter: ["list"],
        protocol: 0,
      },
      {
        offset: 8,
        end: 9,
        op: "STOP",
        code: 0x2e,
        argument: undefined,
        stackBefore: ["any"],
        stackAfter: [],
        protocol: 0,
      },
    ];
    expect([...disassemble(pickle)]).toEqual(expected);
  });

  test("gives arguments as values", () => {
    expect(argument(Op.INT, "01\n")).toBe(true);
    expect(argument(Op.GET, "00\n")).toBe(false);
    expect(argument(Op.LONG, "01L\n")).toBe(1);
    expect(argument(Op.LONG1, 9, "\0".repeat(8), 1)).toBe(2n ** 64n);
    expect(argument(Op.FRAME, u64(2n ** 64n - 1n))).toBe(2n ** 64n - 1n);
    expect(argument(Op.FLOAT, "-0.0\n")).toBe(-0);
    expect(argument(Op.BINFLOAT, 0x3f, 0xf8, "\0".repeat(6))).toBe(1.5);
    expect(argument(Op.STRING, "'a\\x41'\n")).toBe("aA");
    expect(argument(Op.SHORT_BINSTRING, 1, 0xe9)).toBe("é");
    expect(argument(Op.GLOBAL, "mod\nA.B\n")).toBe("mod A.B");
    expect(argument(Op.SHORT_BINBYTES, 2, 1, 2)).toEqual(Uint8Array.of(1, 2));
    expect(argument(Op.BYTEARRAY8, u64(1n), 9)).toEqual(Uint8Array.of(9));
  });

  test("copies no bytes, and finds them in a view that begins further on", () => {
    const buffer = bytes("before", Op.BININT2, 1, 2, Op.SHORT_BINBYTES, 3, 1, 2, 3, Op.STOP);
    const [int, content] = disassemble(buffer.subarray(6));
    expect(int?.argument).toBe(0x201);
    expect((content?.argument as Uint8Array | undefined)?.buffer).toBe(buffer.buffer);
  });

  test("has given the opcodes before an error", () => {
    const seen: string[] = [];
    const error = refusal(() => {
      for (const { op } of disassemble(bytes(Op.NONE, Op.TUPLE3, Op.BININT, 1, 2))) seen.push(op);
    });
    expect(seen).toEqual(["NONE", "TUPLE3"]);
    expect(error).toMatchObject({ code: "TRUNCATED", offset: 2, opcode: "BININT" });
  });

  test("takes as many pickles in a row as there are", () => {
    const pickles = bytes(Op.NONE, Op.STOP, Op.NEWTRUE, Op.STOP);
    const [, stop] = disassemble(pickles);
    expect([...disassemble(pickles.subarray(stop?.end))][0]?.op).toBe("NEWTRUE");
  });

  test("refuses what is no Uint8Array, and limits that are none, before it begins", () => {
    expect(() => disassemble([0x4e, 0x2e] as never)).toThrow(TypeError);
    expect(() => disassemble(bytes(), { limits: { maxIntDigits: Number.NaN } })).toThrow(RangeError);
  });
});
