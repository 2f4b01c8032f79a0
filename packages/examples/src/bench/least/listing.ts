// The least that a listing of sizes takes in Node here: a folder is read, and each file in it is looked at, by one thread
// or by several, that run already. Nothing is sent, sorted, checked or made of it. Prints the seconds and
// what was found, as JSON.
//
//   node dist/bench/least/listing.js FOLDER [THREADS]

import { readdirSync } from "node:fs";
import type { Looked } from "./look.js";
import { LookThread, usage } from "./threads.js";

const [folder, count = "1"] = process.argv.slice(2);
if (folder === undefined || !/^[1-9]\d?$/.test(count)) usage("listing.js FOLDER [THREADS]");

const threads = Array.from({ length: Number(count) }, () => new LookThread());
// All have started when they have answered.
await Promise.all(threads.map((thread) => thread.look(folder, [])));
const started = performance.now();
const listed = await look(folder);
const seconds = (performance.now() - started) / 1000;
await Promise.all(threads.map((thread) => thread.end()));
console.log(JSON.stringify({ seconds, listed }));

async function look(folder: string): Promise<Looked> {
  const [first, ...others] = threads;
  if (first !== undefined && others.length === 0) return first.look(folder);
  const names = readdirSync(folder);
  const each = Math.ceil(names.length / threads.length);
  const parts = await Promise.all(
    threads.map((thread, i) => thread.look(folder, names.slice(i * each, (i + 1) * each))),
  );
  return parts.reduce((sum, { files, bytes }) => ({ files: sum.files + files, bytes: sum.bytes + bytes }));
}
