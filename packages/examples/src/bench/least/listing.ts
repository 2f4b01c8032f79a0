// The least that a listing of sizes takes in Node here: a folder is read, and each file in it is looked at, by one thread
// or by several, that run already. Nothing is sent, sorted, checked or made of it. Prints the seconds.
//
//   node dist/bench/least/listing.js FOLDER [THREADS]

import { readdirSync } from "node:fs";
import { LookThread, usage } from "./threads.js";

const [folder, count = "1"] = process.argv.slice(2);
if (folder === undefined || !/^[1-9]\d?$/.test(count)) usage("listing.js FOLDER [THREADS]");

const threads = Array.from({ length: Number(count) }, () => new LookThread());
// All have started when they have answered.
await Promise.all(threads.map((thread) => thread.look({ folder, names: [] })));
const started = performance.now();
await look(folder);
const seconds = (performance.now() - started) / 1000;
await Promise.all(threads.map((thread) => thread.end()));
console.log(seconds.toFixed(3));

async function look(folder: string): Promise<void> {
  const [first, ...others] = threads;
  if (others.length === 0) {
    await first?.look({ folder });
    return;
  }
  const names = readdirSync(folder);
  const each = Math.ceil(names.length / threads.length);
  await Promise.all(
    threads.map((thread, i) => thread.look({ folder, names: names.slice(i * each, (i + 1) * each) })),
  );
}
