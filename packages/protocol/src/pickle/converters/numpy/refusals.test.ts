import { describe, expect, test } from "vitest";
import {
  ClassRegistry,
  decode,
  encode,
  PyDict,
  PyGlobal,
  PyObject,
  PyTuple,
  type PyValue,
} from "../../index.js";
import { NumpyDtype, numpy } from "../index.js";

const registry = new ClassRegistry(numpy);

describe("the converters of NumPy refuse", () => {
  const f8 = new NumpyDtype("<f8");
  const ndarray = new PyGlobal("numpy", "ndarray");
  const multiarray = (name: string) => new PyGlobal("numpy.core.multiarray", name);
  const empty = [ndarray, new PyTuple([0]), Uint8Array.of(0x62)];

  function made(callable: PyGlobal, args: PyValue[], state?: PyValue): PyValue {
    return decode(encode(new PyObject(callable, new PyTuple(args), { state }), registry), registry);
  }

  test.each<[string, PyValue[], RegExp]>([
    ["too few bytes", [1, new PyTuple([2]), f8, false, new Uint8Array(15)], /length 16, not 15/],
    [
      "a huge shape",
      [1, new PyTuple([2 ** 31, 2 ** 31]), f8, false, new Uint8Array(0)],
      /must have the length/,
    ],
    ["a length that is not", [1, new PyTuple([-1]), f8, false, new Uint8Array(0)], /between 0 and/],
    ["a length without bound", [1, new PyTuple([2n ** 64n]), f8, false, new Uint8Array(0)], /between 0 and/],
    [
      "too many dimensions",
      [1, new PyTuple(Array(65).fill(1)), f8, false, new Uint8Array(8)],
      /takes 0 to 64/,
    ],
    [
      "a shape that is no tuple",
      [1, [2], f8, false, new Uint8Array(16)],
      /shape of an array must be a tuple/,
    ],
    ["no dtype", [1, new PyTuple([1]), "f8", false, new Uint8Array(8)], /must have a dtype/],
    ["a version to come", [2, new PyTuple([1]), f8, false, new Uint8Array(8)], /version/],
    ["an order that is none", [1, new PyTuple([1]), f8, "F", new Uint8Array(8)], /must be a bool/],
    ["data that is none", [1, new PyTuple([1]), f8, false, 8], /bytes or a list/],
    ["a list where bytes should be", [1, new PyTuple([1]), f8, false, [1]], /list of objects/],
    [
      "bytes where a list should be",
      [1, new PyTuple([1]), new NumpyDtype("|O8"), false, new Uint8Array(1)],
      /./,
    ],
    [
      "elements of no size",
      [1, new PyTuple([2 ** 40]), new NumpyDtype("|S0"), false, new Uint8Array(0)],
      /have a size/,
    ],
    ["fewer parts", [1, new PyTuple([1])], /takes 5 arguments/],
  ])("an array with %s", (_what, state, message) => {
    expect(() => made(multiarray("_reconstruct"), empty, new PyTuple(state))).toThrow(message);
  });

  test("subclasses of ndarray, and calls of ndarray itself", () => {
    const text = ["numpy", new PyTuple([0]), Uint8Array.of(0x62)];
    expect(() => made(multiarray("_reconstruct"), text)).toThrow(/class numpy.ndarray/);
    expect(() => made(ndarray, [new PyTuple([1])])).toThrow(/not made by calling its class/);
  });

  test.each<[string, PyValue[], RegExp]>([
    [
      "a permutation of axes",
      [new Uint8Array(8), f8, new PyTuple([1]), "K", new PyTuple([0])],
      /C or Fortran order/,
    ],
    ["an unknown order", [new Uint8Array(8), f8, new PyTuple([1]), "A"], /C or Fortran order/],
    ["no buffer", [8, f8, new PyTuple([1]), "C"], /a bytearray or a buffer/],
    ["no dtype", [new Uint8Array(8), "f8", new PyTuple([1]), "C"], /must have a dtype/],
    ["another length", [new Uint8Array(9), f8, new PyTuple([1]), "C"], /length 8, not 9/],
    [
      "objects",
      [new Uint8Array(8), new NumpyDtype("|O8"), new PyTuple([1]), "C"],
      /length 1, not 8|list of objects/,
    ],
  ])("a buffer with %s", (_what, args, message) => {
    expect(() => made(new PyGlobal("numpy._core.numeric", "_frombuffer"), args)).toThrow(message);
  });

  test.each<[string, PyValue[], RegExp]>([
    ["another length", [f8, new Uint8Array(7)], /8 bytes, not 7/],
    ["no dtype", ["f8", new Uint8Array(8)], /must have a dtype/],
    ["no bytes", [f8, 5], /must be bytes/],
    ["an object", [new NumpyDtype("|O8"), new Uint8Array(8)], /cannot be an object/],
  ])("a scalar with %s", (_what, args, message) => {
    expect(() => made(multiarray("scalar"), args)).toThrow(message);
  });

  const state = (...changes: [number, PyValue][]) => {
    const items: PyValue[] = [3, "<", null, null, null, -1, -1, 0];
    for (const [i, item] of changes) items[i] = item;
    return new PyTuple(items);
  };
  test.each<[string, string, PyValue, RegExp]>([
    ["a state that is no tuple", "f8", 5, /must be a tuple/],
    ["a version to come", "f8", state([0, 5]), /version/],
    ["an unknown byte order", "f8", state([1, "!"]), /byte order/],
    ["another size than its name says", "S5", state([5, 6]), /must be 5, not 6/],
    [
      "a unit that is none",
      "M8",
      state([0, 4], [8, new PyTuple([new PyDict(), new PyTuple(["1", 1])])]),
      /must be a word/,
    ],
    ["no unit at all", "M8", state([0, 4], [8, 5]), /metadata of a dtype must be a tuple/],
    [
      "a count below one",
      "M8",
      state([0, 4], [8, new PyTuple([new PyDict(), new PyTuple(["s", 0])])]),
      /count of a unit/,
    ],
  ])("a dtype with %s", (_what, text, given, message) => {
    expect(() => made(new PyGlobal("numpy", "dtype"), [text, false, true], given)).toThrow(message);
  });

  test("fields that are none, when they are asked for", () => {
    const fields = (value: PyValue) =>
      state([1, "|"], [3, new PyTuple(["a"])], [4, new PyDict([["a", value]])], [5, 8]);
    for (const value of [5, new PyTuple([f8]), new PyTuple([f8, 9]), new PyTuple(["f8", 0])]) {
      const dtype = made(new PyGlobal("numpy", "dtype"), ["V8", false, true], fields(value)) as NumpyDtype;
      expect(() => dtype.fields).toThrow();
    }
  });
});
