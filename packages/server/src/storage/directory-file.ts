// A file of a folder, opened: read by position, into buffers that are used again.

import type { BigIntStats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { secondsOf, versionOf } from "./folder.js";
import type { StoredFile } from "./storage.js";

/** How much of a file is read at once. Two such pieces are held for each file that is being sent. */
const PIECE_BYTES = 1024 * 1024;

/** Buffers of that size which nobody reads into at the moment: some are kept, as a new one has to be cleared. */
const free: Buffer[] = [];
const MAX_FREE = 8;

/** An open regular file. */
export class DirectoryFile implements StoredFile {
  readonly size: number;
  readonly version: string;
  readonly modified: Date;
  readonly modifiedSeconds: number;
  readonly #handle: FileHandle;

  constructor(handle: FileHandle, stats: BigIntStats) {
    this.#handle = handle;
    this.size = Number(stats.size);
    this.version = versionOf(stats);
    this.modified = stats.mtime;
    this.modifiedSeconds = secondsOf(stats);
  }

  async *read(start: number, end: number): AsyncGenerator<Uint8Array> {
    const length = Math.min(PIECE_BYTES, end - start);
    let buffer = take(length);
    let other: Buffer | undefined;
    let position = start;
    const readInto = (buffer: Buffer): Promise<number> => {
      const bytesRead = this.#handle
        .read(buffer, 0, Math.min(length, end - position), position)
        .then((result) => result.bytesRead);
      // It may fail while the consumer is busy, who hears of it when it asks for the next piece.
      bytesRead.catch(() => {});
      return bytesRead;
    };
    let reading = readInto(buffer);
    try {
      while (position < end) {
        const bytesRead = await reading;
        if (bytesRead === 0) return;
        position += bytesRead;
        const piece = buffer.subarray(0, bytesRead);
        if (position < end) {
          // The next piece is read while the consumer is busy with this one.
          [buffer, other] = [other ?? take(length), buffer];
          reading = readInto(buffer);
        }
        yield piece;
      }
    } finally {
      // The buffers may only be let go when nothing is read into them any more.
      await reading.catch(() => {});
      give(buffer);
      if (other) give(other);
    }
  }

  async changed(): Promise<boolean> {
    return versionOf(await this.#handle.stat({ bigint: true })) !== this.version;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function take(length: number): Buffer {
  return (length === PIECE_BYTES ? free.pop() : undefined) ?? Buffer.allocUnsafeSlow(length);
}

function give(buffer: Buffer): void {
  if (buffer.length === PIECE_BYTES && free.length < MAX_FREE) free.push(buffer);
}
