// The files that are served.

import { randomFillSync } from "node:crypto";
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { sameContent } from "../support/same-content.js";

/** A folder of files. */
export interface Workload {
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
}

const BLOCK_BYTES = 1024 * 1024;

/** Writes files of one size. They are random: nothing on their way can compress them, and no two blocks are equal. */
export function makeFiles(folder: string, files: number, fileBytes: number): Workload {
  mkdirSync(folder);
  for (let number = 0; number < files; number++) writeRandom(join(folder, fileName(number)), fileBytes, "wx");
  return { folder, files, bytes: files * fileBytes };
}

/** Makes files that are only to be listed: of various sizes, with nothing in them. */
export function makeNames(folder: string, files: number): Workload {
  mkdirSync(folder);
  let bytes = 0;
  for (let number = 0; number < files; number++) {
    const file = openSync(join(folder, fileName(number)), "wx");
    ftruncateSync(file, number);
    closeSync(file);
    bytes += number;
  }
  return { folder, files, bytes };
}

/** Gives some files other content of the same size, and a later time. */
export function changeFiles({ folder }: Workload, count: number): void {
  const names = readdirSync(folder).sort();
  const step = Math.max(1, Math.floor(names.length / count));
  for (let changed = 0; changed < count && changed * step < names.length; changed++) {
    const path = join(folder, names[changed * step] as string);
    const { size, mtimeMs } = statSync(path);
    writeRandom(path, size, "r+");
    // rsync compares whole seconds.
    const modified = mtimeMs / 1000 + 2;
    utimesSync(path, modified, modified);
  }
}

/** @throws Error when a folder does not hold the files of a workload, and nothing else */
export function compare({ folder, files }: Workload, copies: string): void {
  const names = readdirSync(copies);
  if (names.length !== files) throw new Error(`${names.length} files of ${files} were saved`);
  for (const name of names) {
    if (!sameContent(join(folder, name), join(copies, name))) {
      throw new Error(`${name} differs from its original`);
    }
  }
}

function fileName(number: number): string {
  return `${String(number).padStart(6, "0")}.bin`;
}

function writeRandom(path: string, bytes: number, flags: "wx" | "r+"): void {
  const block = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, bytes));
  const file = openSync(path, flags);
  for (let written = 0; written < bytes; ) {
    randomFillSync(block);
    written += writeSync(file, block, 0, Math.min(block.length, bytes - written));
  }
  closeSync(file);
}

/** So that the system has the files in memory, and nobody's time depends on a disk's reading. */
export function readAll({ folder }: Workload): void {
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  for (const name of readdirSync(folder)) {
    const file = openSync(join(folder, name), "r");
    while (readSync(file, block) > 0);
    closeSync(file);
  }
}
