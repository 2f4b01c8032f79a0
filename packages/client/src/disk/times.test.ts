import { describe, expect, it } from "vitest";
import { isSameTime } from "./times.js";

describe("isSameTime()", () => {
  it.each([
    // What a number cannot tell apart.
    [1_700_000_000.123456, 1_700_000_000.123457, true],
    [1_700_000_000.123456, 1_700_000_000.1235, false],
    // Whole seconds, rounded up or down.
    [1_700_000_001.75, 1_700_000_001, true],
    [1_700_000_000.25, 1_700_000_001, true],
    [1_700_000_002.25, 1_700_000_001, false],
    [1_700_000_002, 1_700_000_001, false],
    [1_700_000_000, 1_700_000_001, false],
    // Every other second.
    [1_700_000_001, 1_700_000_000, true],
    [1_700_000_001.999, 1_700_000_000, true],
    [1_699_999_998.5, 1_700_000_000, true],
    [1_700_000_002, 1_700_000_000, false],
    // Before 1970.
    [-1234.5, -1234.5, true],
    [-1233.5, -1233, true],
    [-1.5, -2, true],
    [-3.5, -1, false],
    [1_700_000_001, 1_700_000_001.5, false],
  ])("of %s on the server and %s here: %s", (remote, local, same) => {
    expect(isSameTime(remote, local)).toBe(same);
  });
});
