// The thread that writes small files, for small.ts.

import { closeSync, futimesSync, openSync, renameSync, writeSync } from "node:fs";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { ReadFiles } from "./small-reader.js";

const { copy, port } = workerData as { copy: string; port: MessagePort };

port.on("message", (files: ReadFiles | undefined) => {
  if (files) write(files);
  else parentPort?.postMessage("done");
});
parentPort?.postMessage("ready");

function write({ memory, names, sizes, modified }: ReadFiles): void {
  let at = 0;
  for (const [i, name] of names.entries()) {
    const size = sizes[i] as number;
    const seconds = modified[i] as number;
    const fd = openSync(`${copy}/.${name}.part`, "wx");
    writeSync(fd, new Uint8Array(memory, at, size));
    futimesSync(fd, seconds, seconds);
    closeSync(fd);
    renameSync(`${copy}/.${name}.part`, `${copy}/${name}`);
    at += size;
  }
}
