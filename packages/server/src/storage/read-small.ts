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
import { sep } from "node:path";
import { below, isSameVersion, isWithin, NO_FOLLOW, OPEN_FLAGS, secondsOf, versionOf } from "./folder.js";
import type { SmallCall } from "./folder-worker.js";
import { isCommonName, pathOf } from "./names.js";

/** A small file as it is sent between threads. */
export interface PackedFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly version: string;
  readonly modified: number;
}

/** A small file that was opened. */
export interface OpenedFile {
  readonly fd: number;
  readonly stats: BigIntStats;
  readonly size: number;
}

/** The folders that were resolved, for files asked for together: each is checked by its descriptor all the same. */
export type Resolved = Map<string, Buffer>;

const STATS = { bigint: true } as const;

/** From this size on a file has memory of its own: to hand that over costs less than to copy the file out of another. */
const OWN_BYTES = 16 * 1024;

/**
 * Reads files of the folder, the smaller ones into one memory: to hand over many is dear. Who wants to keep one of these copies
 * it, as it keeps all of them alive. Gives undefined for whatever is not just so:
 * it is larger, changes, is no regular file, is itself a link, or there is none. Who asked opens it then, and hears why it
 * cannot be had.
 */
export function readSmall(folder: string, calls: readonly SmallCall[]): (PackedFile | undefined)[] {
  const resolved: Resolved = new Map();
  const files = calls.map(({ name, maxBytes }) => openSmall(folder, name, maxBytes, resolved));
  const sizes = files.map((file) => (file && file.size < OWN_BYTES ? file.size : 0));
  const memory = new ArrayBuffer(sizes.reduce((sum, size) => sum + size, 0));
  let at = 0;
  return files.map((file) => {
    if (!file) return undefined;
    const isOwn = file.size >= OWN_BYTES;
    const bytes = isOwn ? new Uint8Array(file.size) : new Uint8Array(memory, at, file.size);
    if (!isOwn) at += file.size;
    try {
      if (!readOpened(file, bytes, 0)) return undefined;
      return { bytes, version: versionOf(file.stats), modified: secondsOf(file.stats) };
    } catch {
      return undefined;
    } finally {
      closeSync(file.fd);
    }
  });
}

/** Opens a file that is just so; undefined for any other. */
export function openSmall(
  folder: string,
  name: string,
  maxBytes: number,
  resolved: Resolved,
): OpenedFile | undefined {
  if (!NO_FOLLOW) return undefined;
  let fd: number | undefined;
  try {
    fd = isCommonName(name)
      ? openSync(`${folder}${sep}${name}`, OPEN_FLAGS)
      : openServed(folder, name, resolved);
    const stats = fd === undefined ? undefined : fstatSync(fd, STATS);
    if (fd !== undefined && stats?.isFile() && stats.size <= maxBytes) {
      return { fd, stats, size: Number(stats.size) };
    }
  } catch {
    // Told by who opens it.
  }
  if (fd !== undefined) closeSync(fd);
  return undefined;
}

/** Opens a file by its path, where that leads over no link out of the folder. */
function openServed(folder: string, name: string, resolved: Resolved): number | undefined {
  const path = pathOf(name);
  if (!path) return undefined;
  const slash = path.lastIndexOf("/");
  if (slash < 0) return openSync(below(Buffer.from(folder), path), OPEN_FLAGS);
  const root = resolve(resolved, "", Buffer.from(folder));
  const inFolder = name.slice(0, name.lastIndexOf("/"));
  const parent = resolve(resolved, inFolder, below(root, path.subarray(0, slash)));
  if (!isWithin(root, parent)) return undefined;
  const fd = openSync(below(parent, path.subarray(slash + 1)), OPEN_FLAGS);
  try {
    // Where the system does not tell where an open file is, this fails.
    if (isWithin(root, readlinkSync(`/proc/self/fd/${fd}`, "buffer"))) return fd;
  } catch {
    // As if it stood outside.
  }
  closeSync(fd);
  return undefined;
}

function resolve(resolved: Resolved, key: string, path: Buffer): Buffer {
  let real = resolved.get(key);
  if (!real) {
    real = realpathSync.native(path, "buffer");
    resolved.set(key, real);
  }
  return real;
}

/** Reads a file into memory, from that place on; false where it has changed since it was opened, up to its last byte. */
export function readOpened({ fd, stats, size }: OpenedFile, memory: Uint8Array, from: number): boolean {
  for (let at = 0; at < size; ) {
    const count = readSync(fd, memory, from + at, size - at, null);
    if (count === 0) return false;
    at += count;
  }
  return isSameVersion(fstatSync(fd, STATS), stats);
}
