// A thread of the least programs: looks at files, as many times as it is asked to, and saves some.

import { closeSync, futimesSync, lstatSync, openSync, readdirSync, renameSync, writeSync } from "node:fs";
import { parentPort } from "node:worker_threads";

/** What it is asked. */
export type LookCall =
  /** To look at files in a folder. Default for the names: all that are there. */
  | { readonly what: "look"; readonly folder: string; readonly names?: readonly string[] }
  /** To tell all there is to know of the files in a folder: a line for each, with tabs. */
  | { readonly what: "state"; readonly folder: string }
  /** To tell which files in a folder are others than such lines say. */
  | { readonly what: "compare"; readonly folder: string; readonly state: string }
  /** To save files, whose bytes stand one after the other. */
  | {
      readonly what: "save";
      readonly folder: string;
      readonly files: readonly ChangedFile[];
      readonly bytes: Uint8Array;
    };

/** What it answers when it has looked. */
export interface Looked {
  readonly files: number;
  readonly bytes: number;
}

/** A file as it is to be. */
export interface ChangedFile {
  readonly name: string;
  readonly size: number;
  /** Seconds since 1970. */
  readonly modified: number;
}

/** Times of a copy that Node has made have no parts of milliseconds. */
const SAME_SECONDS = 0.002;

function look(folder: string, names: readonly string[] = readdirSync(folder)): Looked {
  const looked = { files: 0, bytes: 0 };
  for (const name of names) {
    looked.files += 1;
    looked.bytes += lstatSync(`${folder}/${name}`).size;
  }
  return looked;
}

function stateOf(folder: string): string {
  const lines: string[] = [];
  for (const name of readdirSync(folder)) {
    const { size, mtimeNs, ino } = lstatSync(`${folder}/${name}`, { bigint: true });
    lines.push(`${name}\t${size}\t${mtimeNs}\t${ino}`);
  }
  return lines.join("\n");
}

function compare(folder: string, state: string): ChangedFile[] {
  const changed: ChangedFile[] = [];
  for (const line of state.split("\n")) {
    const [name = "", size, nanoseconds] = line.split("\t");
    const modified = Number(nanoseconds) / 1e9;
    const stats = lstatSync(`${folder}/${name}`, { throwIfNoEntry: false });
    if (stats?.size === Number(size) && Math.abs(stats.mtimeMs / 1000 - modified) < SAME_SECONDS) continue;
    changed.push({ name, size: Number(size), modified });
  }
  return changed;
}

function save(folder: string, files: readonly ChangedFile[], bytes: Uint8Array): void {
  let at = 0;
  for (const { name, size, modified } of files) {
    const fd = openSync(`${folder}/.${name}.part`, "wx");
    writeSync(fd, bytes, at, size);
    futimesSync(fd, modified, modified);
    closeSync(fd);
    renameSync(`${folder}/.${name}.part`, `${folder}/${name}`);
    at += size;
  }
}

function answer(call: LookCall): unknown {
  if (call.what === "look") return look(call.folder, call.names);
  if (call.what === "state") return stateOf(call.folder);
  if (call.what === "compare") return compare(call.folder, call.state);
  return save(call.folder, call.files, call.bytes);
}

parentPort?.on("message", (call: LookCall) => parentPort?.postMessage(answer(call)));
