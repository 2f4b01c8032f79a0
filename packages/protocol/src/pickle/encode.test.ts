import { isDeepStrictEqual } from "node:util";
import { PythonOracle, python } from "@fileshare/peers";
import { describe, expect, onTestFinished, test } from "vitest";
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
  expect(() => encode(new (class {})(), { reduce })).toThrow(/neither a PyObject nor a PyGlobal/);
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
