// A short run of the fuzzer (see fuzz/): the same inputs each time, read by our codec and by CPython's.

import { describe, expect, it } from "vitest";
import { fuzz, opcodeCount } from "../fuzz/fuzz.js";

const script = new URL("../fuzz/python/reference.py", import.meta.url);

describe("fuzzing against CPython", () => {
  it("finds no input that the two read otherwise", { timeout: 300_000 }, async () => {
    const { findings, opcodes, ...counts } = await fuzz({ script, seed: 1, count: 20_000, maxFindings: 20 });
    const found = [...findings.values()].map(({ finding: { input, kind, details }, count }) => ({
      kind,
      count,
      hex: Buffer.from(input.bytes).toString("hex"),
      options: input.options,
      details,
    }));
    expect(found).toEqual([]);
    expect(counts.inputs).toBe(20_000);
    expect(counts.accepted).toBeGreaterThan(5000);
    expect(counts.refused).toBeGreaterThan(5000);
    expect(counts.writtenAgain).toBeGreaterThan(5000);
    expect(opcodes.size).toBe(opcodeCount);
    expect(opcodeCount).toBe(68);
  });
});
