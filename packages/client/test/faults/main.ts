// The fault bench by hand.
//
//   npm run faults -w @fileshare/client -- [--seed N] [--count N]
//
// Runs that many seeds from the first on, and prints what came of them. A seed that has found something is printed as it
// is found; the exit code is 1 then.

import { parseArgs } from "node:util";
import { type Outcome, runSeed } from "./scenario.js";

const SEEDS_AT_ONCE = 12;

const { values } = parseArgs({
  options: { seed: { type: "string", default: "1" }, count: { type: "string", default: "100" } },
});
const first = Number(values.seed);
const count = Number(values.count);
const begun = performance.now();
const sums = { done: 0, resumed: 0, batches: 0, broken: 0, storageFaults: 0, wrong: 0 };
const errors = new Map<string, number>();
let next = first;
/** Most of the time of a seed is waiting: several go on side by side. */
await Promise.all(Array.from({ length: SEEDS_AT_ONCE }, work));

async function work(): Promise<void> {
  while (next < first + count) {
    next += 1;
    note(await runSeed(next - 1));
    if ((next - first) % 500 === 0) console.log(`${next - first} seeds`);
  }
}

function note(outcome: Outcome): void {
  sums.done += outcome.done;
  sums.resumed += outcome.resumed;
  sums.batches += outcome.batches;
  sums.broken += outcome.broken;
  sums.storageFaults += outcome.storageFaults;
  for (const code of outcome.errors) errors.set(code, (errors.get(code) ?? 0) + 1);
  for (const what of outcome.wrong) console.log(`seed ${outcome.seed}: ${what}`);
  if (outcome.wrong.length > 0) sums.wrong += 1;
}
// Beyond those that a process has from its start: a socket or file that was not let go of.
const left = process
  .getActiveResourcesInfo()
  .filter((kind) => !/^(TTY|Pipe|FS|Immediate|MessagePort)/i.test(kind));
console.log(`${count} seeds from ${first} on, in ${((performance.now() - begun) / 1000).toFixed(0)} s`);
console.log(`${sums.done} downloads done, ${sums.resumed} picked up from an earlier run`);
console.log(`${sums.batches} batches of small files`);
console.log(`${sums.broken} faults of the network, ${sums.storageFaults} of the storage`);
console.log(`errors: ${Array.from(errors, ([code, times]) => `${code} ${times}`).join(", ") || "none"}`);
console.log(`left open: ${left.join(", ") || "nothing"}`);
console.log(`${sums.wrong} seeds found something wrong`);
if (sums.wrong > 0 || left.length > 0) process.exitCode = 1;
