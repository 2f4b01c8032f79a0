// The files of one folder of the local file system, and nothing outside it.

import { constants, type Dirent, type Stats } from "node:fs";
import { type FileHandle, lstat, open, opendir, readdir, readlink, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import type { Storage, StoredFile } from "./storage.js";

/** How much of a file is read at once. Two such pieces are held for each file that is being sent. */
const PIECE_BYTES = 256 * 1024;

/** Opened is the entry of that name itself, never what a link leads to; without this a path has to be resolved first. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;

/** A file is opened without waiting for the other end of a named pipe. */
const OPEN_FLAGS = constants.O_RDONLY | NO_FOLLOW | (constants.O_NONBLOCK ?? 0);

/** Errors of the file system that mean: there is no such file to be served. */
const NOT_SERVED: ReadonlySet<string | undefined> = new Set([
  "ENOENT",
  "ENOTDIR",
  "EISDIR",
  "ELOOP",
  "ENAMETOOLONG",
  "EACCES",
  "EPERM",
  "ENXIO",
  "EINVAL",
  "ERR_INVALID_ARG_VALUE",
]);

/**
 * Serves the regular files that stand directly in a folder. Subfolders, devices and pipes are not served, nor links that
 * lead out of the folder.
 */
export class DirectoryStorage implements Storage {
  readonly #folder: string;

  /** @param folder its path; where it is a link, what it leads to at each time */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws the system's error when there is no such folder, or it cannot be read (`code` ENOENT, ENOTDIR, EACCES) */
  async check(): Promise<void> {
    await (await opendir(this.#folder)).close();
  }

  async list(): Promise<string[]> {
    const root = await realpath(this.#folder);
    const entries = await readdir(root, { withFileTypes: true });
    const served = await Promise.all(entries.map((entry) => this.#isServed(root, entry)));
    return entries.flatMap((entry, i) => (served[i] ? entry.name : [])).sort();
  }

  async open(name: string): Promise<StoredFile | undefined> {
    if (!isPlainName(name)) return undefined;
    const path = join(this.#folder, name);
    try {
      if (NO_FOLLOW) return await openRegular(path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // It is a link. (FreeBSD says EMLINK.)
      if (code !== "ELOOP" && code !== "EMLINK") return notServed(error);
    }
    try {
      return await openLinked(await realpath(this.#folder), await realpath(path));
    } catch (error) {
      return notServed(error);
    }
  }

  async #isServed(root: string, entry: Dirent): Promise<boolean> {
    // A name that is no UTF-8 was read with replacement characters: it can neither be told to a peer nor opened.
    const isGarbled = entry.name.includes("\uFFFD");
    if (entry.isFile() && !isGarbled) return true;
    if (!entry.isFile() && !entry.isSymbolicLink()) return false;
    try {
      const path = await realpath(join(root, entry.name));
      return isWithin(root, path) && (await lstat(path)).isFile();
    } catch {
      return false;
    }
  }
}

/** Whether a name can only mean an entry of the folder itself. */
function isPlainName(name: string): boolean {
  return (
    name !== "" &&
    name !== "." &&
    name !== ".." &&
    !name.includes("/") &&
    !name.includes(sep) &&
    !name.includes("\0") &&
    // Half a character would be opened as a replacement character.
    name.isWellFormed()
  );
}

function isWithin(root: string, path: string): boolean {
  return path.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** @throws what is no sign that there is just no such file */
function notServed(error: unknown): undefined {
  if (!NOT_SERVED.has((error as NodeJS.ErrnoException).code)) throw error;
}

/** Opens what a link in the folder leads to, where that stands in the folder as well. */
async function openLinked(root: string, path: string): Promise<StoredFile | undefined> {
  if (!isWithin(root, path)) return undefined;
  return openRegular(path, (handle, stats) => standsWithin(root, path, handle, stats));
}

/** Opens a regular file that is as wanted. */
async function openRegular(
  path: string,
  isWanted: (handle: FileHandle, stats: Stats) => Promise<boolean> = async () => true,
): Promise<StoredFile | undefined> {
  const handle = await open(path, OPEN_FLAGS);
  try {
    const stats = await handle.stat();
    if (stats.isFile() && (await isWanted(handle, stats))) return new DirectoryFile(handle, stats);
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return undefined;
}

/** Whether what was opened is in the folder: a part of its path may have been replaced since it was resolved. */
async function standsWithin(root: string, path: string, { fd }: FileHandle, opened: Stats): Promise<boolean> {
  if (process.platform === "linux") {
    const actual = await readlink(`/proc/self/fd/${fd}`).catch(() => undefined);
    if (actual !== undefined) return isWithin(root, actual);
  }
  // Elsewhere nothing tells where an open file is: who can replace a folder on its path three times at the right moments
  // gets past this.
  if ((await realpath(path)) !== path) return false;
  const now = await lstat(path);
  return now.ino === opened.ino && now.dev === opened.dev;
}

class DirectoryFile implements StoredFile {
  readonly size: number;
  readonly version: string;
  readonly modified: Date;
  readonly #handle: FileHandle;

  constructor(handle: FileHandle, stats: Stats) {
    this.#handle = handle;
    this.size = stats.size;
    this.version = `${stats.size}-${stats.mtimeMs}-${stats.ino}`;
    this.modified = stats.mtime;
  }

  async *read(start: number, end: number): AsyncGenerator<Uint8Array> {
    const length = Math.min(PIECE_BYTES, end - start);
    let buffer = Buffer.allocUnsafeSlow(length);
    let other = Buffer.allocUnsafeSlow(length);
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
        // The next piece is read while the consumer is busy with this one.
        [buffer, other] = [other, buffer];
        if (position < end) reading = readInto(buffer);
        yield piece;
      }
    } finally {
      // The buffers may only be let go when nothing is read into them any more.
      await reading.catch(() => {});
    }
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
