import { describe, expect, test } from "vitest";
import { pythonPickles } from "../../test/python-pickles.js";
import {
  decode,
  PyBuffer,
  PyByteArray,
  PyDict,
  PyExtension,
  PyFloat,
  PyFrozenSet,
  PyGlobal,
  PyObject,
  PyPersistentId,
  PySet,
  PyTuple,
  type PyValue,
} from "../pickle/index.js";
import { formatTree, treeLines, treeOf } from "./index.js";

const shown = (value: PyValue, options?: Parameters<typeof formatTree>[1]): string =>
  formatTree(treeOf(value), options);

const point = new PyGlobal("geo", "Point");

describe("treeOf()", () => {
  test("writes values without parts as Python's repr does", () => {
    const expressions = [
      "None",
      "True",
      "False",
      "0",
      "-7",
      "2 ** 70",
      "1.0",
      "-0.0",
      "0.1",
      "1e300",
      "float('-inf')",
      "'spam'",
      `'"quotes\\''`,
      "'tab\\tline\\nback\\\\slash'",
      "'ñ 文 😀'",
      "b''",
      "b'a\\x00\\xff\\'\\\\\\n'",
      "bytearray(b'x')",
      "[]",
      "()",
      "{}",
      "set()",
      "frozenset()",
      "[1, 'two', None]",
      "(1,)",
      "(1, 2.5)",
      "{3}",
      "frozenset({3})",
    ];
    const pickles = pythonPickles([...expressions, ...expressions.map((one) => `repr(${one})`)]);
    for (const [i, expression] of expressions.entries()) {
      const value = decode(pickles[i]?.[4] as Uint8Array);
      const repr = decode(pickles[i + expressions.length]?.[4] as Uint8Array) as string;
      // Python chooses its quotes; here they are always the same.
      const expected = repr.replace(
        /^(b?)"(.*)"$/,
        (_all, b, text) => `${b}'${text.replaceAll("'", "\\'")}'`,
      );
      expect(treeOf(value).text, expression).toBe(expected);
    }
  });

  test.each<[string, PyValue, string]>([
    ["a class", point, "<geo.Point>"],
    ["a call", new PyObject(point, new PyTuple([1, "x"])), "geo.Point(1, 'x')"],
    ["a call with one argument", new PyObject(point, new PyTuple([1])), "geo.Point(1)"],
    ["an instance", new PyObject(point, undefined, { construction: "new" }), "geo.Point object"],
    [
      "an instance with arguments",
      new PyObject(point, new PyTuple([1]), { construction: "new" }),
      "geo.Point object (1)",
    ],
    ["a persistent id", new PyPersistentId(new PyTuple(["a", 1])), "persistent id ('a', 1)"],
    ["an extension", new PyExtension(7), "extension code 7"],
    ["a buffer", new PyBuffer(Uint8Array.of(1), true), "read-only buffer b'\\x01'"],
    ["control characters", "\u001b[2J\u202e\ud800", "'\\u{1b}[2J\\u{202e}\\u{d800}'"],
    ["a hostile name", new PyGlobal("a\u001b", "b\n"), "<a\\u{1b}.b\\u{a}>"],
    ["a very large int", 1n << 4000n, `0x1${"0".repeat(97)}… (1001 hexadecimal digits)`],
    ["a long str", "x".repeat(101), `'${"x".repeat(100)}…' (101 characters)`],
    ["long bytes", new Uint8Array(101), `b'${"\\x00".repeat(100)}…' (101 bytes)`],
    ["a text that is cut within a character", `${"x".repeat(99)}😀`, `'${"x".repeat(99)}…' (101 characters)`],
  ])("shows %s in a line", (_what, value, expected) => {
    expect(shown(value)).toBe(`${expected}\n`);
    expect(treeOf(value).size).toBe(0);
  });

  test("shows containers with a line for each part", () => {
    const value = new PyDict<PyValue, PyValue>([
      ["list", [[1], new PyFloat(2)]],
      [new PyTuple([1, 2]), "short key"],
      [new PyTuple([new PyTuple([1]), 2]), "long key"],
      ["set", new PySet(["x".repeat(70)])],
      ["frozen", new PyFrozenSet([new PyTuple([new PyTuple([])])])],
      ["bytes", new PyByteArray(Uint8Array.of(65))],
    ]);
    expect(shown(value)).toBe(`dict of 6
  'list': list of 2
    [0]: [1]
    [1]: 2.0
  (1, 2): 'short key'
  key: tuple of 2
    [0]: (1,)
    [1]: 2
  value: 'long key'
  'set': set of 1
    '${"x".repeat(70)}'
  'frozen': frozenset of 1
    tuple of 1
      [0]: ()
  'bytes': bytearray(b'A')
`);
  });

  test("shows what is done with an object", () => {
    const object = new PyObject(point, new PyTuple([[[1]], 2]), {
      construction: "new",
      kwargs: new PyDict([["z", 3]]),
      items: ["a"],
      entries: [["k", "v"]],
      state: new PyDict([["x", 1]]),
    });
    object.changes.push({ kind: "append", values: ["b"] }, { kind: "add", values: ["c"] });
    expect(shown(object)).toBe(`geo.Point object (…)
  (0): list of 1
    [0]: [1]
  (1): 2
  keyword arguments: dict of 1
    'z': 3
  [0]: 'a'
  'k': 'v'
  state: dict of 1
    'x': 1
  [1]: 'b'
  'c'
`);
    expect(shown(new PyObject(new PyObject(point), new PyTuple([1])))).toBe(`(…)(1)
  callable: geo.Point()
`);
  });

  test("marks what occurs more than once, in the order in which it is shown", () => {
    const shared = [1];
    const recursive: PyValue[] = [shared, shared];
    recursive.push(recursive, new PyObject(point, undefined, { state: shared }));
    expect(shown(recursive)).toBe(`&1 list of 4
  [0]: &2 [1]
  [1]: *2
  [2]: *1
  [3]: geo.Point()
    state: *2
`);
    expect([...treeOf(recursive).children()].map(({ kind, mark }) => [kind, mark])).toEqual([
      ["list", 2],
      ["reference", 2],
      ["reference", 1],
      ["object", undefined],
    ]);
  });

  test("does not mark what Python has one object of", () => {
    expect(shown([point, point, "x", "x"])).toBe("[<geo.Point>, <geo.Point>, 'x', 'x']\n");
    const empty = new PyTuple();
    expect(shown([empty, empty])).toBe("list of 2\n  [0]: ()\n  [1]: ()\n");
  });

  test("shows the anchor where branches are opened in any order", () => {
    const shared = [1];
    const root = treeOf([[shared, [2]], [shared]]);
    const [first, second] = [...root.children()];
    expect([...(second?.children() ?? [])].map(({ text }) => text)).toEqual(["*1"]);
    expect([...(first?.children() ?? [])].map(({ text, mark }) => [text, mark])).toEqual([
      ["[1]", 1],
      ["[2]", undefined],
    ]);
  });

  test("takes a value that nests deeper than the stack of calls", () => {
    let value: PyValue = [];
    for (let i = 0; i < 100_000; i++) value = [value];
    const root = treeOf(value);
    expect(root.text).toBe("list of 1");
    expect(formatTree(root, { maxLines: 3 })).toBe(
      "list of 1\n  [0]: list of 1\n    [0]: list of 1\n… and more\n",
    );
  });
});

describe("treeLines()", () => {
  const value = [[[[1]]], Array.from({ length: 52 }, (_, i) => i)];

  test("cuts branches at maxDepth", () => {
    expect(shown(value, { maxDepth: 0 })).toBe("list of 2 …\n");
    expect(shown(value, { maxDepth: 1 })).toBe("list of 2\n  [0]: list of 1 …\n  [1]: list of 52 …\n");
  });

  test("cuts rows at maxItems", () => {
    expect(shown(value).split("\n").slice(-4)).toEqual(["    [48]: 48", "    [49]: 49", "    … 2 more", ""]);
    expect(shown([[[]], [[]], [[]]], { maxItems: 2 })).toBe(
      "list of 3\n  [0]: list of 1\n    [0]: []\n  [1]: list of 1\n    [0]: []\n  … 1 more\n",
    );
    expect(shown(value, { maxItems: 52 })).toContain("[51]: 51\n");
  });

  test("ends at maxLines", () => {
    expect([...treeLines(treeOf(value), { maxLines: 3 })]).toHaveLength(4);
    expect([...treeLines(treeOf([1]), { maxLines: 1 })]).toEqual(["[1]"]);
  });
});
