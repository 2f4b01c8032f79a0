// A thread of the least programs: looks at files, as many times as it is asked to.

import { lstatSync, readdirSync } from "node:fs";
import { parentPort } from "node:worker_threads";

/** What it is asked: to read a folder, or to look at files in it. */
export interface LookCall {
  readonly folder: string;
  /** Default: all that are there. */
  readonly names?: readonly string[];
}

/** What it answers. */
export interface Looked {
  readonly files: number;
  readonly bytes: number;
}

parentPort?.on("message", ({ folder, names = readdirSync(folder) }: LookCall) => {
  const looked = { files: 0, bytes: 0 };
  for (const name of names) {
    looked.files += 1;
    looked.bytes += lstatSync(`${folder}/${name}`).size;
  }
  parentPort?.postMessage(looked satisfies Looked);
});
