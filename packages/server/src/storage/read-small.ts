// Small files, read whole: in the worker, where a file takes five calls of the system and no turn of an event loop.

import {
  type BigIntStats,
  closeSync,
  fstatSync,
  openSync,
  readlinkSync,
  readSync,
  realpathSync,
} from "node:fs";
import { below, isWithin, NO_FOLLOW, OPEN_FLAGS, secondsOf, versionOf } from "./folder.js";
import { pathOf } from "./names.js";

/** A small file as it is sent between threads. */
export interface PackedFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly version: string;
  readonly modified: number;
}

/** The folders that were resolved, for one message: a file is checked by its descriptor all the same. */
export type Resolved = Map<string, Buffer>;

/**
 * Reads a file of the folder. Gives undefined for whatever is not just so: it is larger, changes, is no regular file, is
 * reached by way of a link, or there is none. Who asked opens it then, and hears why it cannot be had.
 */
export function readSmall(
  folder: string,
  name: string,
  maxBytes: number,
  resolved: Resolved,
): PackedFile | undefined {
  const path = NO_FOLLOW ? pathOf(name) : undefined;
  if (!path) return undefined;
  let fd: number | undefined;
  try {
    const slash = path.lastIndexOf("/");
    if (slash < 0) {
      fd = openSync(below(Buffer.from(folder), path), OPEN_FLAGS);
    } else {
      const root = resolve(resolved, "", Buffer.from(folder));
      const parent = resolve(
        resolved,
        name.slice(0, name.lastIndexOf("/")),
        below(root, path.subarray(0, slash)),
      );
      if (!isWithin(root, parent)) return undefined;
      fd = openSync(below(parent, path.subarray(slash + 1)), OPEN_FLAGS);
      // Where the system does not tell where an open file is, this fails.
      if (!isWithin(root, readlinkSync(`/proc/self/fd/${fd}`, "buffer"))) return undefined;
    }
    return readOpened(fd, maxBytes);
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function resolve(resolved: Resolved, key: string, path: Buffer): Buffer {
  let real = resolved.get(key);
  if (!real) {
    real = realpathSync.native(path, "buffer");
    resolved.set(key, real);
  }
  return real;
}

function readOpened(fd: number, maxBytes: number): PackedFile | undefined {
  const before = fstatSync(fd, { bigint: true });
  if (!before.isFile() || before.size > maxBytes) return undefined;
  const size = Number(before.size);
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; ) {
    const count = readSync(fd, bytes, at, size - at, at);
    if (count === 0) return undefined;
    at += count;
  }
  if (!isSame(before, fstatSync(fd, { bigint: true }))) return undefined;
  return { bytes, version: versionOf(before), modified: secondsOf(before) };
}

function isSame(before: BigIntStats, after: BigIntStats): boolean {
  return before.size === after.size && before.mtimeNs === after.mtimeNs;
}
