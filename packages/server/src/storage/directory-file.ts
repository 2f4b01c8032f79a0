// A file of a folder, opened: read by position, into buffers that are used again.

import type { BigIntStats } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { secondsOf, versionOf } from "./folder.js";
import type { StoredFile } from "./storage.js";

/**
 * How much of a file is read at once, in bytes. Each read wakes a thread, and each write whoever receives, so that large
 * pieces are faster; but two are held of each file that is being sent: the more there are, the smaller their pieces.
 */
const MIB = 1024 * 1024;
const MOST_PIECE_BYTES = 4 * MIB;
const LEAST_PIECE_BYTES = MIB;
const ALL_PIECES_BYTES = 8 * MIB;

/** How many files are being read. */
let reading = 0;

/** Buffers of pieces that nobody reads into at the moment: some are kept, as a new one has to be cleared. */
const free: Buffer[] = [];
const MAX_FREE_BYTES = 16 * MIB;

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
    reading += 1;
    const length = Math.min(pieceBytes(), end - start);
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
    let next = readInto(buffer);
    try {
      while (position < end) {
        const bytesRead = await next;
        if (bytesRead === 0) return;
        position += bytesRead;
        const piece = buffer.subarray(0, bytesRead);
        if (position < end) {
          // The next piece is read while the consumer is busy with this one.
          [buffer, other] = [other ?? take(length), buffer];
          next = readInto(buffer);
        }
        yield piece;
      }
    } finally {
      // The buffers may only be let go when nothing is read into them any more.
      await next.catch(() => {});
      reading -= 1;
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

function pieceBytes(): number {
  const each = ALL_PIECES_BYTES / 2 / reading;
  return Math.min(MOST_PIECE_BYTES, Math.max(LEAST_PIECE_BYTES, each - (each % MIB)));
}

function take(length: number): Buffer {
  const nth = length < LEAST_PIECE_BYTES ? -1 : free.findIndex((buffer) => buffer.length >= length);
  return nth < 0 ? Buffer.allocUnsafeSlow(length) : (free.splice(nth, 1)[0] as Buffer);
}

function give(buffer: Buffer): void {
  if (buffer.length < LEAST_PIECE_BYTES) return;
  free.push(buffer);
  for (let bytes = free.reduce((sum, { length }) => sum + length, 0); bytes > MAX_FREE_BYTES; ) {
    bytes -= (free.shift() as Buffer).length;
  }
}
