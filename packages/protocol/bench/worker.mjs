// A contender written in JavaScript, as a process that does what lines of JSON on stdin ask for and times itself.
//
//   node worker.mjs CONTENDER
//
// What it is asked for is the same as of worker.py: see child.mjs.

import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";

const [contender] = process.argv.slice(2);
const { makeTask } = await import(`./contenders/${contender}.mjs`);

/** The row that was prepared last: what is timed, and what is known of it. */
let task;
let prepared;

const commands = {
  prepare({ row, sizes, path }) {
    const encoded = path === undefined ? undefined : readFileSync(path);
    task = makeTask(row, sizes, encoded);
    prepared = { contender, row, sizes, encoded };
    return task !== undefined;
  },
  write({ path }) {
    writeFileSync(path, task());
  },
  async check() {
    // Not imported by the processes that time a first call: they shall have loaded no more than they need.
    const { check } = await import("./check.mjs");
    check({ ...prepared, result: task() });
  },
  time({ loops }) {
    let result;
    const begun = process.hrtime.bigint();
    for (let i = 0; i < loops; i++) result = task();
    const took = Number(process.hrtime.bigint() - begun);
    prepared.result = result;
    return took;
  },
};

process.hrtime.bigint();
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  let reply;
  try {
    reply = { value: (await commands[request.command](request)) ?? null };
  } catch (error) {
    reply = { error: String(error?.stack ?? error) };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
