import { readFileSync } from "node:fs";
import { pythons } from "@fileshare/peers";
import { describe, expect, test } from "vitest";
import { type ConverterRow, roundTripDifferences } from "../../../../test/converters.js";
import { pythonDifferences } from "../../../../test/python-loads.js";
import { pythonPickles } from "../../../../test/python-pickles.js";
import { Random } from "../../../../test/random.js";
import {
  ClassRegistry,
  decode,
  encode,
  type PyBuffer,
  PyGlobal,
  PyObject,
  PyTuple,
  type PyValue,
} from "../../index.js";
import { NdArray, NumpyDtype, NumpyScalar, numpy } from "../index.js";

const stub = readFileSync(new URL("../../../../test/numpy-stub.py", import.meta.url), "utf8");
const registry = new ClassRegistry(numpy);
const random = new Random(5);

const hex = (data: Uint8Array) => Buffer.from(data).toString("hex");

/** What tells an array or scalar from another. */
function view(value: PyValue): unknown {
  if (Array.isArray(value)) return value.map((item) => view(item as PyValue));
  if (value instanceof NumpyDtype) return `dtype ${value}`;
  if (value instanceof NumpyScalar) return [`scalar ${value.dtype}`, hex(value.data), value.package];
  if (!(value instanceof NdArray)) return value;
  const { dtype, shape, fortranOrder, writable, data, objects } = value;
  return [`array ${dtype}`, shape, fortranOrder, writable, hex(data), objects, value.package];
}

const sizes = [
  "|b1",
  "|i1",
  "<i2",
  "<i4",
  "<i8",
  "|u1",
  "<u2",
  "<u4",
  "<u8",
  "<f2",
  "<f4",
  "<f8",
  "<f16",
  "<c8",
  "<c16",
];
const swapped = [">i2", ">i4", ">i8", ">u2", ">f4", ">f8", ">c16", ">U3"];
const times = ["<M8[ns]", "<m8[D]", "<M8[25s]", ">M8[us]"];
const simple = [...sizes, ...swapped, "|S3", "<U3", "|V5"];

function arrayRow(text: string, shape: number[], fortranOrder = false): ConverterRow {
  const dtype = new NumpyDtype(text);
  const data = random.bytes(shape.reduce((a, b) => a * b, dtype.itemSize));
  const of = `(${shape.map((length) => `${length},`).join("")})`;
  const expression = `A('${text}', ${of}, '${hex(data)}', '${fortranOrder ? "F" : "C"}')`;
  return [expression, new NdArray(dtype, shape, data, { fortranOrder })];
}

const arrays: ConverterRow[] = [
  ...simple.map((text) => arrayRow(text, [4])),
  ...times.map((text) => arrayRow(text, [2, 2])),
  arrayRow("<f8", []),
  arrayRow("<f8", [0]),
  arrayRow("<i4", [2, 3, 4]),
  arrayRow("<i4", [3, 2], true),
  arrayRow("<u8", [2500]),
  ["A('|O8', (2, 2), [None, [1], 'x', 2.5])", new NdArray("|O8", [2, 2], [null, [1], "x", 2.5])],
  [
    "[A('<f8', (1,), '00' * 8), A('<f8', (1,), '00' * 8)]",
    [0, 0].map(() => new NdArray("<f8", [1], new Uint8Array(8))),
  ],
];
const scalars: ConverterRow[] = [...simple, ...times].map((text) => {
  const dtype = new NumpyDtype(text);
  const data = random.bytes(dtype.itemSize);
  return [`S('${text}', '${hex(data)}')`, new NumpyScalar(dtype, data)];
});
const rows = [...arrays, ...scalars];

describe("the converters of NumPy", () => {
  const five = pythons().filter(({ highestProtocol }) => highestProtocol >= 5);

  test.skipIf(five.length === 0).each(["numpy.core", "numpy._core"] as const)(
    "arrays, scalars and dtypes of %s go there and back in all protocols, byte for byte",
    (where) => {
      const there = rows.map(([expression, value]): ConverterRow => [expression, inPackage(value, where)]);
      const dtypes = [...simple, ...times].map(
        (text): ConverterRow => [`D('${text}')`, new NumpyDtype(text)],
      );
      const prelude = `PACKAGE = "${where}"\n${stub}`;
      expect(
        roundTripDifferences([...there, ...dtypes], numpy, { prelude, python: five.at(-1), view }),
      ).toEqual([]);
    },
  );

  test.skipIf(five.length === 0)("an array that Python may not write into stays one in protocol 5", () => {
    const data = random.bytes(6);
    const array = new NdArray("|u1", [6], data, { writable: false });
    const row: ConverterRow = [`A('|u1', (6,), '${hex(data)}', writable=False)`, array];
    expect(roundTripDifferences([row], numpy, { prelude: stub, view, only: [5] })).toEqual([]);
  });

  test.skipIf(five.length === 0)("buffers go out of band, both ways", () => {
    const expressions = arrays.map(([expression]) => expression);
    const written = pythonPickles(
      expressions.map((expression) => `out_of_band(${expression})`),
      { prelude: stub },
    );
    const back = arrays.map(([expression, value], i) => {
      const [data, buffers] = decode(written[i]?.[5] ?? new Uint8Array()) as PyTuple &
        [Uint8Array, Uint8Array[]];
      const decoded = decode(data, { ...registry, buffers });
      expect(view(decoded), expression).toEqual(view(readonlyWhere(value, buffers.length > 0)));
      const kept: PyBuffer[] = [];
      const pickle = encode(value, {
        ...registry,
        protocol: 5,
        bufferCallback: (buffer) => void kept.push(buffer),
      });
      expect(kept.length).toBe(buffers.length);
      const args = new PyTuple<PyValue>([pickle, kept.map(({ bytes }) => bytes)]);
      return {
        expression: `loads(*out_of_band(${expression}))`,
        pickles: [encode(new PyObject(new PyGlobal("__main__", "loads"), args))],
      };
    });
    expect(pythonDifferences(back, { prelude: stub })).toEqual([]);
  });

  test.skipIf(five.length === 0)("a structured dtype keeps its fields", () => {
    const of = "structured(12, alpha=('<i4', 0), beta=('<f8', 4))";
    const [pickle = new Uint8Array()] = pythonPickles([of], { prelude: stub })[0] ?? [];
    const dtype = decode(pickle, registry) as NumpyDtype;
    expect(String(dtype)).toBe("|V12");
    expect(dtype.fields?.map(({ name, dtype: each, offset }) => [name, `${each}`, offset])).toEqual([
      ["alpha", "<i4", 0],
      ["beta", "<f8", 4],
    ]);
    const data = random.bytes(24);
    const array: ConverterRow = [
      `ndarray((2,), ${of}, bytes.fromhex('${hex(data)}'))`,
      new NdArray(dtype, [2], data),
    ];
    expect(roundTripDifferences([array], numpy, { prelude: stub, view, exact: [] })).toEqual([]);
  });

  test("arrays and scalars of Python 2 are read, whichever way its strings are", () => {
    const dtype = "cnumpy\ndtype\n(S'i2'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntb";
    const array = `cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n(I2\nt${dtype}I00\nS'\\x01\\x00\\xfe\\xff'\ntb.`;
    const scalar = `cnumpy.core.multiarray\nscalar\n(${dtype}S'\\xfe\\xff'\ntR.`;
    for (const encoding of ["latin1", "bytes"] as const) {
      const decoded = decode(Buffer.from(array), { ...registry, encoding }) as NdArray;
      expect(decoded.toTypedArray()).toEqual(Int16Array.of(1, -2));
      expect((decode(Buffer.from(scalar), { ...registry, encoding }) as NumpyScalar).value).toBe(-2);
    }
  });
});

function inPackage(value: PyValue, where: "numpy.core" | "numpy._core"): PyValue {
  if (Array.isArray(value)) return value.map((item) => inPackage(item as PyValue, where));
  if (value instanceof NumpyScalar) return new NumpyScalar(value.dtype, value.data, where);
  if (!(value instanceof NdArray)) return value;
  const { dtype, shape, fortranOrder } = value;
  return new NdArray(dtype, shape, value.objects ?? value.data, { fortranOrder, package: where });
}

/** Buffers that are given as bytes cannot be written into. */
function readonlyWhere(value: PyValue, writtenOut: boolean): PyValue {
  if (!writtenOut) return value;
  if (Array.isArray(value)) return value.map((item) => readonlyWhere(item as PyValue, true));
  const { dtype, shape, fortranOrder, data } = value as NdArray;
  return new NdArray(dtype, shape, data, { fortranOrder, writable: false });
}
