// The thread that reads small files, for small.ts.

import { closeSync, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";

/** Files that were read one after the other into one memory. */
export interface ReadFiles {
  readonly memory: SharedArrayBuffer;
  readonly names: readonly string[];
  readonly sizes: readonly number[];
  readonly modified: readonly number[];
}

const BATCH_BYTES = 1024 * 1024;
const { folder, port } = workerData as { folder: string; port: MessagePort };

parentPort?.once("message", () => {
  for (let names = readdirSync(folder); names.length > 0; ) {
    const files = readSome(names);
    port.postMessage(files);
    names = names.slice(files.names.length);
  }
  port.postMessage(undefined);
});
parentPort?.postMessage("ready");

/** As many of the files as fit into a memory; each must. */
function readSome(names: readonly string[]): ReadFiles {
  const memory = new SharedArrayBuffer(BATCH_BYTES);
  const sizes: number[] = [];
  const modified: number[] = [];
  let filled = 0;
  for (const name of names) {
    const fd = openSync(`${folder}/${name}`, "r");
    const { size, mtimeMs } = fstatSync(fd);
    const fits = filled + size <= BATCH_BYTES;
    if (fits) {
      readSync(fd, new Uint8Array(memory, filled, size), 0, size, 0);
      // As who has to tell whether it has changed meanwhile.
      fstatSync(fd);
    }
    closeSync(fd);
    if (!fits) break;
    filled += size;
    sizes.push(size);
    modified.push(mtimeMs / 1000);
  }
  if (sizes.length === 0) throw new Error(`${names[0]} is not small`);
  return { memory, names: names.slice(0, sizes.length), sizes, modified };
}
