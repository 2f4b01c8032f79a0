// The files that are served.

import { randomFillSync } from "node:crypto";
import { mkdir, open } from "node:fs/promises";
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
export async function makeWorkload(workload: Workload): Promise<Workload> {
  const { folder, files, fileBytes } = workload;
  await mkdir(folder);
  const block = randomFillSync(Buffer.allocUnsafe(Math.min(BLOCK_BYTES, fileBytes)));
  let blocks = 0;
  for (let number = 0; number < files; number++) {
    await using file = await open(join(folder, `${String(number).padStart(6, "0")}.bin`), "wx");
    for (let left = fileBytes; left > 0; left -= block.length) {
      block.writeUInt32BE(blocks++);
      await file.writeFile(block.subarray(0, Math.min(block.length, left)));
    }
  }
  return workload;
}
