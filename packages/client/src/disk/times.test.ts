import { describe, expect, it } from "vitest";
import { isSameTime, stepOf } from "./times.js";

describe("isSameTime()", () => {
  it.each([
    // What a number cannot tell apart.
    [1_700_000_000.123456, 1_700_000_000.123457, 0, true],
    [1_700_000_000.123456, 1_700_000_000.1235, 0, false],
    // A whole second, where more is kept.
    [1_700_000_001, 1_700_000_000, 0, false],
    [1_700_000_000.5, 1_700_000_000, 0, false],
    // Whole seconds, rounded up or down.
    [1_700_000_001.75, 1_700_000_001, 1, true],
    [1_700_000_000.25, 1_700_000_001, 1, true],
    [1_700_000_002.25, 1_700_000_001, 1, false],
    [1_700_000_001, 1_700_000_000, 1, false],
    // Every other second.
    [1_700_000_001, 1_700_000_000, 2, true],
    [1_700_000_001.999, 1_700_000_000, 2, true],
    [1_699_999_998.5, 1_700_000_000, 2, true],
    [1_700_000_002, 1_700_000_000, 2, false],
    // Hundredths.
    [1_700_000_001.239, 1_700_000_001.23, 0.01, true],
    [1_700_000_001.25, 1_700_000_001.23, 0.01, false],
    // Before 1970.
    [-1234.5, -1234.5, 0, true],
    [-1233.5, -1233, 1, true],
    [-1.5, -2, 2, true],
    [-3.5, -1, 2, false],
    [Number.NaN, 1_700_000_000, 2, false],
  ])("of %s on the server and %s here, kept in steps of %s s: %s", (remote, local, step, same) => {
    expect(isSameTime(remote, local, step)).toBe(same);
  });
});

describe("stepOf()", () => {
  const whole = 1_700_000_001_000;
  const even = 1_700_000_000_000;
  const day = 1_699_999_200_000;
  const exact = 1_700_000_123_456.789;
  it.each([
    ["of a file system that keeps more, of a whole second", even, exact, exact, 0],
    ["of one, given also the time of access", even, exact, day, 0],
    ["of one, given another than a whole second", exact, exact, exact, 0],
    ["of one, copied when the clock was at a whole second", exact, even, even, 0],
    ["of one of whole seconds", whole, even + 5000, whole, 1],
    ["of one, of an even second", even, even, even + 1000, 1],
    ["of one that has but one time", even, even, even, 1],
    ["of FAT", even, even, day, 2],
    ["of FAT, whose ctime is when it was made", even, even + 1230, day, 2],
    ["of FAT, which has no ctime", even, -11_644_473_600_000, day, 2],
    ["of exFAT", even + 1230, even + 1230, even, 0.01],
    ["of exFAT, of a whole second", even, even + 1230, even, 0.01],
    ["from before 1970", -1000, even, even, 1],
  ])("%s", (_, mtimeMs, ctimeMs, atimeMs, step) => {
    expect(stepOf({ mtimeMs, ctimeMs, atimeMs })).toBe(step);
  });
});
