// npm run fuzz: a run by hand, or the replay of one input.
//
//   --seed S --from I --count N --seconds T   which inputs; without count and seconds, until something is found
//   --findings K                              goes on until there are K kinds of findings; default 1
//   --hex H --options O --from I              one input alone, as a finding prints it
//   --python PATH                             another CPython than python3, from 3.8 on
//
// What shows in a run and not by its bytes alone comes of the inputs before it: begin the run earlier with --from.

import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { examine, type Finding } from "./compare.js";
import { decodeWhole, summaryOf } from "./decode-input.js";
import { fuzz, type Summary } from "./fuzz.js";
import { decodeOptions } from "./input.js";
import { Oracle } from "./oracle.js";
import { Prototypes } from "./prototypes.js";

const script = new URL("../python/reference.py", import.meta.url);

/** An input that takes longer than that does not end. */
const HANG_SECONDS = 20;

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    from: { type: "string", default: "0" },
    count: { type: "string" },
    seconds: { type: "string" },
    findings: { type: "string", default: "1" },
    hex: { type: "string" },
    options: { type: "string", default: "0" },
    python: { type: "string" },
  },
});

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function printFinding({ input, index, kind, details }: Finding, count: number): void {
  const hex = Buffer.from(input.bytes).toString("hex");
  print(`\n${kind}  (${count} times, first at --seed ${values.seed} --from ${index} --count 1)`);
  for (const line of details) print(`  ${line.slice(0, 2000)}`);
  print(`  npm run fuzz -w @fileshare/protocol -- --from ${index} --hex ${hex} --options ${input.options}`);
}

/** Kills the process with the index of the input that does not end: nothing else can, as its thread is busy. */
function watch(): (index: number) => void {
  const working = new Float64Array(new SharedArrayBuffer(8)).fill(-1);
  const watcher = new Worker(
    `const { workerData } = require("node:worker_threads");
    let last = -1;
    setInterval(() => {
      if (last >= 0 && workerData.working[0] === last) {
        require("node:fs").writeSync(2, "\\ninput " + last + " does not end: --from " + last + " --count 1\\n");
        process.kill(process.pid, "SIGKILL");
      }
      last = workerData.working[0];
    }, ${HANG_SECONDS * 1000});`,
    { eval: true, workerData: { working } },
  );
  watcher.unref();
  return (index) => {
    working[0] = index;
  };
}

async function replay(hex: string): Promise<boolean> {
  const oracle = new Oracle(script, values.python);
  try {
    const input = { bytes: Uint8Array.from(Buffer.from(hex, "hex")), options: Number(values.options) };
    print(await oracle.name);
    const [report] = await oracle.reports([input]);
    print(`CPython: ${report?.text}`);
    print(`ours:    ${summaryOf(decodeWhole(input.bytes, decodeOptions(input.options)))}`);
    const [finding] = await examine(oracle, [input], Number(values.from), new Prototypes());
    if (finding) printFinding(finding, 1);
    else print("They agree, or are known to differ.");
    return finding === undefined;
  } finally {
    await oracle.close();
  }
}

function printSummary({ reference, explained, opcodes, findings, ...counts }: Summary, since: number): void {
  print(`\n${reference}`);
  for (const [name, count] of Object.entries(counts)) print(`${name}: ${count}`);
  print(`opcodes in accepted inputs: ${opcodes.size}`);
  for (const [name, count] of explained) print(`explained, ${name}: ${count}`);
  print(`${Math.round(counts.inputs / ((Date.now() - since) / 1000))} inputs/s`);
  for (const { finding, count } of findings.values()) printFinding(finding, count);
  print(
    findings.size === 0 ? "no unexplained difference" : `${findings.size} kinds of unexplained differences`,
  );
}

async function run(): Promise<boolean> {
  const since = Date.now();
  // Half of all inputs end with an error, and most of its cost is its stack, which only a replay shows.
  Error.stackTraceLimit = 0;
  let printed = since;
  const working = watch();
  const summary = await fuzz({
    script,
    python: values.python,
    seed: Number(values.seed),
    from: Number(values.from),
    count: values.count === undefined ? undefined : Number(values.count),
    seconds: values.seconds === undefined ? undefined : Number(values.seconds),
    maxFindings: Number(values.findings),
    working,
    progress: ({ inputs, accepted, findings }) => {
      if (Date.now() - printed < 5000) return;
      printed = Date.now();
      const rate = Math.round(inputs / ((printed - since) / 1000));
      print(`${inputs} inputs, ${accepted} accepted, ${rate}/s, ${findings.size} kinds of findings`);
    },
  });
  printSummary(summary, since);
  return summary.findings.size === 0;
}

process.exitCode = (values.hex === undefined ? await run() : await replay(values.hex)) ? 0 : 1;
