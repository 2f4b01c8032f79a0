import { describe, expect, test } from "vitest";
import { Random } from "./random.ts";

const some = <T>(next: () => T): T[] => Array.from({ length: 10_000 }, next);

describe("Random", () => {
  test("gives the same numbers for the same seed, and others for another", () => {
    const numbers = (...seed: (number | string)[]): number[] => {
      const random = new Random(...seed);
      return some(() => random.next());
    };
    expect(numbers(1, "a")).toEqual(numbers(1, "a"));
    expect(numbers(1, "a")).not.toEqual(numbers(1, "b"));
    expect(numbers(1, 12)).not.toEqual(numbers(11, 2));
    expect(numbers(1).every((number) => number >= 0 && number < 1)).toBe(true);
  });

  test("integer() gives every number of its range, and no other", () => {
    const random = new Random(1);
    expect(new Set(some(() => random.integer(3, 7)))).toEqual(new Set([3, 4, 5, 6, 7]));
  });

  test("chance() never happens at 0, always at 1, and else about so often", () => {
    const random = new Random(1);
    expect(some(() => random.chance(0))).not.toContain(true);
    expect(some(() => random.chance(1))).not.toContain(false);
    const often = some(() => random.chance(0.25)).filter(Boolean).length;
    expect(Math.abs(often - 2500)).toBeLessThan(200);
  });

  test("distance() is at least 1, and has the mean that was asked for", () => {
    const random = new Random(1);
    for (const mean of [1, 10, 1000]) {
      const distances = some(() => random.distance(mean));
      expect(Math.min(...distances)).toBeGreaterThanOrEqual(1);
      const average = distances.reduce((sum, each) => sum + each, 0) / distances.length;
      expect(Math.abs(average / mean - 1)).toBeLessThan(0.15);
    }
  });

  test("pick() gives every item", () => {
    const random = new Random(1);
    expect(new Set(some(() => random.pick(["a", "b", "c"])))).toEqual(new Set(["a", "b", "c"]));
  });
});
