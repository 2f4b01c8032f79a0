import { describe, expect, test } from "vitest";
import { bytes } from "../../test/pickles.js";
import {
  decode,
  encode,
  PyByteArray,
  PyDict,
  PyFloat,
  PyFrozenSet,
  PyGlobal,
  PySet,
  PyTuple,
  type PyValue,
} from "./index.js";

const instance = { of: "an app's class" };

/** Values that are one key in Python, in a row. */
const equal: readonly (readonly PyValue[])[] = [
  [1, true, new PyFloat(1), 1n],
  [0, false, new PyFloat(0), -0, new PyFloat(-0), 0n],
  [2 ** 60, 2n ** 60n],
  [0.5, new PyFloat(0.5)],
  ["a", "a"],
  ["", ""],
  [null, null],
  [2n ** 70n + 1n, 2n ** 70n + 1n],
  [bytes("ab"), Buffer.from("ab")],
  [new PyTuple([1, "a"]), new PyTuple([true, "a"]), new PyTuple([new PyFloat(1), "a"])],
  [new PyTuple(), new PyTuple()],
  [new PyTuple([new PyTuple([null])]), new PyTuple([new PyTuple([null])])],
  [new PyFrozenSet([1, 2]), new PyFrozenSet([2, true]), Object.freeze(new Set([1, 2]))],
  [new PyTuple([new PyFrozenSet(["a", "b"])]), new PyTuple([new PyFrozenSet(["b", "a"])])],
  [new PyGlobal("m", "C"), new PyGlobal("m", "C")],
  [instance, instance],
  [new PyTuple([instance]), new PyTuple([instance])],
];

/** Values of which no two are one key, however alike they look. */
const different: readonly PyValue[] = [
  0,
  1,
  2 ** 60,
  2n ** 60n + 1n,
  "0",
  "1",
  "n1;",
  "null",
  null,
  bytes("1"),
  bytes(),
  "",
  new PyTuple(),
  new PyTuple([1]),
  new PyTuple(["1"]),
  new PyTuple([bytes("1")]),
  new PyTuple([new PyTuple([1])]),
  new PyTuple([1, 1]),
  new PyTuple(["a", "b"]),
  new PyTuple(["as1:b"]),
  new PyTuple(["ab"]),
  new PyTuple(["a", "b", ""]),
  new PyTuple([new PyTuple(["a"]), "b"]),
  new PyTuple([2n ** 80n]),
  new PyTuple([2n ** 80n + 1n]),
  new PyTuple([Number.POSITIVE_INFINITY]),
  new PyTuple([null]),
  new PyTuple(["null"]),
  new PyFrozenSet(),
  new PyFrozenSet([1]),
  new PyFrozenSet([new PyTuple([1])]),
  new PyFrozenSet([1, 2]),
  new PyGlobal("m", "C"),
  new PyGlobal("mC", ""),
  new PyGlobal("m", "D"),
  { of: "an app's class" },
  { of: "an app's class" },
];

const unhashable: readonly (readonly [string, PyValue])[] = [
  ["list", []],
  ["dict", new PyDict()],
  ["dict", new Map()],
  ["set", new PySet()],
  ["set", new Set()],
  ["bytearray", new PyByteArray(bytes("a"))],
  ["list", new PyTuple([1, new PyTuple([[]])])],
  ["set", new PyTuple([new PySet([1])])],
];

describe("PyDict", () => {
  test.each(equal.map((keys) => ({ keys })))("holds one value for the equal keys $keys", ({ keys }) => {
    for (const first of keys) {
      const dict = new PyDict<PyValue, number>([
        ["other", 1],
        [first, 2],
      ]);
      for (const [i, key] of keys.entries()) {
        expect([dict.has(key), dict.get(key)]).toEqual([true, i + 2]);
        dict.set(key, i + 3);
        expect(dict.size).toBe(2);
      }
      // As Python does, it keeps the key that came first; and a Map makes 0 of -0.
      expect([...dict.keys()].at(1)).toEqual(Object.is(first, -0) ? new PyFloat(-0) : first);
      expect(dict.delete(keys.at(-1) ?? null)).toBe(true);
      expect(keys.map((key) => dict.has(key))).toEqual(keys.map(() => false));
      expect(dict.delete(first)).toBe(false);
      expect([...dict]).toEqual([["other", 1]]);
    }
  });

  test("tells keys apart that are not equal", () => {
    const dict = new PyDict(different.map((key, i) => [key, i]));
    expect(dict.size).toBe(different.length);
    expect(different.map((key) => dict.get(key))).toEqual(different.map((_, i) => i));
    expect([...dict.keys()]).toEqual(different);
  });

  test.each(unhashable)("refuses a %s in a key", (type, key) => {
    expect(() => new PyDict().set(key, 1)).toThrow(
      new TypeError(`Cannot use a ${type} as a key: Python cannot hash it`),
    );
    expect(() =>
      new PyDict<PyValue, number>([
        ["a", 1],
        [1, 2],
      ]).has(key),
    ).toThrow(TypeError);
  });

  test("finds its keys again after clear()", () => {
    const dict = new PyDict<PyValue, number>([
      [new PyTuple([1]), 1],
      ["a", 2],
    ]);
    dict.clear();
    expect([dict.size, dict.get(new PyTuple([1])), dict.get("a")]).toEqual([0, undefined, undefined]);
    dict.set(new PyTuple([1]), 3);
    expect(dict.get(new PyTuple([1]))).toBe(3);
  });

  test("finds nothing in an empty dict", () => {
    for (const key of different)
      expect([new PyDict().has(key), new PyDict().get(key)]).toEqual([false, undefined]);
  });

  test("keeps the order in which keys came", () => {
    const dict = new PyDict<PyValue, number>([
      [2, 1],
      ["b", 2],
      [new PyTuple([1]), 3],
      [1, 4],
      ["a", 5],
    ]);
    dict.set("b", 6).set(true, 7);
    expect([...dict]).toEqual([
      [2, 1],
      ["b", 6],
      [new PyTuple([1]), 3],
      [1, 7],
      ["a", 5],
    ]);
    expect(decode(encode(dict))).toEqual(dict);
  });

  test("is a Map", () => {
    expect(new PyDict([["a", 1]])).toBeInstanceOf(Map);
    expect(new Map(new PyDict([["a", 1]]))).toEqual(new Map([["a", 1]]));
  });
});

describe("PySet", () => {
  test.each(equal.map((items) => ({ items })))("holds one of the equal items $items", ({ items }) => {
    for (const first of items) {
      const set = new PySet([first, ...items]);
      expect(set.size).toBe(1);
      expect(items.map((item) => set.has(item))).toEqual(items.map(() => true));
      expect([...set]).toEqual([Object.is(first, -0) ? new PyFloat(-0) : first]);
      expect(set.delete(items.at(-1) ?? null)).toBe(true);
      expect(set.has(first)).toBe(false);
    }
  });

  test("tells items apart that are not equal", () => {
    expect([...new PySet(different)]).toEqual(different);
  });

  test.each(unhashable)("refuses a %s in an item", (type, item) => {
    expect(() => new PySet().add(item)).toThrow(
      new TypeError(`Cannot use a ${type} as a key: Python cannot hash it`),
    );
  });

  test("finds its items again after clear()", () => {
    const set = new PySet<PyValue>([new PyTuple([1]), 1]);
    set.clear();
    expect([set.size, set.has(1), set.has(new PyTuple([1]))]).toEqual([0, false, false]);
    expect(set.add(true).has(1)).toBe(true);
  });
});

describe("PyFrozenSet", () => {
  test("holds what it was made of, and cannot be changed", () => {
    const set = new PyFrozenSet<PyValue>(["a", new PyTuple([1]), true, 1]);
    expect([...set]).toEqual(["a", new PyTuple([1]), true]);
    for (const change of [() => set.add("b"), () => set.delete("a"), () => set.clear()]) {
      expect(change).toThrow(new TypeError("Cannot change a frozenset"));
    }
    expect(set.size).toBe(3);
    expect(set.has(new PyTuple([1]))).toBe(true);
  });

  test("is a PySet", () => {
    expect(new PyFrozenSet()).toBeInstanceOf(PySet);
  });
});

describe("an app's class that extends PyDict", () => {
  class Upper extends PyDict<string, PyValue> {
    override set(key: string, value: PyValue): this {
      if (key === "no") throw new TypeError("the key is not taken");
      return super.set(key.toUpperCase(), value);
    }

    override *[Symbol.iterator](): MapIterator<[string, PyValue]> {
      for (const [key, value] of super.entries()) yield [key.toLowerCase(), value];
    }
  }
  const findClass = () => ({ create: () => new Upper() });
  // app.Upper made by NEWOBJ, one item set in it, another two at once.
  const pickle = (key: string) =>
    bytes(`\x80\x02capp\nUpper\n)\x81X\x01\0\0\0aK\x01s(X\x01\0\0\0bK\x02X\x02\0\0\0${key}K\x03u.`);

  test("is filled by its own method", () => {
    const dict = decode(pickle("cd"), { findClass }) as Upper;
    expect([...dict.keys()]).toEqual(["A", "B", "CD"]);
  });

  test("refuses the pickle by a TypeError", () => {
    expect(() => decode(pickle("no"), { findClass })).toThrow(
      expect.objectContaining({ code: "BAD_OPERAND" }),
    );
  });

  test("is written as it iterates", () => {
    expect(
      encode(
        new Upper([
          ["a", 1],
          ["b", 2],
        ]),
      ),
    ).toEqual(
      encode(
        new PyDict([
          ["a", 1],
          ["b", 2],
        ]),
      ),
    );
  });
});
