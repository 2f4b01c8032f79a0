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
  const reading = new Reading(folder, maxFileBytes, memory);
  for (let i = 0; i < names.length && reading.read(names[i] as string); i++);
  return reading.done();
}

class Reading {
  readonly #folder: string;
  readonly #maxFileBytes: number;
  readonly #memory: Uint8Array<ArrayBuffer>;
  readonly #resolved: Resolved = new Map();
  readonly #lengths: number[] = [];
  readonly #modified: number[] = [];
  #versions = "";
  #filled = 0;

  constructor(folder: string, maxFileBytes: number, memory: ArrayBuffer) {
    this.#folder = folder;
    this.#maxFileBytes = maxFileBytes;
    this.#memory = new Uint8Array(memory);
  }

  /** Reads a file behind the others; false where there is no room for it. */
  read(name: string): boolean {
    const file = openSmall(this.#folder, name, this.#maxFileBytes, this.#resolved);
    if (!file) {
      this.#note(-1, 0, "");
      return true;
    }
    const { size, stats } = file;
    if (size > this.#memory.length - this.#filled) {
      closeSync(file.fd);
      return false;
    }
    if (this.#isRead(file)) {
      this.#note(size, secondsOf(stats), versionOf(stats));
      this.#filled += size;
    } else this.#note(-1, 0, "");
    return true;
  }

  done(): PackedBatch {
    return {
      memory: this.#memory.buffer,
      filled: this.#filled,
      lengths: this.#lengths,
      modified: this.#modified,
      versions: this.#versions,
    };
  }

  #isRead(file: OpenedFile): boolean {
    try {
      return readOpened(file, this.#memory, this.#filled);
    } catch {
      return false;
    } finally {
      closeSync(file.fd);
    }
  }

  #note(length: number, modified: number, version: string): void {
    this.#lengths.push(length);
    this.#modified.push(modified);
    this.#versions += `${version}\0`;
  }
}
