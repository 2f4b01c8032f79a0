// CPython's own pickle tests, run by Python with our codec in the place of CPython's.

import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { defaultPython } from "@fileshare/peers";
import { beforeAll, describe, expect, it } from "vitest";

interface Outcome {
  /** Why there is no outcome, and whether that is for want of the suite. */
  readonly error?: string;
  readonly missing?: boolean;
  readonly python: string;
  readonly passed: number;
  readonly total: number;
  readonly differ: readonly { readonly test: string; readonly reason: string }[];
  readonly unlisted: readonly { readonly test: string; readonly messages: readonly string[] }[];
  readonly stale: readonly string[];
  readonly pickles: number;
  readonly refused: readonly unknown[];
}

const MINUTES = 60_000;
let outcome: Outcome;

async function run(): Promise<Outcome> {
  const script = fileURLToPath(new URL("./run.mjs", import.meta.url));
  const child = spawn(process.execPath, [script, "--json", "--python", defaultPython()]);
  const [printed, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (!printed) throw new Error(errors);
  return JSON.parse(printed) as Outcome;
}

beforeAll(async () => {
  outcome = await run();
  if (outcome.error && !outcome.missing) throw new Error(outcome.error);
}, 5 * MINUTES);

describe("CPython's pickle tests", () => {
  it("pass over the codec, but for those that are listed", ({ skip }) => {
    if (outcome.missing) return skip("this Python has no test.pickletester");
    const { passed, total, python } = outcome;
    console.log(`${passed} of ${total} tests of CPython ${python}'s pickle suite pass`);
    expect(outcome.unlisted).toEqual([]);
    expect(passed).toBeGreaterThan(250);
    expect(passed + outcome.differ.length).toBe(total);
  });

  it("fail where they are listed", ({ skip }) => {
    if (outcome.missing) return skip("this Python has no test.pickletester");
    expect(outcome.stale).toEqual([]);
  });

  it("have nothing written that pickletools refuses", ({ skip }) => {
    if (outcome.missing) return skip("this Python has no test.pickletester");
    expect(outcome.refused).toEqual([]);
    expect(outcome.pickles).toBeGreaterThan(4000);
  });
});
