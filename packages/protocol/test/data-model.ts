// Python's built-in data model, value by value: how Python spells it and what it is here. Strings are all different,
// as the codec cannot know which equal ones are one object in Python; sets are of ints, whose order is stable.

import {
  PyByteArray,
  PyDict,
  PyFloat,
  PyFrozenSet,
  PySet,
  PyTuple,
  type PyValue,
} from "../src/pickle/index.js";

export interface Row {
  /** The value as a Python expression. */
  readonly python: string;
  /** The value as `decode` gives it. */
  readonly value: PyValue;
}

function row(python: string, value: PyValue): Row {
  return { python, value };
}

/** The numbers from 0 up to that one. */
function range(end: number): number[] {
  return Array.from({ length: end }, (_, i) => i);
}

function countingBytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i & 0xff);
}

const scalars: readonly Row[] = [row("None", null), row("True", true), row("False", false)];

const smallInts = [0, 1, 255, 256, 65535, 65536, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 47, 2 ** 53 - 1].flatMap(
  (int) => [int, -int, -int - 1].filter((one) => Number.isSafeInteger(one) && !Object.is(one, -0)),
);

/** Round the powers of two where a width of LONG1 ends, and where LONG4 begins. */
const largeInts: readonly Row[] = [53, 55, 56, 63, 64, 71, 2039, 2040, 2047, 2048].flatMap((exponent) =>
  [-1, 0, 1].flatMap((more) => {
    const int = 2n ** BigInt(exponent) + BigInt(more);
    const python = `2 ** ${exponent} + ${more}`;
    return Number.isSafeInteger(Number(int)) ? [] : [row(python, int), row(`-(${python})`, -int)];
  }),
);

const ints: readonly Row[] = [...smallInts.map((int) => row(String(int), int)), ...largeInts];

const plainFloats = [0.5, -2.25, 0.1, 1e-7, 1.5e-7, 0.0001, 123456.789, 1e16, 1e22, 1e300, 5e-324, -1.7e308];

const floats: readonly Row[] = [
  ...plainFloats.map((float) => row(`float("${float}")`, float)),
  ...[0, 1, -3, 1e15, 2 ** 53 - 1].map((float) => row(`float(${float})`, new PyFloat(float))),
  row("float(2 ** 53)", 2 ** 53),
  row("-0.0", -0),
  row('float("nan")', Number.NaN),
  row('float("inf")', Number.POSITIVE_INFINITY),
  row('float("-inf")', Number.NEGATIVE_INFINITY),
];

const texts: readonly Row[] = [
  row("''", ""),
  row("'a'", "a"),
  row("'spam'", "spam"),
  row("'ñandú'", "ñandú"),
  row("'文件'", "文件"),
  row("'😀 en medio'", "😀 en medio"),
  row(String.raw`'solo \ud800 y \udfff'`, "solo \ud800 y \udfff"),
  row(String.raw`'\\ \\u0041 \n \r \0 \x1a \x7f \xff'`, "\\ \\u0041 \n \r \0 \x1a \x7f \xff"),
  ...[255, 256, 65535, 65536, 70000].map((length) => row(`'x' * ${length}`, "x".repeat(length))),
  ...[127, 128, 32767, 32768].map((length) => row(`'é' * ${length}`, "é".repeat(length))),
];

const byteLengths = [0, 1, 2, 255, 256, 65535, 65536, 65537, 2 ** 20];

const binaries: readonly Row[] = byteLengths.flatMap((length) => {
  const python = `bytes(i & 255 for i in range(${length}))`;
  const content = countingBytes(length);
  return [row(python, content), row(`bytearray(${python})`, new PyByteArray(content))];
});

/** Round a MARK's batch of 1000, and the short tuples with opcodes of their own. */
const containers: readonly Row[] = [0, 1, 2, 3, 4, 999, 1000, 1001, 2000, 2001].flatMap((length) => [
  row(`list(range(${length}))`, range(length)),
  row(`tuple(range(${length}))`, new PyTuple(range(length))),
  row(`{i: -i - 1 for i in range(${length})}`, new PyDict(range(length).map((i) => [i, -i - 1]))),
  row(`set(range(${length}))`, new PySet(range(length))),
  row(`frozenset(range(${length}))`, new PyFrozenSet(range(length))),
]);

const nested: readonly Row[] = [
  row("[[], (), {}, set(), bytearray(), b'', '']", [
    [],
    new PyTuple(),
    new PyDict(),
    new PySet(),
    new PyByteArray(new Uint8Array(0)),
    new Uint8Array(0),
    "",
  ]),
  row(
    "{'nombre': 'ñ.txt', 'partes': [(1, 2.5), (2, None)], 'otras': {3: {4: b'cinco'}}, ('a', 7): {True}}",
    new PyDict<PyValue, PyValue>([
      ["nombre", "ñ.txt"],
      ["partes", [new PyTuple([1, 2.5]), new PyTuple([2, null])]],
      ["otras", new PyDict([[3, new PyDict([[4, new Uint8Array(Buffer.from("cinco"))]])]])],
      [new PyTuple(["a", 7]), new PySet([true])],
    ]),
  ),
  row("[1, True, 1.0, 0, False, 0.0, -0.0]", [1, true, new PyFloat(1), 0, false, new PyFloat(0), -0]),
  row(
    "{1: 'int', 2.0: 'float', False: 'bool', None: 'none', b'3': 'bytes', (4,): 'tuple', frozenset([5]): 'set'}",
    new PyDict<PyValue, PyValue>([
      [1, "int"],
      [new PyFloat(2), "float"],
      [false, "bool"],
      [null, "none"],
      [Uint8Array.of(0x33), "bytes"],
      [new PyTuple([4]), "tuple"],
      [new PyFrozenSet([5]), "set"],
    ]),
  ),
  row("[bytes([1, 2]), bytearray([1, 2]), [1, 2], (1, 2), {1, 2}, frozenset([1, 2])]", [
    Uint8Array.of(1, 2),
    new PyByteArray(Uint8Array.of(1, 2)),
    [1, 2],
    new PyTuple([1, 2]),
    new PySet([1, 2]),
    new PyFrozenSet([1, 2]),
  ]),
  // One byte of a bytearray is not the one-byte bytes that CPython keeps, but its text in protocols 0 to 2 is.
  row("[b'z', 'z', b'z', bytearray(b'z'), 'z', b'', b'']", [
    Uint8Array.of(0x7a),
    "z",
    Uint8Array.of(0x7a),
    new PyByteArray(Uint8Array.of(0x7a)),
    "z",
    new Uint8Array(0),
    new Uint8Array(0),
  ]),
];

/** Longer than a frame of protocol 4, with values that stand outside of frames. */
const framed: readonly Row[] = [
  row("list(range(300000))", range(300_000)),
  row(
    "['nombre-%d' % i for i in range(12000)]",
    range(12000).map((i) => `nombre-${i}`),
  ),
  row(
    "[list(range(40000)), bytes(70000), 'y' * 70000, ['otro-%d' % i for i in range(9000)], bytearray(66000)]",
    [
      range(40000),
      new Uint8Array(70000),
      "y".repeat(70000),
      range(9000).map((i) => `otro-${i}`),
      new PyByteArray(new Uint8Array(66000)),
    ],
  ),
  row("[bytes(65536), bytes(65535), bytes(65536)]", [
    new Uint8Array(65536),
    new Uint8Array(65535),
    new Uint8Array(65536),
  ]),
];

function shared(): PyValue {
  const list = [1];
  const tuple = new PyTuple([2, list]);
  const dict = new PyDict([["clave", tuple]]);
  const set = new PySet([3]);
  const content = Uint8Array.of(4, 5);
  const array = new PyByteArray(Uint8Array.of(6));
  return [list, list, tuple, tuple, dict, dict, set, set, content, content, array, array];
}

function recursiveList(): PyValue {
  const list: PyValue[] = [];
  list.push(list);
  return list;
}

function recursiveTuple(...more: readonly number[]): PyValue {
  const list: PyValue[] = [];
  const tuple = new PyTuple<PyValue>([list, ...more]);
  list.push(tuple);
  return tuple;
}

function recursiveDict(): PyValue {
  const dict = new PyDict<PyValue, PyValue>();
  dict.set(1, dict).set(2, new PyTuple([dict]));
  return dict;
}

const referring: readonly Row[] = [
  row(
    "(lambda l: (lambda t: (lambda d, s, b, a: [l, l, t, t, d, d, s, s, b, b, a, a])({'clave': t}, {3}, bytes([4, 5]), bytearray([6])))((2, l)))([1])",
    shared(),
  ),
  row("(lambda l: (l.append(l), l)[1])([])", recursiveList()),
  row("(lambda t: (t[0].append(t), t)[1])(([],))", recursiveTuple()),
  row("(lambda t: (t[0].append(t), t)[1])(([], 1, 2, 3))", recursiveTuple(1, 2, 3)),
  row("(lambda d: (d.update({1: d, 2: (d,)}), d)[1])({})", recursiveDict()),
];

/** A row for each kind of value there is, and for each length at which its form changes. */
export const dataModel: readonly Row[] = [
  ...scalars,
  ...ints,
  ...floats,
  ...texts,
  ...binaries,
  ...containers,
  ...nested,
  ...framed,
  ...referring,
];
