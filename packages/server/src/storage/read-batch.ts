// Small files, read one after another into memory that came along: in the worker, a whole batch in one message.

import { closeSync } from "node:fs";
import { secondsOf, versionOf } from "./folder.js";
import { type OpenedFile, openSmall, type Resolved, readOpened } from "./read-small.js";

/** Small files that are to be read. */
export interface BatchCall {
  readonly names: readonly string[];
  readonly maxFileBytes: number;
  /** Where they are read to; it goes back with the answer. */
  readonly memory: ArrayBuffer;
}

/** What came of it: few large values, as many small ones take long to be sent between threads. */
export interface PackedBatch {
  readonly memory: ArrayBuffer;
  /** Of the memory, how much was filled. */
  readonly filled: number;
  /** -1 for a file that is not among them. As long as the names that were come to until the memory was full. */
  readonly lengths: readonly number[];
  readonly modified: readonly number[];
  /** Each with a NUL behind. */
  readonly versions: string;
}

/** Reads until the memory is full. What is not just so is left to who opens it, as in read-small.ts. */
export function readBatch(folder: string, { names, maxFileBytes, memory }: BatchCall): PackedBatch {
  const resolved: Resolved = new Map();
  const lengths: number[] = [];
  const modified: number[] = [];
  let versions = "";
  let filled = 0;
  for (const name of names) {
    const file = openSmall(folder, { name, maxBytes: maxFileBytes }, resolved);
    if (file && file.size > memory.byteLength - filled) {
      closeSync(file.fd);
      break;
    }
    const isRead = file !== undefined && readInto(memory, filled, file);
    lengths.push(isRead ? file.size : -1);
    modified.push(isRead ? secondsOf(file.stats) : 0);
    versions += isRead ? `${versionOf(file.stats)}\0` : "\0";
    if (isRead) filled += file.size;
  }
  return { memory, filled, lengths, modified, versions };
}

function readInto(memory: ArrayBuffer, at: number, file: OpenedFile): boolean {
  try {
    return readOpened(file, new Uint8Array(memory, at, file.size));
  } catch {
    return false;
  } finally {
    closeSync(file.fd);
  }
}
