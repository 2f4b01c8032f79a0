import { isDeepStrictEqual } from "node:util";
import { PythonOracle, python } from "@fileshare/peers";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { dataModel } from "../../test/data-model.js";
import { bytes, difference, joined, protocols } from "../../test/pickles.js";
import { pythonPickles } from "../../test/python-pickles.js";
import { Random, randomValue } from "../../test/random.js";
import {
  BytesGap,
  decode,
  type EncodeOptions,
  encode,
  encodeParts,
  PickleEncodeError,
  PyDict,
  PyFloat,
  PyFrozenSet,
  PyGlobal,
  PyObject,
  PySet,
  PyTuple,
  type PyValue,
  type Reduce,
} from "./index.js";

const fromPython = pythonPickles(dataModel.map((row) => row.python));

describe("encode()", () => {
  test.each(dataModel.map((row, i) => ({ ...row, pickles: fromPython[i] ?? [] })))(
    "writes $python byte for byte as Python does, in each protocol",
    ({ value, pickles }) => {
      for (const protocol of protocols) {
        const expected = pickles[protocol] ?? bytes();
        expect(difference(encode(value, { protocol }), expected), `protocol ${protocol}`).toBeUndefined();
      }
    },
  );

  test.each([
    {
      name: "plain object",
      value: { uno: 1, dos: [2] },
      same: new PyDict<PyValue, PyValue>([
        ["uno", 1],
        ["dos", [2]],
      ]),
    },
    {
      name: "object without prototype",
      value: Object.assign(Object.create(null), { uno: 1 }) as object,
      same: new PyDict([["uno", 1]]),
    },
    { name: "plain Map", value: new Map([[1, 2]]), same: new PyDict([[1, 2]]) },
    { name: "plain Set", value: new Set([1, 2]), same: new PySet([1, 2]) },
    { name: "frozen Set", value: Object.freeze(new Set([1, 2])), same: new PyFrozenSet([1, 2]) },
    { name: "small bigint", value: 5n, same: 5 },
    { name: "PyFloat that is no integer", value: new PyFloat(0.5), same: 0.5 },
    { name: "Buffer", value: Buffer.from("abc"), same: new Uint8Array(Buffer.from("abc")) },
  ])("takes a $name", ({ value, same }) => {
    for (const protocol of protocols) expect(encode(value, { protocol })).toEqual(encode(same, { protocol }));
  });

  test("writes protocol 4 where nothing else is asked for", () => {
    expect(encode(["a"])).toEqual(encode(["a"], { protocol: 4 }));
  });

  test("takes __proto__ for a key like any other", () => {
    const value = JSON.parse('{"__proto__": 1}') as object;
    expect(decode(encode(value))).toEqual(new PyDict([["__proto__", 1]]));
  });

  class Suelto {}

  test.each<{ name: string; value: unknown; code: string; options?: EncodeOptions }>([
    { name: "undefined", value: undefined, code: "UNENCODABLE" },
    { name: "undefined in a list", value: [1, undefined], code: "UNENCODABLE" },
    { name: "a list with a hole", value: new Array(1), code: "UNENCODABLE" },
    { name: "undefined in an object", value: { uno: undefined }, code: "UNENCODABLE" },
    { name: "a function", value: () => 1, code: "UNENCODABLE" },
    { name: "a symbol", value: Symbol.iterator, code: "UNENCODABLE" },
    { name: "an instance of an unregistered class", value: new Suelto(), code: "UNENCODABLE" },
    { name: "a Date", value: new Date(0), code: "UNENCODABLE" },
    { name: "an array of two-byte numbers", value: new Uint16Array(2), code: "UNENCODABLE" },
    { name: "a gap, whose bytes are not there", value: new BytesGap(3), code: "UNENCODABLE" },
    { name: "a list as a key", value: new Map([[[1], 2]]), code: "UNHASHABLE" },
    { name: "a dict as an item of a set", value: new Set([new Map()]), code: "UNHASHABLE" },
    {
      name: "a tuple with a list as a key",
      value: new Map([[new PyTuple([1, [2]]), 3]]),
      code: "UNHASHABLE",
    },
    {
      name: "a gap of unknown text before protocol 3",
      value: new BytesGap(3),
      code: "PROTOCOL",
      options: { protocol: 2 },
    },
  ])("refuses $name", ({ value, code, options }) => {
    let thrown: unknown;
    try {
      encode(value as PyValue, options);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(PickleEncodeError);
    expect(thrown).toMatchObject({ code, message: expect.stringMatching(/^Cannot encode pickle: .*[^.]$/) });
  });

  function nestedLists(depth: number): PyValue {
    let value: PyValue = [];
    for (let i = 1; i < depth; i++) value = [value];
    return value;
  }

  test.each<{ limit: number; options: EncodeOptions }>([
    { limit: 1000, options: {} },
    { limit: 3, options: { maxDepth: 3 } },
  ])("accepts lists $limit deep with $options, and refuses one more", ({ limit, options }) => {
    expect(() => encode(nestedLists(limit), options)).not.toThrow();
    expect(() => encode(nestedLists(limit + 1), options)).toThrow(expect.objectContaining({ code: "DEPTH" }));
  });

  test("refuses lists 100,000 deep without running out of stack", () => {
    expect(() => encode(nestedLists(100_000))).toThrow(expect.objectContaining({ code: "DEPTH" }));
  });

  test("refuses lists 200,000 deep where maxDepth allows more than there is stack for, and goes on", () => {
    const refused = expect.objectContaining({ name: "PickleEncodeError", code: "DEPTH" });
    for (const protocol of [0, 2, 4] as const)
      expect(() => encode(nestedLists(200_000), { maxDepth: 1e9, protocol })).toThrow(refused);
    expect(decode(encode(nestedLists(3)))).toEqual([[[]]]);
  });

  test("passes on a RangeError of the app's own", () => {
    const mine = new RangeError("mine");
    const reduce = () => {
      throw mine;
    };
    expect(() => encode(new (class {})(), { reduce })).toThrow(mine);
  });
});

describe("encodeParts()", () => {
  test("gives large bytes as they are, not copied", () => {
    const large = new Uint8Array(100_000);
    const parts = encodeParts(["before", large, "after"]);
    expect(parts.some((part) => part === large)).toBe(true);
    expect(difference(joined(parts), encode(["before", large, "after"]))).toBeUndefined();
  });
});

describe("a random value", () => {
  test("is decoded as what was encoded", () => {
    const random = new Random(20240607);
    for (let i = 0; i < 2000; i++) {
      const value = randomValue(random, 4);
      const protocol = random.pick(protocols);
      const decoded = decode(encode(value, { protocol }));
      if (!isDeepStrictEqual(decoded, value))
        expect(decoded, `value ${i}, protocol ${protocol}`).toEqual(value);
    }
  });

  test.each([python(), python("2.7")].filter((one) => one !== undefined))(
    "comes back from Python $version as it was",
    async (one) => {
      const oracle = new PythonOracle(one);
      onTestFinished(() => oracle.close());
      const random = new Random(7);
      for (let i = 0; i < 300; i++) {
        // Python 2 has no bytes apart from its str.
        const value = one.highestProtocol < 3 ? randomInts(random) : randomValue(random, 4);
        const protocol = random.pick(protocols.filter((known) => known <= one.highestProtocol));
        const { pickle, repr } = await oracle.echo(protocol, encode(value, { protocol }));
        const echoed = decode(pickle);
        if (!isDeepStrictEqual(echoed, value)) expect(echoed, `${repr}, protocol ${protocol}`).toEqual(value);
      }
    },
  );
});

/** What Python 2 has no other opinion of: ints, and unicode, in lists. */
function randomInts(random: Random): PyValue {
  return Array.from({ length: random.below(9) }, () => randomValue(random, 0)).filter(
    (value) => typeof value === "number" || typeof value === "bigint" || typeof value === "string",
  );
}

describe("encode()", () => {
  test("writes a number beyond 32 bits as the bigint of the same value", () => {
    for (const power of [31, 32, 39, 40, 47, 48, 52, 53]) {
      for (const near of [-2, -1, 0, 1, 2]) {
        for (const value of [2 ** power + near, -(2 ** power) + near].filter(Number.isSafeInteger)) {
          for (const protocol of protocols)
            expect(encode(value, { protocol }), `${value}`).toEqual(encode(BigInt(value), { protocol }));
        }
      }
    }
  });

  test("writes text as UTF-8, with a length of one byte up to 255 bytes in protocol 4", () => {
    for (const character of ["a", "ñ", "\u20ac", "\u{1f600}", "\ud800", "\udc00"]) {
      for (let count = 2; count <= 260; count++) {
        const text = character.repeat(count);
        const one = character.isWellFormed()
          ? Buffer.from(character)
          : Buffer.from([0xed, character === "\ud800" ? 0xa0 : 0xb0, 0x80]);
        const utf8 = Buffer.concat(Array.from({ length: count }, () => one));
        const short = utf8.length <= 255;
        const length = Buffer.alloc(4);
        length.writeUInt32LE(utf8.length);
        const expected = Buffer.concat([
          Buffer.of(short ? 0x8c : 0x58),
          length.subarray(0, short ? 1 : 4),
          utf8,
        ]);
        const pickle = Buffer.from(encode(text));
        expect(pickle.subarray(11, -2).equals(expected), `${count} of ${character}`).toBe(true);
        const long = Buffer.from(encode(text, { protocol: 3 })).subarray(2, -3);
        expect(long.equals(Buffer.concat([Buffer.of(0x58), length, utf8]))).toBe(true);
      }
    }
  });

  test("keeps keys and items together when a dict changes while it is written", () => {
    for (const make of [
      (entries: [string, number][]) => new PyDict(entries),
      (entries: [string, number][]) => new Map(entries),
    ]) {
      const dict = make([
        ["uno", 1],
        ["dos", 2],
        ["tres", 3],
      ]);
      const persistentId = (value: PyValue): undefined => {
        if (value === "uno") dict.delete("uno");
      };
      expect(decode(encode(dict, { persistentId }))).toEqual(
        new PyDict([
          ["uno", 1],
          ["dos", 2],
          ["tres", 3],
        ]),
      );
    }
  });

  test("writes as ever after it refused a value", () => {
    const shared = new PyDict([["uno", 1]]);
    const expected = encode([shared, shared]);
    expect(() => encode([shared, [shared, undefined as unknown as PyValue]])).toThrow(PickleEncodeError);
    expect(encode([shared, shared])).toEqual(expected);
  });

  test("writes the same after another copy of this package wrote the value", async () => {
    vi.resetModules();
    const other = await import("./index.js");
    const shared = new PyDict([["uno", 1]]);
    const expected = encode([shared, shared]);
    for (let i = 0; i < 3; i++) {
      expect(other.encode([shared, shared])).toEqual(expected);
      expect(encode([shared, shared])).toEqual(expected);
    }
  });

  test("writes the same where a reduce encodes a part of the value by itself", () => {
    class Sobre {}
    const shared = new PyDict([["uno", 1]]);
    const inner = encode([shared, shared]);
    const reduce: Reduce = (instance) =>
      instance instanceof Sobre
        ? new PyObject(new PyGlobal("m", "Sobre"), new PyTuple([encode([shared, shared])]))
        : undefined;
    const written = decode(encode([shared, new Sobre(), shared], { reduce }), { unknown: "opaque" });
    const [first, sobre, last] = written as [PyDict, PyObject, PyDict];
    expect(sobre.args.items[0]).toEqual(inner);
    expect(first).toEqual(shared);
    expect(last).toBe(first);
  });
});

test("encode() refuses a name that Python 2 had for something else, where it would be read as that", () => {
  const xrange = new PyGlobal("builtins", "xrange");
  for (const protocol of [0, 1, 2] as const) expect(() => encode(xrange, { protocol })).toThrow(/Python 2/);
  expect(decode(encode(xrange, { protocol: 3 }), { unknown: "opaque" })).toEqual(xrange);
  expect(encode(new PyGlobal("builtins", "range"), { protocol: 2 })).toEqual(
    bytes("\x80\x02c__builtin__\nxrange\nq\0."),
  );
});

test("encode() refuses what a reduce gives that is neither an object nor a name", () => {
  const reduce = (() => ({ module: "m", qualname: "C" })) as unknown as Reduce;
  expect(() => encode(new (class {})(), { reduce })).toThrow(/what reduce gave/);
});

describe("encode() refuses with PROTOCOL", () => {
  const refuses = (value: PyValue, protocol: number): void => {
    expect(() => encode(value, { protocol: protocol as 0 })).toThrow(
      expect.objectContaining({ code: "PROTOCOL" }),
    );
  };

  test.each([-1, 1.5, 6, Number.NaN])("protocol %s", (protocol) => refuses(1, protocol));

  test.each([0, 1, 2, 3])("in protocol %i a name that is empty or holds a newline", (protocol) => {
    refuses(new PyGlobal("a\nb", "C"), protocol);
    refuses(new PyGlobal("a", "C\nD"), protocol);
    refuses(new PyGlobal("", "C"), protocol);
    refuses(new PyGlobal("a", ""), protocol);
  });
});
