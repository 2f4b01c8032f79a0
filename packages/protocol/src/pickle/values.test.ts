import { describe, expect, test } from "vitest";
import { PyFloat, PyTuple } from "./index.js";

describe("PyFloat", () => {
  test("takes part in arithmetic, text and JSON as its number", () => {
    const two = new PyFloat(2);
    expect(Number(two) + 1).toBe(3);
    expect(Math.max(Number(two), 1)).toBe(2);
    expect(`${two}`).toBe("2");
    expect(JSON.stringify([two])).toBe("[2]");
  });
});

describe("PyTuple", () => {
  test("is walked like the row of its items", () => {
    const tuple = new PyTuple(["uno", 2]);
    const [first, second] = tuple;
    expect([first, second, tuple.length]).toEqual(["uno", 2, 2]);
    expect([...new PyTuple()]).toEqual([]);
  });
});
