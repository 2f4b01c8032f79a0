// The least that many small files take in Node here: one thread reads each, another writes it beside its name and renames it,
// with the calls of the system that ours make for a file. Nothing is sent but between the threads, nothing is checked or
// recorded. Both threads run already. Prints the seconds, as JSON.
//
//   node dist/bench/least/small.js FOLDER COPY

import { once } from "node:events";
import { MessageChannel, Worker } from "node:worker_threads";
import { usage } from "./threads.js";

const [folder, copy] = process.argv.slice(2);
if (folder === undefined || copy === undefined) usage("small.js FOLDER COPY");

const directory = new URL("dist/bench/least/", import.meta.resolve("@fileshare/examples/package.json"));
const { port1, port2 } = new MessageChannel();
const reader = new Worker(new URL("small-reader.js", directory), {
  workerData: { folder, port: port1 },
  transferList: [port1],
});
const writer = new Worker(new URL("small-writer.js", directory), {
  workerData: { copy, port: port2 },
  transferList: [port2],
});
await Promise.all([once(reader, "message"), once(writer, "message")]);
const started = performance.now();
reader.postMessage("begin");
await once(writer, "message");
const seconds = (performance.now() - started) / 1000;
await Promise.all([reader.terminate(), writer.terminate()]);
console.log(JSON.stringify({ seconds }));
