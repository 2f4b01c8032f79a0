// The files that are served.

import { randomFillSync } from "node:crypto";
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";

/** A folder of files of one size. */
export interface Workload {
  readonly title: string;
  readonly folder: string;
  readonly files: number;
  readonly fileBytes: number;
}

const BLOCK_BYTES = 1024 * 1024;

/** Writes the files. No two blocks are equal, so that a comparison notices a block in another's place. */
export function makeWorkload(workload: Workload): Workload {
  const { folder, files, fileBytes } = workload;
  mkdirSync(folder);
  const block = randomFillSync(Buffer.allocUnsafe(Math.min(BLOCK_BYTES, fileBytes)));
  let blocks = 0;
  for (let number = 0; number < files; number++) {
    const file = openSync(join(folder, `${String(number).padStart(6, "0")}.bin`), "wx");
    for (let written = 0; written < fileBytes; ) {
      block.writeUInt32BE(blocks++);
      written += writeSync(file, block, 0, Math.min(block.length, fileBytes - written));
    }
    closeSync(file);
  }
  return workload;
}
