import { describe, expect, test } from "vitest";
import type { PyValue } from "../../index.js";
import { NdArray, NumpyDtype, PyComplex } from "../index.js";

describe("NdArray", () => {
  const bytes = (view: ArrayBufferView) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const turned = (data: Uint8Array, size: number) => {
    const copy = data.slice();
    for (let at = 0; at < copy.length; at += size) copy.subarray(at, at + size).reverse();
    return copy;
  };

  test.each([
    ["i2", Int16Array.of(1, -2, 30000)],
    ["u4", Uint32Array.of(1, 2 ** 32 - 1)],
    ["i8", BigInt64Array.of(-1n, 2n ** 62n)],
    ["u8", BigUint64Array.of(1n, 2n ** 64n - 1n)],
    ["f4", Float32Array.of(1.5, Number.NaN)],
    ["f8", Float64Array.of(1e300, -0)],
    ["c16", Float64Array.of(1, 2)],
    ["m8[s]", BigInt64Array.of(5n)],
  ])("%s becomes its typed array, in both byte orders", (text, typed) => {
    const size = text.startsWith("c16") ? 8 : typed.BYTES_PER_ELEMENT;
    const length = text.startsWith("c16") ? 1 : typed.length;
    expect(new NdArray(`<${text}`, [length], bytes(typed)).toTypedArray()).toEqual(typed);
    expect(new NdArray(`>${text}`, [length], turned(bytes(typed), size)).toTypedArray()).toEqual(typed);
  });

  test("a typed array is a view where that can be, and a copy where the place does not fit", () => {
    const all = new Uint8Array(17);
    expect(new NdArray("<f8", [2], all.subarray(0, 16)).toTypedArray().buffer).toBe(all.buffer);
    expect(new NdArray("<f8", [2], all.subarray(1)).toTypedArray().buffer).not.toBe(all.buffer);
  });

  test("floats of 2 bytes are read as numbers", () => {
    const bits = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0x7c00, 0xfc00, 0x7e00, 0x8000);
    const values = [
      1,
      -2,
      65504,
      2 ** -24,
      2 ** -14,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
      -0,
    ];
    const array = new NdArray("<f2", [9], bytes(bits));
    expect(array.toTypedArray()).toEqual(Float32Array.from(values));
    expect(array.toArray()).toEqual(values);
  });

  test.each<[string, Uint8Array, PyValue[]]>([
    ["|b1", Uint8Array.of(0, 1, 2), [false, true, true]],
    ["<i8", bytes(BigInt64Array.of(-5n, 2n ** 60n)), [-5, 2n ** 60n]],
    [">u2", Uint8Array.of(1, 2), [258]],
    ["<M8[ns]", bytes(BigInt64Array.of(7n, -(2n ** 63n))), [7n, null]],
    ["<c8", bytes(Float32Array.of(1, -2)), [new PyComplex(1, -2)]],
    ["|S3", Uint8Array.of(0x61, 0, 0, 0, 0x62, 0), [Uint8Array.of(0x61), Uint8Array.of(0, 0x62)]],
    ["<U2", bytes(Uint32Array.of(0x1f600, 0x61, 0x62, 0)), ["😀a", "b"]],
    [">U1", Uint8Array.of(0, 0, 0, 0x61), ["a"]],
    ["|V2", Uint8Array.of(1, 0), [Uint8Array.of(1, 0)]],
  ])("elements of %s become values", (text, data, values) => {
    expect(new NdArray(text, [values.length], data).toArray()).toStrictEqual(values);
  });

  test("the elements stand in C order, whatever the order of the data", () => {
    const data = Uint8Array.of(1, 4, 2, 5, 3, 6);
    expect(new NdArray("|u1", [2, 3], data, { fortranOrder: true }).toArray()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(new NdArray("|u1", [2, 3], data).toArray()).toEqual([1, 4, 2, 5, 3, 6]);
    const cube = Uint8Array.from({ length: 24 }, (_, i) => i);
    // The place of [i, j, k] in Fortran order is i + 2 j + 6 k.
    const wanted = Array.from(
      { length: 24 },
      (_, i) => Math.floor(i / 12) + 2 * (Math.floor(i / 4) % 3) + 6 * (i % 4),
    );
    expect(new NdArray("|u1", [2, 3, 4], cube, { fortranOrder: true }).toArray()).toEqual(wanted);
  });

  test("what JavaScript has no type for is refused", () => {
    expect(() => new NdArray("<f16", [1], new Uint8Array(16)).toArray()).toThrow(/no floats of that size/);
    for (const [text, size] of [
      ["<f16", 16],
      ["|S1", 1],
      ["<U1", 4],
      ["|V3", 3],
    ] as const)
      expect(() => new NdArray(text, [1], new Uint8Array(size)).toTypedArray(), text).toThrow(
        /no typed array/,
      );
    expect(() => new NdArray("|O8", [1], [1]).toTypedArray()).toThrow(/no typed array/);
    expect(() => new NdArray("<U1", [1], Uint8Array.of(0, 0, 0x11, 0)).toArray()).toThrow(RangeError);
  });

  test("a dtype tells its parts, and is written as NumPy does", () => {
    const dtype = new NumpyDtype(">M8[25s]");
    expect(dtype).toMatchObject({ kind: "M", itemSize: 8, byteOrder: ">", unit: "25s", fields: undefined });
    expect(String(new NumpyDtype("f8"))).toBe("<f8");
    expect(String(new NumpyDtype("=i1"))).toBe("|i1");
    expect(String(new NumpyDtype("U12"))).toBe("<U12");
    for (const text of ["f3", "x8", "<f8[s]", "", "f", "U99999999999", "M8[]", "i16"])
      expect(() => new NumpyDtype(text), text).toThrow(RangeError);
  });
});
