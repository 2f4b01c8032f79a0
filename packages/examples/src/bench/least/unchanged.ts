// The least that finding a copy of a folder unchanged takes in Node here: both are read, and each file in them is looked
// at, by a thread for each at the same time. That of the folder runs already, as a server does; that of the copy is
// started. Nothing is sent or compared. Prints the seconds, as JSON.
//
//   node dist/bench/least/unchanged.js FOLDER COPY

import { LookThread, usage } from "./threads.js";

const [folder, copy] = process.argv.slice(2);
if (folder === undefined || copy === undefined) usage("unchanged.js FOLDER COPY");

const server = new LookThread();
await server.look({ folder, names: [] });
const started = performance.now();
const client = new LookThread();
await Promise.all([server.look({ folder }), client.look({ folder: copy })]);
const seconds = (performance.now() - started) / 1000;
await Promise.all([server.end(), client.end()]);
console.log(JSON.stringify({ seconds }));
