// Runs CPython's own pickle tests against the codec: starts Python, answers what it asks, and says what came of it.
//
//   node test/cpython/run.mjs [--python PATH]... [--all] [--json] [Class.test ...]
//
// --python  an interpreter to run it under, instead of python3; may be given more than once
// --all     every Python 3 under $PYENV_ROOT/versions
// --json    the outcome of each as a line of JSON
//
// It ends with 1 when a test fails that differences.json does not list, or passes that it does.

import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { answer } from "./answer.mjs";

const suite = fileURLToPath(new URL("./suite.py", import.meta.url));
const differences = JSON.parse(readFileSync(new URL("./differences.json", import.meta.url), "utf8"));

/** Each frame of a stream: four bytes of length, and JSON. */
async function* frames(stream) {
  let held = Buffer.alloc(0);
  for await (const chunk of stream) {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    while (held.length >= 4 && held.length >= 4 + held.readUInt32BE(0)) {
      const end = 4 + held.readUInt32BE(0);
      yield JSON.parse(held.toString("utf8", 4, end));
      held = held.subarray(end);
    }
  }
}

function frame(value) {
  const data = Buffer.from(JSON.stringify(value));
  const header = Buffer.alloc(4);
  header.writeUInt32BE(data.length);
  return Buffer.concat([header, data]);
}

/** Runs the suite under one Python: what its report says, or why there is none. */
async function runSuite(python, tests) {
  const child = spawn(python, ["-B", suite, ...tests], {
    env: { ...process.env, PYTHONHASHSEED: "0" },
    stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"],
  });
  let printed = "";
  child.stdout.resume();
  child.stderr.on("data", (data) => {
    printed += data;
  });
  const ended = new Promise((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (status) => resolve(`${python} ended with ${status}: ${printed}`));
  });
  child.stdio[4].on("error", () => {});
  let report;
  for await (const request of frames(child.stdio[3])) {
    if (request.op === "report") report = request.report;
    child.stdio[4].write(frame(request.op === "report" ? {} : answer(request)));
  }
  const end = await ended;
  if (report) return report;
  const missing = /ModuleNotFoundError: No module named 'test|ImportError.*pickletester/.test(end);
  return { error: end, missing };
}

/** "3.11" as a number that orders versions. */
function order(version) {
  const [major, minor] = version.split(".");
  return Number(major) * 1000 + Number(minor);
}

function listed(version) {
  const reasons = new Map();
  for (const { tests, reason, from, to } of differences) {
    if (from && order(version) < order(from)) continue;
    if (to && order(version) > order(to)) continue;
    for (const test of tests) reasons.set(test, reason);
  }
  return reasons;
}

/** The report against the list of what is known to differ. */
function judge({ python, tests, pickles, refused }, partly) {
  const reasons = listed(python);
  const rows = Object.entries(tests);
  const failed = rows.filter(([, { outcome }]) => outcome === "failed");
  const passed = rows.filter(([, { outcome, codec }]) => outcome === "passed" && codec);
  return {
    python,
    passed: passed.length,
    total: passed.length + failed.length,
    apart: rows.filter(([, { outcome, codec }]) => outcome === "passed" && !codec).length,
    skipped: rows.filter(([, { outcome }]) => outcome === "skipped").length,
    differ: failed
      .filter(([name]) => reasons.has(name))
      .map(([test]) => ({ test, reason: reasons.get(test) })),
    unlisted: failed
      .filter(([name]) => !reasons.has(name))
      .map(([test, { messages }]) => ({ test, messages })),
    stale: [...reasons.keys()].filter(
      (name) => tests[name]?.outcome !== "failed" && (!partly || tests[name]),
    ),
    pickles,
    refused,
  };
}

function* lines(outcome) {
  const { python, passed, total, differ, unlisted, stale, apart, skipped, pickles, refused } = outcome;
  const version = python.split(".").slice(0, 2).join(".");
  yield `${passed} of ${total} tests of CPython ${version}'s pickle suite pass, ${total - passed} differ${differ.length > 0 ? ":" : ""}`;
  const byReason = group(differ);
  for (const [reason, rows] of byReason) {
    yield `  ${reason}`;
    for (const { test } of rows) yield `    ${test}`;
  }
  for (const { test, messages } of unlisted) yield `NOT LISTED: ${test}\n${messages.join("\n")}`;
  for (const test of stale) yield `LISTED, BUT DOES NOT FAIL: ${test}`;
  yield `pickletools.dis takes ${pickles - refused.length} of the ${pickles} pickles written`;
  for (const [pickle, error] of refused) yield `REFUSED: ${pickle}: ${error}`;
  yield `(${apart} more tests pass without asking the codec, ${skipped} are skipped by the suite itself)`;
}

function group(rows) {
  const groups = new Map();
  for (const row of rows) groups.set(row.reason, [...(groups.get(row.reason) ?? []), row]);
  return groups;
}

/** Every Python 3 that pyenv has here. */
function everyPython() {
  const versions = join(process.env.PYENV_ROOT ?? "", "versions");
  if (!existsSync(versions)) return [];
  return readdirSync(versions)
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
    .map((version) => join(versions, version, "bin", "python3"))
    .filter((path) => existsSync(path));
}

const { values, positionals } = parseArgs({
  options: {
    all: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    python: { type: "string", multiple: true, default: ["python3"] },
  },
  allowPositionals: true,
});
for (const python of values.all ? everyPython() : values.python) {
  const report = await runSuite(python, positionals);
  const outcome = report.error ? report : judge(report, positionals.length > 0);
  if (values.json) console.log(JSON.stringify(outcome));
  else if (outcome.error) console.log(outcome.missing ? `${python} has no test.pickletester` : outcome.error);
  else for (const line of lines(outcome)) console.log(line);
  const clean =
    outcome.missing ||
    (!outcome.error && outcome.unlisted.length + outcome.stale.length + outcome.refused.length === 0);
  if (!clean) process.exitCode = 1;
}
