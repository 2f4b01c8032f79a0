// The files of one folder of the local file system and its subfolders, and nothing outside it.

import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, lstat, open, opendir, readlink, realpath } from "node:fs/promises";
import { isAbsolute, resolve, sep } from "node:path";
import type { Worker } from "node:worker_threads";
import { checkKind, kinds } from "../arguments.js";
import { Background } from "../background.js";
import { startWorker } from "../start-worker.js";
import { DirectoryFile } from "./directory-file.js";
import { below, isForbidden, isWithin, NO_FOLLOW, NOT_SERVED, OPEN_FLAGS } from "./folder.js";
import type { FolderCall } from "./folder-worker.js";
import type { PackedPage } from "./lister.js";
import { pathOf } from "./names.js";
import type { PackedBatch } from "./read-batch.js";
import type { PackedFile } from "./read-small.js";
import type {
  EntriesOptions,
  EntriesPage,
  ReadManyLimits,
  SmallFile,
  SmallFiles,
  Storage,
  StoredFile,
} from "./storage.js";

/** How many pieces of memory for {@link DirectoryStorage.readMany} are kept while nobody reads into them. */
const MAX_FREE = 4;

/**
 * Serves the regular files in a folder and its subfolders, by their path. Devices and pipes are not served, nor what
 * links lead to outside of the folder.
 */
export class DirectoryStorage implements Storage {
  readonly #folder: string;
  /** Two threads, so that who lists a large folder holds up nobody who reads. */
  readonly #lists: Background<FolderCall, PackedPage>;
  readonly #reads: Background<FolderCall, PackedFile | PackedBatch | undefined>;
  /** Memory for {@link readMany} that is used again, as it takes long to clear: it goes to the worker and comes back. */
  readonly #free: ArrayBuffer[] = [];

  /**
   * @param folder its path, from the working directory of now; where it is a link, what it leads to at each time
   * @throws {TypeError} when it is no string
   * @throws {RangeError} when it is empty
   */
  constructor(folder: string) {
    checkKind("folder", folder, kinds.text);
    if (folder === "") throw new RangeError("Cannot use folder: it is empty");
    const path = absolute(folder);
    this.#folder = path;
    // It holds little while nobody lists, and the first to ask, maybe after hours, would wait for it to start.
    this.#lists = new Background(() => folderWorker(path), Number.POSITIVE_INFINITY);
    this.#reads = new Background(() => folderWorker(path));
  }

  /**
   * Also starts both threads, as a server is about to need them.
   *
   * @throws the system's error when there is no such folder, or it cannot be read (`code` ENOENT, ENOTDIR, EACCES)
   */
  async check(): Promise<void> {
    await (await opendir(this.#folder)).close();
    this.#lists.warm();
    this.#reads.warm();
  }

  /** The names of the files in the folder itself; without those that are no text, which the peers of old cannot take. */
  async list(): Promise<string[]> {
    const names: string[] = [];
    let after: string | undefined;
    do {
      const page = await this.#page({
        recursive: false,
        details: [],
        limit: Number.POSITIVE_INFINITY,
        after,
      });
      for (const name of unpacked(page.names)) if (name.isWellFormed()) names.push(name);
      after = page.next;
    } while (after !== undefined);
    return names;
  }

  async entries(options: EntriesOptions): Promise<EntriesPage> {
    // Who asks for versions is likely to ask for files next: it would wait for the thread to start.
    if (options.details.includes("versions")) this.#reads.warm();
    const { names, sizes, modified, versions, next, folders, unreadable } = await this.#page(options);
    return {
      names: unpacked(names),
      sizes,
      modified,
      versions: unpacked(versions),
      next,
      folders: folders === undefined ? undefined : unpacked(folders),
      unreadable: unreadable === undefined ? undefined : unpacked(unreadable),
    };
  }

  async readSmall(name: string, maxBytes: number): Promise<SmallFile | undefined> {
    const file = (await this.#reads.call({ name, maxBytes })) as PackedFile | undefined;
    // It may wait for long: then it alone is held, and not what was read with it.
    return file && file.bytes.length < file.bytes.buffer.byteLength
      ? { ...file, bytes: file.bytes.slice() }
      : file;
  }

  async readMany(names: readonly string[], { maxFileBytes, maxBytes }: ReadManyLimits): Promise<SmallFiles> {
    const kept = this.#free.pop();
    const memory = kept?.byteLength === maxBytes ? kept : Buffer.allocUnsafeSlow(maxBytes).buffer;
    const call = { names, maxFileBytes, memory };
    const batch = (await this.#reads.call(call, [memory])) as PackedBatch;
    return {
      bytes: new Uint8Array(batch.memory, 0, batch.filled),
      lengths: batch.lengths,
      modified: batch.modified,
      versions: unpacked(batch.versions),
      release: () => {
        if (this.#free.length < MAX_FREE) this.#free.push(batch.memory);
      },
    };
  }

  async open(name: string): Promise<StoredFile | undefined> {
    const relative = pathOf(name);
    if (!relative) return undefined;
    const path = below(Buffer.from(this.#folder), relative);
    try {
      // The entry of that name in the folder itself: there is no way on which a link could stand.
      if (NO_FOLLOW && !relative.includes("/")) return await openRegular(path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // It is a link. (FreeBSD says EMLINK.)
      if (code !== "ELOOP" && code !== "EMLINK") return notServed(error, relative);
    }
    try {
      const root = await real(Buffer.from(this.#folder));
      const resolved = await resolvedWithin(root, path);
      return resolved && (await openWithin(root, resolved));
    } catch (error) {
      return notServed(error, relative);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#lists.close(), this.#reads.close()]);
  }

  #page(options: EntriesOptions): Promise<PackedPage> {
    return this.#lists.call(options);
  }
}

/** Of what it makes little is kept for long: a larger young generation holds garbage. It saves some 20 MiB. */
const YOUNG_MIB = 8;

function folderWorker(folder: string): Worker {
  return startWorker("folder-worker.cjs", () => new URL("./folder-worker.cjs", import.meta.url), {
    workerData: folder,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
  });
}

function absolute(folder: string): string {
  if (sep !== "/") return resolve(folder);
  // What `..` stands for behind a link is for the system to tell.
  return isAbsolute(folder) ? folder : `${process.cwd()}/${folder}`;
}

function unpacked(values: string): string[] {
  return values.split("\0").slice(0, -1);
}

function real(path: Buffer): Promise<Buffer> {
  return realpath(path, { encoding: "buffer" });
}

/** How many bytes a name can have at the most. */
const NAME_BYTES = 255;

/** @throws what is no sign that there is just no such file: also that there may be one, which must not or cannot be read */
function notServed(error: unknown, path: Buffer): undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (isForbidden(error) || !NOT_SERVED.has(code)) throw error;
  // The whole path is too long for the system, from where the folder stands.
  const steps = path.toString("latin1").split("/");
  if (code === "ENAMETOOLONG" && steps.every(({ length }) => length <= NAME_BYTES)) throw error;
}

/**
 * What a path leads to; undefined where that cannot be found out, and what bars the way is a link, or stands behind one that leads
 * out of the folder: of what is outside nothing is told, not that it is there either.
 *
 * @throws the system's error otherwise
 */
async function resolvedWithin(root: Buffer, path: Buffer): Promise<Buffer | undefined> {
  try {
    return await real(path);
  } catch (error) {
    if (!isForbidden(error)) throw error;
    let barred = path;
    let above: Buffer | undefined;
    for (let parent = path; !above; ) {
      barred = parent;
      parent = parent.subarray(0, parent.lastIndexOf(sep));
      if (parent.length === 0) return undefined;
      above = await real(parent).catch(() => undefined);
    }
    const isInside = above.equals(root) || isWithin(root, above);
    if (isInside && !(await lstat(barred)).isSymbolicLink()) throw error;
    return undefined;
  }
}

/** Opens what a path in the folder leads to, where that stands in the folder as well. Both are resolved. */
async function openWithin(root: Buffer, path: Buffer): Promise<StoredFile | undefined> {
  if (!isWithin(root, path)) return undefined;
  return openRegular(path, (handle, stats) => standsWithin(root, path, handle, stats));
}

/** Opens a regular file that is as wanted. */
async function openRegular(
  path: Buffer,
  isWanted: (handle: FileHandle, stats: BigIntStats) => Promise<boolean> = async () => true,
): Promise<StoredFile | undefined> {
  const handle = await open(path, OPEN_FLAGS);
  try {
    const stats = await handle.stat({ bigint: true });
    if (stats.isFile() && (await isWanted(handle, stats))) return new DirectoryFile(handle, stats);
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return undefined;
}

/** Whether what was opened is in the folder: a part of its path may have been replaced since it was resolved. */
async function standsWithin(
  root: Buffer,
  path: Buffer,
  { fd }: FileHandle,
  opened: BigIntStats,
): Promise<boolean> {
  if (process.platform === "linux") {
    const actual = await readlink(`/proc/self/fd/${fd}`, { encoding: "buffer" }).catch(() => undefined);
    if (actual !== undefined) return isWithin(root, actual) || isWithin(await placeOf(root), actual);
  }
  // Elsewhere nothing tells where an open file is: who can replace a folder on its path three times at the right moments
  // gets past this.
  if (!(await real(path)).equals(path)) return false;
  const now = await lstat(path, { bigint: true });
  return now.ino === opened.ino && now.dev === opened.dev;
}

/** A folder's path as the system has it: where the case of letters makes no difference, it may be in another one. */
async function placeOf(folder: Buffer): Promise<Buffer> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    return await readlink(`/proc/self/fd/${handle.fd}`, { encoding: "buffer" });
  } finally {
    await handle.close();
  }
}
