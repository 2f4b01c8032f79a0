import { describe, expect, it } from "vitest";
import { type Outcome, runSeed } from "./faults/scenario.js";

/** A longer run is made by hand: see faults/main.ts. */
const SEEDS = 100;
const SEEDS_AT_ONCE = 12;

describe("Downloads over broken connections, from a storage that fails", () => {
  it("save what is right or nothing, end, and leave nothing open", { timeout: 300_000 }, async () => {
    const outcomes: Outcome[] = [];
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < SEEDS) {
        next += 1;
        outcomes.push(await runSeed(next));
      }
    };
    await Promise.all(Array.from({ length: SEEDS_AT_ONCE }, work));
    expect(outcomes.flatMap(({ seed, wrong }) => wrong.map((what) => `seed ${seed}: ${what}`))).toEqual([]);
    const sum = (of: (outcome: Outcome) => number): number =>
      outcomes.reduce((total, each) => total + of(each), 0);
    // The seeds are of use: much goes wrong, and much is saved all the same.
    expect(sum(({ broken }) => broken)).toBeGreaterThan(SEEDS);
    expect(sum(({ storageFaults }) => storageFaults)).toBeGreaterThan(0);
    expect(sum(({ done }) => done)).toBeGreaterThan(SEEDS);
    expect(sum(({ resumed }) => resumed)).toBeGreaterThan(0);
    expect(sum(({ batches }) => batches)).toBeGreaterThan(SEEDS / 4);
  });
});
