import { describe, expect, test } from "vitest";
import { type ConverterRow, otherPythons, roundTripDifferences } from "../../../test/converters.js";
import {
  ClassRegistry,
  decode,
  encode,
  PyDict,
  PyFloat,
  PyGlobal,
  PyObject,
  PyTuple,
  type PyValue,
} from "../index.js";
import {
  builtinTypes,
  counter,
  defaultDict,
  deque,
  orderedDict,
  PyCounter,
  PyDefaultDict,
  PyDeque,
  PyOrderedDict,
} from "./index.js";

const prelude = "from collections import *";
const converters = [orderedDict, defaultDict, counter, deque, ...builtinTypes];
const registry = new ClassRegistry(converters);

const list = new PyGlobal("builtins", "list");
const many = Array.from({ length: 2500 }, (_, i): [number, number] => [i, i * i]);
const plain: ConverterRow[] = [
  ["deque([])", new PyDeque()],
  ["deque([1, None, b'x'], 3)", new PyDeque([1, null, Uint8Array.of(0x78)], 3)],
  ["deque([], 0)", new PyDeque([], 0)],
  ["deque(range(2500))", new PyDeque(many.map(([i]) => i))],
  ["OrderedDict()", new PyOrderedDict()],
  [
    "OrderedDict([(2, 1), (1, [None])])",
    new PyOrderedDict<PyValue>([
      [2, 1],
      [1, [null]],
    ]),
  ],
  ["OrderedDict((i, i * i) for i in range(2500))", new PyOrderedDict(many)],
  ["defaultdict(list, {1: [2]})", new PyDefaultDict(list, [[1, [2]]])],
  [
    "defaultdict(None, {1: 2, 3: 4})",
    new PyDefaultDict<PyValue>(null, [
      [1, 2],
      [3, 4],
    ]),
  ],
  [
    "[defaultdict(t) for t in (float, bool, tuple, dict, set)]",
    ["float", "bool", "tuple", "dict", "set"].map(
      (name) => new PyDefaultDict(new PyGlobal("builtins", name)),
    ),
  ],
  ["Counter()", new PyCounter()],
  [
    "Counter({3: 2, 1: -1})",
    new PyCounter<PyValue>([
      [3, 2],
      [1, -1],
    ]),
  ],
];

function called(qualname: string, args: PyValue[], items?: PyValue[]): PyValue {
  const value = new PyObject(new PyGlobal("collections", qualname), new PyTuple(args), { items });
  return decode(encode(value), registry);
}

describe("the converters of collections", () => {
  test("they go there and back in all protocols, byte for byte", () => {
    expect(roundTripDifferences(plain, converters, { prelude })).toEqual([]);
  });

  test.each(otherPythons())("Python $version reads them back from its own", (python) => {
    const rows =
      python.highestProtocol < 3
        ? plain.filter(([expression]) => !/b'x'|str|i \* i/.test(expression))
        : plain;
    expect(roundTripDifferences(rows, converters, { prelude, python, exact: [] })).toEqual([]);
  });

  test("a defaultdict of int or str keeps its factory", () => {
    const rows: ConverterRow[] = ["int", "str"].map((name) => [
      `defaultdict(${name}, {'': 0})`,
      new PyDefaultDict(new PyGlobal("builtins", name), [["", 0]]),
    ]);
    expect(roundTripDifferences(rows, converters, { prelude, only: [3, 4, 5] })).toEqual([]);
  });

  test("a collection that holds itself goes there and back", () => {
    for (const make of [() => new PyOrderedDict(), () => new PyDefaultDict(null)]) {
      const dict = make();
      dict.set("self", dict);
      const decoded = decode(encode(dict, { ...registry, protocol: 4 }), registry) as PyDict;
      expect(decoded).toBeInstanceOf(dict.constructor);
      expect(decoded.get("self")).toBe(decoded);
    }
    const items = new PyDeque<PyValue>();
    items.items.push(items);
    const decoded = decode(encode(items, registry), registry) as PyDeque;
    expect(decoded.items[0]).toBe(decoded);
  });

  test("keys are equal where Python's are", () => {
    const dict = decode(encode(new PyOrderedDict<PyValue>([[1, "a"]]), registry), registry) as PyDict;
    expect(dict.get(new PyFloat(1))).toBe("a");
    expect(dict.get(true)).toBe("a");
  });

  test("the built-in types make their empty values", () => {
    const empty = ["list", "dict", "tuple", "int", "float", "str", "bool"].map((name) =>
      decode(encode(new PyObject(new PyGlobal("builtins", name))), registry),
    );
    expect(empty).toEqual([[], new PyDict(), new PyTuple(), 0, new PyFloat(0), "", false]);
    expect(() => decode(encode(new PyObject(list, new PyTuple([[1]]))), registry)).toThrow(
      /takes 0 arguments/,
    );
  });
});

/** Ints whose hashes in V8 end in the same 14 bits. Source: V8 src/utils/utils.h, ComputeUnseededHash. */
function collidingInts(count: number): number[] {
  const found: number[] = [];
  for (let key = 1; found.length < count; key++) {
    let hash = (~key + (key << 15)) | 0;
    hash ^= hash >>> 12;
    hash = (hash + (hash << 2)) | 0;
    hash ^= hash >>> 4;
    hash = Math.imul(hash, 2057);
    hash ^= hash >>> 16;
    if ((hash & 0x3fff) === 0) found.push(key);
  }
  return found;
}

describe("what is refused", () => {
  const colliding = collidingInts(200);
  const pairs = (count: number, key: (i: number) => PyValue) =>
    Array.from({ length: count }, (_, i) => [key(i), null]);

  test.each<[string, PyValue[], RegExp]>([
    ["OrderedDict", [5], /must be a list of pairs/],
    ["OrderedDict", [[[1, 2, 3]]], /must be pairs/],
    ["OrderedDict", [["ab"]], /must be pairs/],
    ["OrderedDict", [[[[], 1]]], /list as a key/],
    ["OrderedDict", [pairs(10, () => "x".repeat(200_000))], /too long or nest too deep/],
    ["OrderedDict", [pairs(200, (i) => colliding[i] as number)], /collide/],
    ["OrderedDict", [[], []], /takes 0 to 1 arguments/],
    ["defaultdict", [5], /a class or a function/],
    ["Counter", [[1]], /must be a dict/],
    ["deque", [5], /a list or a tuple/],
    ["deque", [[], -1], /maxlen/],
    ["deque", [[], 2n ** 64n], /maxlen/],
    ["deque", [[1, 2], 1], /more items than maxlen/],
  ])("%s, case %#", (qualname, args, message) => {
    expect(() => called(qualname, args)).toThrow(message);
  });

  test("more items than a deque's maxlen", () => {
    expect(() => called("deque", [[], 1], [1, 2])).toThrow(/more items than its maxlen, 1/);
  });

  test("one list or dict that many calls copy", () => {
    const shared = [[1, 2]];
    for (const [qualname, arg] of [
      ["OrderedDict", shared],
      ["deque", shared],
      ["Counter", new PyDict([[1, 2]])],
    ] as [string, PyValue][]) {
      const call = () => new PyObject(new PyGlobal("collections", qualname), new PyTuple([arg]));
      expect(() => decode(encode([call(), call()]), registry)).toThrow(/made of the same list or dict/);
    }
  });
});
