import { describe, expect, test } from "vitest";
import { bytes, refusal, u32, u64 } from "../../test/pickles.js";
import {
  type DecodeOptions,
  decode,
  defaultLimits,
  encode,
  type PickleLimits,
  type PyDict,
  PyFloat,
  type PyObject,
  PyTuple,
  type PyValue,
} from "./index.js";
import { Op } from "./opcodes.js";
import { Unpickler } from "./unpickler.js";

const findClass: DecodeOptions["findClass"] = () => ({ create: () => ({}), setState: () => {} });

function bytewise(input: Uint8Array, options: DecodeOptions): void {
  const decoder = new Unpickler(options);
  for (let at = 0; at < input.length; at++) decoder.push(input.subarray(at, at + 1));
  decoder.end();
}

/** A row of n instances, each given the next as its state. */
function builds(n: number): Uint8Array {
  return bytes("c__main__\nC\nq\0", ")\x81", "h\0)\x81".repeat(n - 1), "b".repeat(n - 1), ".");
}

describe("each limit", () => {
  const maxItems = 10;

  test.each<{ name: string; limits: Partial<PickleLimits>; at: Uint8Array; over: Uint8Array }>([
    {
      name: "maxBytes, of a text",
      limits: { maxBytes: 12 },
      at: bytes("X\x06\0\0\0abcdef."),
      over: bytes("X\x07\0\0\0abcdefg."),
    },
    { name: "maxBytes, of a line", limits: { maxBytes: 6 }, at: bytes("Vabc\n."), over: bytes("Vabcd\n.") },
    {
      name: "maxBytes, of opcodes",
      limits: { maxBytes: 3 },
      at: bytes("NN."),
      over: bytes("NN0."),
    },
    {
      name: "maxBytes, of a frame",
      limits: { maxBytes: 11 },
      at: bytes(Op.FRAME, u64(2n), "N."),
      over: bytes(Op.FRAME, u64(3n), "N."),
    },
    {
      name: "maxBytes, with more after the end",
      limits: { maxBytes: 2 },
      at: bytes("N.abc"),
      over: bytes("N0N."),
    },

    {
      name: "maxDepth, of lists",
      limits: { maxDepth: 5 },
      at: bytes("]]]]]aaaa."),
      over: bytes("]]]]]]aaaaa."),
    },
    {
      name: "maxDepth, of tuples",
      limits: { maxDepth: 5 },
      at: bytes("N\x85\x85\x85\x85\x85."),
      over: bytes("N\x85\x85\x85\x85\x85\x85."),
    },
    {
      name: "maxDepth, of dicts",
      limits: { maxDepth: 2 },
      at: bytes("}I1\n}s."),
      over: bytes("}I1\n}I1\n}ss."),
    },
    { name: "maxDepth, of keys", limits: { maxDepth: 2 }, at: bytes("})Ns."), over: bytes("})\x85Ns.") },
    {
      name: "maxDepth, of frozensets",
      limits: { maxDepth: 2 },
      at: bytes("((N\x91\x91."),
      over: bytes("(((N\x91\x91\x91."),
    },
    { name: "maxDepth, of states", limits: { maxDepth: 5 }, at: builds(4), over: builds(5) },
    {
      name: "maxDepth, of arguments",
      limits: { maxDepth: 4 },
      at: bytes("cm\nC\n]\x85\x85\x81."),
      over: bytes("cm\nC\n]\x85\x85\x85\x81."),
    },
    {
      name: "maxDepth, beside a recursive list",
      limits: { maxDepth: 2 },
      at: bytes("]\x94h\0a]a."),
      over: bytes("]\x94h\0a]]aa."),
    },
    {
      name: "maxDepth, of a list met twice",
      limits: { maxDepth: 3 },
      at: bytes("](]\x94]h\0ae."),
      over: bytes("](]\x94]]h\0aae."),
    },

    { name: "maxMemo, of indices", limits: { maxMemo: 3 }, at: bytes("Np2\n."), over: bytes("Np3\n.") },
    {
      name: "maxMemo, of byte indices",
      limits: { maxMemo: 3 },
      at: bytes("Nq\x02."),
      over: bytes("Nq\x03."),
    },
    {
      name: "maxMemo, of long indices",
      limits: { maxMemo: 3 },
      at: bytes("Nr", u32(2), "."),
      over: bytes("Nr", u32(3), "."),
    },
    {
      name: "maxMemo, of entries",
      limits: { maxMemo: 3 },
      at: bytes("N\x94\x94\x94."),
      over: bytes("N\x94\x94\x94\x94."),
    },

    {
      name: "maxObjects, of containers",
      limits: { maxObjects: 3 },
      at: bytes("])}."),
      over: bytes("])}]."),
    },
    {
      name: "maxObjects, of bytes and instances",
      limits: { maxObjects: 3 },
      at: bytes("C\x000c__main__\nC\n)\x81."),
      over: bytes("C\x000C\x000c__main__\nC\n)\x81."),
    },
    {
      name: "maxItems, of APPENDS",
      limits: { maxItems },
      at: bytes("](", "N".repeat(10), "e."),
      over: bytes("](", "N".repeat(11), "e."),
    },
    {
      name: "maxItems, of APPEND",
      limits: { maxItems },
      at: bytes("]", "Na".repeat(10), "."),
      over: bytes("]", "Na".repeat(11), "."),
    },
    {
      name: "maxItems, of LIST",
      limits: { maxItems },
      at: bytes("(", "N".repeat(10), "l."),
      over: bytes("(", "N".repeat(11), "l."),
    },
    {
      name: "maxItems, of TUPLE",
      limits: { maxItems },
      at: bytes("(", "N".repeat(10), "t."),
      over: bytes("(", "N".repeat(11), "t."),
    },
    {
      name: "maxItems, of TUPLE2",
      limits: { maxItems },
      at: bytes("N", "N\x86".repeat(5), "."),
      over: bytes("N", "N\x86".repeat(6), "."),
    },
    {
      name: "maxItems, of SETITEMS",
      limits: { maxItems },
      at: bytes("}(", "NN".repeat(5), "u."),
      over: bytes("}(", "NN".repeat(6), "u."),
    },
    {
      name: "maxItems, of SETITEM",
      limits: { maxItems },
      at: bytes("}", "NNs".repeat(5), "."),
      over: bytes("}", "NNs".repeat(6), "."),
    },
    {
      name: "maxItems, of ADDITEMS",
      limits: { maxItems },
      at: bytes("\x8f(", "N".repeat(10), "\x90."),
      over: bytes("\x8f(", "N".repeat(11), "\x90."),
    },
    {
      name: "maxItems, of FROZENSET",
      limits: { maxItems },
      at: bytes("(", "N".repeat(10), "\x91."),
      over: bytes("(", "N".repeat(11), "\x91."),
    },
    {
      name: "maxItems, of several lists",
      limits: { maxItems },
      at: bytes("]", "](NNe0".repeat(5), "."),
      over: bytes("]", "](NNe0".repeat(6), "."),
    },
    {
      name: "maxItems, of instances",
      limits: { maxItems },
      at: bytes("cm\nC\nq\0", "h\0)\x810".repeat(10), "."),
      over: bytes("cm\nC\nq\0", "h\0)\x810".repeat(11), "."),
    },
    {
      name: "maxItems, of states",
      limits: { maxItems },
      at: bytes("cm\nC\n)\x81", "Nb".repeat(9), "."),
      over: bytes("cm\nC\n)\x81", "Nb".repeat(10), "."),
    },

    { name: "maxStack", limits: { maxStack: 4 }, at: bytes("NNNN."), over: bytes("NNNNN.") },
    { name: "maxStack, of copies", limits: { maxStack: 4 }, at: bytes("N222."), over: bytes("N2222.") },
    { name: "maxStack, of marks", limits: { maxStack: 4 }, at: bytes("((((N."), over: bytes("(((((N.") },

    {
      name: "maxIntDigits, of INT",
      limits: { maxIntDigits: 20 },
      at: bytes("I", "9".repeat(20), "\n."),
      over: bytes("I", "9".repeat(21), "\n."),
    },
    {
      name: "maxIntDigits, of a negative INT",
      limits: { maxIntDigits: 20 },
      at: bytes("I-", "9".repeat(20), "\n."),
      over: bytes("I-", "9".repeat(21), "\n."),
    },
    {
      name: "maxIntDigits, of LONG",
      limits: { maxIntDigits: 20 },
      at: bytes("L", "9".repeat(20), "L\n."),
      over: bytes("L", "9".repeat(21), "L\n."),
    },
    {
      name: "maxIntDigits, of a negative LONG",
      limits: { maxIntDigits: 20 },
      at: bytes("L-", "9".repeat(20), "L\n."),
      over: bytes("L-", "9".repeat(21), "L\n."),
    },
    {
      name: "maxIntDigits, of a memo index",
      limits: { maxIntDigits: 3 },
      at: bytes("Np", "005", "\n."),
      over: bytes("Np", "0005", "\n."),
    },
  ])("accepts what is at it and refuses one over: $name", ({ limits, at, over }) => {
    const options = { limits, findClass };
    expect(() => decode(at, options)).not.toThrow();
    expect(() => bytewise(at, options)).not.toThrow();
    const refused = refusal(() => decode(over, options));
    expect(refused).toMatchObject({ code: "LIMIT", limit: name(limits) });
    expect(refused?.message).toContain(`${name(limits)} is ${Object.values(limits).at(0)}`);
    expect(refusal(() => bytewise(over, options))).toMatchObject({ code: "LIMIT", offset: refused?.offset });
  });

  function name(limits: Partial<PickleLimits>): string {
    return Object.keys(limits).at(0) ?? "";
  }

  test.each([
    {
      name: "maxDepth",
      at: bytes("]".repeat(1000), "a".repeat(999), "."),
      over: bytes("]".repeat(1001), "a".repeat(1000), "."),
    },
    {
      name: "maxIntDigits",
      at: bytes("L", "1".repeat(4300), "L\n."),
      over: bytes("L", "1".repeat(4301), "L\n."),
    },
    { name: "maxMemo", at: bytes("Np9999999\n."), over: bytes("Np10000000\n.") },
  ])("is on where the caller names none: $name", ({ name, at, over }) => {
    expect(() => decode(at)).not.toThrow();
    expect(refusal(() => decode(over))).toMatchObject({ code: "LIMIT", limit: name });
  });

  test("cannot be changed for all callers", () => {
    expect(Object.isFrozen(defaultLimits)).toBe(true);
  });
});

/** How many bytes more of memory are held after a call than before it. */
function growth(act: () => void): number {
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  act();
  const after = process.memoryUsage();
  return after.arrayBuffers - arrayBuffers + after.heapUsed - heapUsed;
}

describe("a length with no data behind it", () => {
  const opcodes = [
    { op: Op.BINUNICODE, signed: false },
    { op: Op.BINBYTES, signed: false },
    { op: Op.BINSTRING, signed: true },
    { op: Op.LONG4, signed: true },
  ];

  test.each([
    ...opcodes.map(({ op }) => ({
      name: `${Op[op]} of 1 GiB - 6`,
      pickle: bytes(op, u32(2 ** 30 - 6)),
      code: "TRUNCATED",
    })),
    ...opcodes.map(({ op }) => ({
      name: `${Op[op]} of 2 GiB - 1`,
      pickle: bytes(op, u32(2 ** 31 - 1)),
      code: "LIMIT",
    })),
    ...opcodes.map(({ op, signed }) => ({
      name: `${Op[op]} of 2 GiB`,
      pickle: bytes(op, u32(2 ** 31)),
      code: signed ? "BAD_ARGUMENT" : "LIMIT",
    })),
    ...[Op.BINUNICODE8, Op.BINBYTES8, Op.BYTEARRAY8, Op.FRAME].flatMap((op) =>
      [2n ** 31n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n].map((length) => ({
        name: `${Op[op]} of ${length}`,
        pickle: bytes(op, u64(length)),
        code: "LIMIT",
      })),
    ),
  ])("is refused, and nothing allocated for it: $name", ({ pickle, code }) => {
    for (const input of [pickle, bytes(pickle, "some more")]) {
      for (const run of [() => void decode(input), () => bytewise(input, {})]) {
        const grown = growth(() => expect(refusal(run)).toMatchObject({ code, offset: 0 }));
        expect(grown).toBeLessThan(2 ** 24);
      }
    }
  });

  test.each([
    {
      name: "the highest index of LONG_BINPUT",
      pickle: bytes("Nr", u32(2 ** 32 - 1), "."),
      limit: "maxMemo",
    },
    { name: "an index of 20 digits", pickle: bytes("Np", "9".repeat(20), "\n."), limit: undefined },
    { name: "the highest index that is taken", pickle: bytes("Nr", u32(9_999_999), "0"), limit: undefined },
    {
      name: "indices far apart",
      pickle: bytes(...Array.from({ length: 900 }, (_, i) => bytes("Nr", u32(i * 11_111), "0"))),
      limit: undefined,
    },
  ])("makes no room in the memo either: $name", ({ pickle, limit }) => {
    expect(growth(() => expect(refusal(() => decode(pickle))).toMatchObject({ limit }))).toBeLessThan(
      2 ** 24,
    );
  });
});

describe("a small pickle that asks for much", () => {
  const deep = 100_000;
  const manyItems = { maxItems: 100_000 };

  test.each<{ name: string; pickle: Uint8Array; limit: string; limits?: Partial<PickleLimits> }>([
    {
      name: "lists 100,000 deep",
      pickle: bytes("]".repeat(deep), "a".repeat(deep - 1), "."),
      limit: "maxDepth",
    },
    { name: "tuples 100,000 deep", pickle: bytes(")", "\x85".repeat(deep), "."), limit: "maxDepth" },
    {
      name: "dicts 100,000 deep",
      pickle: bytes("}", "N}".repeat(deep), "s".repeat(deep), "."),
      limit: "maxDepth",
    },
    { name: "states 100,000 deep", pickle: builds(deep), limit: "maxDepth" },
    {
      name: "frozensets 100,000 deep",
      pickle: bytes("(".repeat(deep), "N", "\x91".repeat(deep), "."),
      limit: "maxItems",
    },
    {
      name: "a tuple of itself twice, 60 times over, as a key",
      pickle: bytes("}N", "2\x86".repeat(60), "Ns."),
      limit: "maxItems",
    },
    { name: "the same in a set", pickle: bytes("\x8f(N", "2\x86".repeat(60), "\x90."), limit: "maxItems" },
    {
      name: "the same in a frozenset",
      pickle: bytes("(N", "2\x86".repeat(60), "\x91."),
      limit: "maxItems",
    },
    {
      name: "a set of one long list, again and again",
      pickle: bytes("](", "N".repeat(1000), "eq\0cbuiltins\nset\nq\x01", "h\x01h\0\x85R0".repeat(200), "."),
      limit: "maxItems",
      limits: manyItems,
    },
    {
      name: "instances with one long row of arguments",
      pickle: bytes("cm\nC\nq\0(", "N".repeat(1000), "tq\x01", "h\0h\x01\x81".repeat(200), "."),
      limit: "maxItems",
      limits: manyItems,
    },
    {
      name: "bytes of one long text, again and again",
      pickle: bytes(
        "X",
        u32(16_000),
        "x".repeat(16_000),
        "q\0c_codecs\nencode\nq\x01",
        "h\x01h\0Vlatin1\n\x86R".repeat(200),
        ".",
      ),
      limit: "maxItems",
      limits: manyItems,
    },
    {
      name: "a long text in many keys",
      pickle: bytes(
        "X",
        u32(16_000),
        "x".repeat(16_000),
        "q\0}(",
        ...Array.from({ length: 200 }, (_, i) => bytes("h\0K", i, "\x86N")),
        "u.",
      ),
      limit: "maxItems",
      limits: manyItems,
    },
    {
      name: "long bytes in many keys",
      pickle: bytes(
        "B",
        u32(16_000),
        "x".repeat(16_000),
        "q\0}(",
        ...Array.from({ length: 200 }, (_, i) => bytes("h\0K", i, "\x86N")),
        "u.",
      ),
      limit: "maxItems",
      limits: manyItems,
    },
    {
      name: "a long int in many keys",
      pickle: bytes(
        "\x8b",
        u32(16_000),
        "x".repeat(16_000),
        "q\0}(",
        ...Array.from({ length: 200 }, (_, i) => bytes("h\0K", i, "\x86N")),
        "u.",
      ),
      limit: "maxItems",
      limits: manyItems,
    },
    {
      name: "two equal long texts, compared again and again",
      pickle: bytes(
        "}X",
        u32(16_000),
        "x".repeat(16_000),
        "NsX",
        u32(16_000),
        "x".repeat(16_000),
        "q\x000(",
        "h\0N".repeat(200),
        "u.",
      ),
      limit: "maxItems",
      limits: manyItems,
    },
    {
      name: "a long text under many tuples, in a key",
      pickle: bytes("}X", u32(16_000), "x".repeat(16_000), "\x85".repeat(200), "Ns."),
      limit: "maxItems",
      limits: manyItems,
    },
    {
      name: "marks without end",
      pickle: bytes("(".repeat(deep)),
      limit: "maxStack",
      limits: { maxStack: 1000 },
    },
    {
      name: "instances without end",
      pickle: bytes("cm\nC\nq\0", "h\0)\x810".repeat(deep)),
      limit: "maxItems",
      limits: { maxItems: 1000 },
    },
    {
      name: "states without end",
      pickle: bytes("cm\nC\n)\x81", "Nb".repeat(deep)),
      limit: "maxItems",
      limits: { maxItems: 1000 },
    },
    { name: "an int of 100,000 digits", pickle: bytes("I", "9".repeat(deep), "\n."), limit: "maxIntDigits" },
    { name: "a long of 100,000 digits", pickle: bytes("L", "9".repeat(deep), "L\n."), limit: "maxIntDigits" },
  ])("is refused: $name", ({ pickle, limit, limits }) => {
    expect(refusal(() => decode(pickle, { findClass, limits }))).toMatchObject({ code: "LIMIT", limit });
  });

  test("is refused as a key: a tuple deeper than maxDepth", () => {
    const pickle = bytes("})", "\x85".repeat(2000), "Ns.");
    expect(refusal(() => decode(pickle))).toMatchObject({ limit: "maxDepth", opcode: "TUPLE1" });
    const limits = { maxDepth: Number.POSITIVE_INFINITY };
    expect(refusal(() => decode(pickle, { limits }))).toMatchObject({
      code: "BAD_OPERAND",
      opcode: "SETITEM",
    });
  });

  // Each of these took minutes, or the whole process, as long as it was done in the obvious way.
  test.each([
    {
      name: "a float of digits that ends in none",
      pickle: bytes("F", "1".repeat(200_000), "x\n."),
      code: "BAD_ARGUMENT",
    },
    { name: "a float of 200,000 digits", pickle: bytes("F.", "1".repeat(200_000), "\n."), code: undefined },
    {
      name: "an 8-bit string of escapes",
      pickle: bytes("S'", "\\x41".repeat(100_000), "'\n."),
      code: undefined,
    },
    { name: "a text of backslashes", pickle: bytes("V", "\\".repeat(500_000), "\n."), code: undefined },
    {
      name: "a text of surrogates",
      pickle: bytes("X", u32(300_000), "\xed\xa0\x80".repeat(100_000), "."),
      code: undefined,
    },
    {
      name: "a long of 1 MB",
      pickle: bytes("\x8b", u32(1_000_000), "x".repeat(1_000_000), "."),
      code: undefined,
    },
    {
      name: "a long of 1 MB in a key",
      pickle: bytes("}\x8b", u32(1_000_000), "x".repeat(1_000_000), "\x85Ns."),
      code: undefined,
    },
  ])("is done in no time: $name", ({ pickle, code }) => {
    expect(refusal(() => decode(pickle))?.code).toBe(code);
  });
});

test.each(Object.keys(defaultLimits))("a %s that bounds nothing is refused", (name) => {
  for (const value of [Number.NaN, -1]) {
    expect(() => decode(bytes("N."), { limits: { [name]: value } })).toThrow(RangeError);
  }
});

test("an error repeats only so much of a name from the wire", () => {
  const error = refusal(() => decode(bytes(`c${"m".repeat(1000)}\nC\n.`)));
  expect(error?.code).toBe("UNKNOWN_CLASS");
  expect(error?.message.length).toBeLessThan(400);
});

test("what nested deep in one pickle says nothing of what stands there in the next", () => {
  decode(bytes("]".repeat(9), "a".repeat(8), "."));
  const limits = { maxDepth: 3 };
  expect(decode(bytes("K\x052\x86."), { limits })).toEqual(new PyTuple([5, 5]));
  expect(decode(bytes("N]\x86."), { limits })).toEqual(new PyTuple([null, []]));
});

describe("texts that V8 hashes by their length alone", () => {
  const long = bytes("X", u32(16_400), "a".repeat(16_400));
  const numbers = Array.from({ length: 3000 }, (_, i) => i);
  const pair = (i: number): Uint8Array => bytes("h\0M", i & 0xff, i >> 8, "\x86");
  const name = (i: number): string => `n${i}`.padEnd(6, "x");

  test.each([
    {
      name: "as parts of keys",
      pickle: bytes("\x80\x04", long, "q\x000}(", ...numbers.map((i) => bytes(pair(i), "N")), "u."),
    },
    {
      name: "as parts of items of a set",
      pickle: bytes("\x80\x04", long, "q\x000\x8f(", ...numbers.map(pair), "\x90."),
    },
    {
      name: "as module names",
      pickle: bytes(
        "\x80\x04",
        long,
        "q\x000(",
        ...numbers.map((i) => bytes("h\0\x8c\x06", name(i), "\x93")),
        "l.",
      ),
    },
  ])("are counted by how many there are: $name", ({ pickle }) => {
    expect(refusal(() => decode(pickle, { unknown: "opaque" }))?.limit).toBe("maxItems");
  });

  test("are taken where there are some", () => {
    const keys = Array.from({ length: 500 }, (_, i) => "x".repeat(20_000) + i);
    const dict = decode(encode(new Map(keys.map((key) => [key, 1])))) as PyDict;
    expect(dict.size).toBe(500);
  });
});

test("long names that take turns are looked up without being joined each time", () => {
  const module = bytes("X", u32(200_000), "m".repeat(200_000));
  const names = bytes("\x80\x04", module, "q\0U\x01a\x93q\x010", "h\0U\x01b\x93q\x020");
  const calls = bytes(names, "(", "h\x01)Rh\x02)R".repeat(20_000), "l.");
  const value = decode(calls, { unknown: "opaque" }) as PyValue[];
  expect(value).toHaveLength(40_000);
  expect(encode(value.map((object) => (object as PyObject).callable)).length).toBeLessThan(600_000);
});

test("keywords are counted each time that they are used", () => {
  const keywords = bytes(
    "}(",
    ...Array.from({ length: 1000 }, (_, i) => bytes("\x8c\x06", `k${i}`.padEnd(6, "x"), "N")),
    "u",
  );
  const pickle = bytes("\x80\x04cm\nC\nq\0", keywords, "q\x01(", "h\0)h\x01\x92".repeat(200), "l.");
  expect(refusal(() => decode(pickle, { unknown: "opaque", limits: { maxItems: 100_000 } }))?.limit).toBe(
    "maxItems",
  );
});

describe("keys that collide in the hash table of V8", () => {
  const dictOf = (keys: Iterable<PyValue>): Uint8Array =>
    encode(new Map([...keys].map((key) => [key, null])));
  /** The hash of an int, written down once more: V8's ComputeUnseededHash. */
  const hash = (key: number): number => {
    let h = BigInt(key);
    h = BigInt.asUintN(32, ~h + (h << 15n));
    h ^= h >> 12n;
    h = BigInt.asUintN(32, h * 5n);
    h ^= h >> 4n;
    h = BigInt.asUintN(32, h * 2057n);
    return Number(h ^ (h >> 16n));
  };
  const colliding = (count: number): number[] => {
    const keys: number[] = [];
    for (let key = 0; keys.length < count; key++) if ((hash(key) & 0x3ff) === 7) keys.push(key);
    return keys;
  };

  test.each<{ name: string; keys: (count: number) => PyValue[] }>([
    { name: "ints", keys: colliding },
    { name: "floats", keys: (count) => colliding(count).map((key) => new PyFloat(key)) },
    {
      name: "long ints",
      keys: (count) => Array.from({ length: count }, (_, i) => (BigInt(i + 1) << 64n) | 1n),
    },
    {
      name: "ints of the same low bits in a float's digits",
      keys: (count) => Array.from({ length: count }, (_, i) => (BigInt(i + 1) << 80n) | (5n << 64n) | 3n),
    },
  ])("are admitted up to maxCollisions, and refused over it: $name", ({ keys }) => {
    expect(refusal(() => decode(dictOf(keys(128 + 64))))).toBeUndefined();
    expect(refusal(() => decode(dictOf(keys(128 + 65))))?.limit).toBe("maxCollisions");
    const limits = { maxCollisions: 10_000 };
    expect(refusal(() => decode(dictOf(keys(1000)), { limits }))).toBeUndefined();
  });

  test("are no others", () => {
    const numbers = Array.from({ length: 50_000 }, (_, i) => i);
    const kinds: ((i: number) => PyValue)[] = [
      (i) => i,
      (i) => -i * 1024,
      (i) => i * 65_536 * 65_536,
      (i) => i + 0.5,
      (i) => 1_700_000_000_000 + i * 1000,
      (i) => BigInt(i) << 60n,
    ];
    for (const kind of kinds) {
      const dict = decode(dictOf(numbers.map(kind))) as PyDict;
      expect(dict.size).toBe(50_000);
    }
  });

  test("are counted once where one key comes again and again", () => {
    const again = bytes(
      "}(",
      ...Array.from({ length: 200 }, (_, i) => bytes("K", i, "N")),
      "u(",
      "K\0N".repeat(500),
      "u.",
    );
    expect((decode(again) as PyDict).size).toBe(200);
  });
});

test("the length of a name counts each time that it is looked up", () => {
  const lookups = bytes(
    "X",
    u32(16_000),
    "m".repeat(16_000),
    "q\x000\x8c\x01Cq\x010",
    "h\0h\x01\x930".repeat(1000),
    "N.",
  );
  expect(refusal(() => decode(lookups, { findClass, limits: { maxItems: 100_000 } }))?.limit).toBe(
    "maxItems",
  );
  expect(refusal(() => decode(lookups, { findClass }))).toBeUndefined();
});
