// Preloaded into our server and our client to see where their time goes: profiles each of their threads from its start on.
// On SIGUSR2 all of them write what they have, each a file named by its thread; the main thread, which is 0, is the last.
//
//   node --import 'dist/bench/profiler.js?FOLDER' SCRIPT

import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector";
import { join } from "node:path";
import { BroadcastChannel, isMainThread, threadId } from "node:worker_threads";
import "./threads-too.js";

/** How often V8 looks, in microseconds. */
const INTERVAL = 250;

const folder = decodeURIComponent(new URL(import.meta.url).search.slice(1));
mkdirSync(folder, { recursive: true });

const session = new Session();
session.connect();
session.post("Profiler.enable");
session.post("Profiler.setSamplingInterval", { interval: INTERVAL });
session.post("Profiler.start");

/** Between the threads of this process: the main one asks, each worker says when it has written. */
const channel = new BroadcastChannel("fileshare-bench-profiles");
channel.unref();

let workers = 0;
if (isMainThread) {
  process.on("worker", () => {
    workers += 1;
  });
  process.on("SIGUSR2", () => {
    if (workers === 0) write();
    else channel.postMessage("write");
  });
}

channel.onmessage = (event) => {
  const { data } = event as { readonly data: unknown };
  if (!isMainThread && data === "write") {
    write();
    channel.postMessage("written");
  } else if (isMainThread && data === "written") {
    workers -= 1;
    if (workers === 0) write();
  }
};

function write(): void {
  session.post("Profiler.stop", (error, result) => {
    if (error) throw error;
    const path = join(folder, `${threadId}.json`);
    writeFileSync(`${path}.part`, JSON.stringify(result.profile));
    renameSync(`${path}.part`, path);
    if (isMainThread) process.emit("profiled" as never);
  });
}
