// What a storage gives of a file, taken for what it is: it may be an app's own.

import { isUint8Array } from "node:util/types";
import type { StoredFile } from "./storage.js";

/** Thrown where a file turns out shorter than it was when it was opened. */
export class ShorterError extends Error {
  override readonly name = "ShorterError";
}

/**
 * Reads the bytes from `start` up to, not including, `end`: all of them, and no more.
 *
 * @throws {ShorterError} when it ends early
 * @throws {TypeError} when a piece is no Uint8Array
 * @throws {RangeError} when there are more
 */
export async function* piecesOf(file: StoredFile, start: number, end: number): AsyncGenerator<Uint8Array> {
  let left = end - start;
  for await (const piece of file.read(start, end)) {
    if (!isUint8Array(piece)) throw new TypeError("What the storage reads is no Uint8Array");
    left -= piece.length;
    if (left < 0) throw new RangeError("The storage reads more than it was asked for");
    yield piece;
  }
  if (left > 0) throw new ShorterError("The file has become shorter");
}

/** Lets go of a file. One of JavaScript may have but one of the two ways to do so. */
export async function letGo(file: StoredFile): Promise<void> {
  if (typeof file.close === "function") await file.close();
  else await (file as AsyncDisposable)[Symbol.asyncDispose]();
}
