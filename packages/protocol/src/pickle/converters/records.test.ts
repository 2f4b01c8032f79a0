import type { Python } from "@fileshare/peers";
import { describe, expect, test } from "vitest";
import { type ConverterRow, otherPythons, roundTripDifferences } from "../../../test/converters.js";
import { pythonDifferences } from "../../../test/python-loads.js";
import {
  ClassRegistry,
  decode,
  encode,
  PyDict,
  PyGlobal,
  PyObject,
  PyTuple,
  type PyValue,
} from "../index.js";
import { builtinTypes, dataclass, namedTuple } from "./index.js";

const tuples = `
from collections import namedtuple
Point = namedtuple('Point', 'x y')
Empty = namedtuple('Empty', '')
`;
const classes = `
from dataclasses import dataclass, field
@dataclass
class Plain:
    a: int
    b: object = None
@dataclass
class Bare: pass
@dataclass(frozen=True)
class Frozen:
    a: int
`;
const slotted = `
@dataclass(slots=True)
class Slots:
    a: int
    b: object = None
@dataclass(slots=True)
class BareSlots: pass
@dataclass(slots=True, frozen=True)
class FrozenSlots:
    a: int
    b: object = None
`;

const point = namedTuple<{ x: PyValue; y: PyValue }>("__main__", "Point", ["x", "y"]);
const empty = namedTuple("__main__", "Empty", []);
const plain = dataclass<{ a: PyValue; b?: PyValue }>("__main__", "Plain", ["a", "b"]);
const bare = dataclass("__main__", "Bare", []);
const frozen = dataclass("__main__", "Frozen", ["a"], { frozen: true });
const slots = dataclass("__main__", "Slots", ["a", "b"], { slots: true });
const bareSlots = dataclass("__main__", "BareSlots", [], { slots: true });
const frozenSlots = dataclass("__main__", "FrozenSlots", ["a", "b"], { slots: true, frozen: true });
const converters = [point, empty, plain, bare, frozen, slots, bareSlots, frozenSlots, ...builtinTypes];
const registry = new ClassRegistry(converters);

const tupleRows: ConverterRow[] = [
  ["Point(1, 2)", point.make({ x: 1, y: 2 })],
  [
    "[Point([], None), Point(1, (2,))]",
    [point.make({ x: [], y: null }), point.make({ x: 1, y: new PyTuple([2]) })],
  ],
  ["Empty()", empty.make({})],
];
const classRows: ConverterRow[] = [
  ["Plain(1)", plain.make({ a: 1, b: null })],
  ["[Plain(1, 2), Plain([3])]", [plain.make({ a: 1, b: 2 }), plain.make({ a: [3], b: null })]],
  ["Bare()", bare.make({})],
  ["Frozen(1)", frozen.make({ a: 1 })],
];
const frozenSlotRows: ConverterRow[] = [["FrozenSlots(1, [2])", frozenSlots.make({ a: 1, b: [2] })]];
const slotRows: ConverterRow[] = [
  ["Slots(1, 2)", slots.make({ a: 1, b: 2 })],
  ["BareSlots()", bareSlots.make({})],
];

const three = otherPythons().filter(({ highestProtocol }) => highestProtocol >= 4);
const minor = ({ minor: text }: Python) => Number(text.slice(2));
const withClasses = three.filter((python) => minor(python) >= 7);
const withSlots = otherPythons().filter((python) => minor(python) >= 10);

/** An instance with a state. */
function built(qualname: string, state: PyValue, args: PyValue[] = []): PyValue {
  const value = new PyObject(new PyGlobal("__main__", qualname), new PyTuple(args), {
    construction: "new",
    state,
  });
  return decode(encode(value), registry);
}

describe("namedTuple()", () => {
  test("records go there and back in all protocols, byte for byte", () => {
    expect(roundTripDifferences(tupleRows, converters, { prelude: tuples })).toEqual([]);
  });

  test.each(otherPythons())("Python $version reads them back from its own", (python) => {
    expect(roundTripDifferences(tupleRows, converters, { prelude: tuples, python, exact: [] })).toEqual([]);
  });

  test("the fields are properties, whatever their names", () => {
    const odd = namedTuple("m", "Odd", ["__proto__", "constructor", "make"]);
    const record = odd.make(JSON.parse('{"__proto__":1,"constructor":2,"make":3}'));
    const again = decode(encode(record, new ClassRegistry([odd])), new ClassRegistry([odd]));
    expect(Object.entries(again as object)).toEqual([
      ["__proto__", 1],
      ["constructor", 2],
      ["make", 3],
    ]);
    expect(Object.getPrototypeOf(again)).toBe(Object.getPrototypeOf(record));
  });

  test.each<[number, PyValue[], RegExp]>([
    [4, [1], /Point takes 2 arguments, not 1/],
    [4, [1, 2, 3], /Point takes 2 arguments, not 3/],
  ])("protocol %i, arguments %j, are refused", (protocol, args, message) => {
    const value = new PyObject(new PyGlobal("__main__", "Point"), new PyTuple(args), { construction: "new" });
    expect(() => decode(encode(value, { protocol: protocol as 4 }), registry)).toThrow(message);
  });

  test("a content that is no tuple is refused", () => {
    const args = [new PyGlobal("__main__", "Point"), new PyGlobal("builtins", "tuple"), [1, 2]];
    const value = new PyObject(new PyGlobal("copyreg", "_reconstructor"), new PyTuple(args));
    const tuple = { names: [["builtins", "tuple"]] as const, create: () => new PyTuple() };
    const withTuple = new ClassRegistry([point, tuple]);
    expect(() => decode(encode(value, { protocol: 1 }), withTuple)).toThrow(
      /content of a Point must be a tuple/,
    );
  });

  test("a record without one of its fields is not written", () => {
    const record = point.make({ x: 1 } as { x: number; y: number });
    expect(() => encode(record, registry)).toThrow(/must have the field y/);
  });

  test("a field that is named twice is refused", () => {
    expect(() => namedTuple("m", "P", ["a", "a"])).toThrow(RangeError);
  });
});

describe("dataclass()", () => {
  test.skipIf(withClasses.length === 0)("records go there and back in all protocols, byte for byte", () => {
    expect(roundTripDifferences(classRows, converters, { prelude: classes })).toEqual([]);
  });

  test.each(withClasses)("Python $version reads them back from its own", (python) => {
    expect(roundTripDifferences(classRows, converters, { prelude: classes, python, exact: [] })).toEqual([]);
  });

  test.skipIf(withSlots.length === 0).each(withSlots)(
    "Python $version reads those with slots, byte for byte",
    (python) => {
      const prelude = classes + slotted;
      expect(roundTripDifferences(frozenSlotRows, converters, { prelude, python })).toEqual([]);
      // Python writes those that are not frozen from protocol 2 on.
      const later =
        "import pickle\nof = pickle.dumps\npickle.dumps = lambda value, protocol: of(value, max(protocol, 2))";
      const options = { prelude: `${prelude}\n${later}`, python, only: [2, 3, 4, 5] };
      expect(roundTripDifferences(slotRows, converters, options)).toEqual([]);
    },
  );

  test.skipIf(withSlots.length === 0)(
    "Python reads slots in protocols 0 and 1, where it does not write them",
    () => {
      const rows = slotRows.map(([expression, value]) => ({
        expression,
        pickles: ([0, 1] as const).map((protocol) => encode(value, { ...registry, protocol })),
      }));
      expect(pythonDifferences(rows, { prelude: classes + slotted, python: withSlots[0] })).toEqual([]);
    },
  );

  test("a field that an instance does not have stays undefined", () => {
    const record = built("Plain", new PyDict([["a", 1]]));
    expect(record).toEqual({ a: 1 });
    const again = decode(encode(record, registry), registry);
    expect(again).toStrictEqual(record);
    expect(Object.hasOwn(again as object, "b")).toBe(false);
  });

  test("all forms of a state are read, whatever was declared", () => {
    const expected = plain.make({ a: 1, b: 2 });
    const attributes = new PyDict<PyValue, PyValue>([
      ["a", 1],
      ["b", 2],
    ]);
    expect(built("Plain", attributes)).toStrictEqual(expected);
    expect(built("Plain", new PyTuple([null, attributes]))).toStrictEqual(expected);
    expect(built("Plain", new PyTuple([new PyDict([["a", 1]]), new PyDict([["b", 2]])]))).toStrictEqual(
      expected,
    );
    expect(built("Plain", [1, 2])).toStrictEqual(expected);
  });

  test.each<[string, PyValue, RegExp]>([
    ["Plain", new PyDict([["c", 1]]), /Plain has no such field/],
    ["Plain", new PyDict([["__proto__", 1]]), /no such field/],
    ["Plain", new PyDict([[1, 1]]), /no such field/],
    ["Plain", new PyTuple([null]), /takes 2 arguments/],
    ["Plain", new PyTuple([1, null]), /must be a dict/],
    ["Plain", [1], /takes 2 arguments, not 1/],
    ["Plain", 5, /must be a dict/],
  ])("%s with the state of case %# is refused", (qualname, state, message) => {
    expect(() => built(qualname, state)).toThrow(message);
  });

  test("arguments are refused", () => {
    expect(() => built("Plain", new PyDict(), [1])).toThrow(/takes 0 arguments/);
  });

  test("a frozen record with slots has all its fields, or is not written", () => {
    expect(() => encode(frozenSlots.make({ a: 1 } as { a: PyValue; b: PyValue }), registry)).toThrow(
      /frozen FrozenSlots takes 2/,
    );
  });
});
