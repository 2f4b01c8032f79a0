import { describe, expect, it } from "vitest";
import { merge, overlap, shares, total } from "./ranges.js";

const run = (start: number, end: number) => ({ start, end });

describe("merge()", () => {
  it("sorts runs and joins those that touch or overlap", () => {
    expect(merge([run(7, 9), run(0, 2), run(2, 4), run(8, 12), run(20, 21), run(9, 10)])).toEqual([
      run(0, 4),
      run(7, 12),
      run(20, 21),
    ]);
    expect(merge([])).toEqual([]);
  });
});

describe("overlap()", () => {
  it("tells runs that share a byte from those that only touch", () => {
    expect(overlap([run(2, 4), run(0, 2), run(4, 5)])).toBe(false);
    expect(overlap([run(2, 4), run(0, 3)])).toBe(true);
    expect(overlap([run(1, 2), run(1, 2)])).toBe(true);
  });
});

describe("shares()", () => {
  it.each([
    [run(0, 2), false],
    [run(4, 9), false],
    [run(3, 3), false],
    [run(3, 4), true],
    [run(0, 9), true],
  ])("tells whether %o shares a byte with [2, 4)", (range, told) => {
    expect(shares([run(20, 30), run(2, 4)], range)).toBe(told);
  });
});

describe("total()", () => {
  it("adds up runs", () => expect(total([run(0, 3), run(5, 6)])).toBe(4));
});
