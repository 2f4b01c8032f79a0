// Where the benchmark's files are: on the disk, and in memory where the system has a file system for that.

import { spawnSync } from "node:child_process";
import { statfsSync, truncateSync } from "node:fs";
import { mkdtemp, readdir, realpath, rm } from "node:fs/promises";
import { freemem, tmpdir } from "node:os";
import { join } from "node:path";

/** What a row's files are kept in, and what arrives is written to. */
export type Place = "memory" | "disk";

/** Linux's file system in memory, and the number by which it is told. */
const MEMORY_FOLDER = "/dev/shm";
const TMPFS_MAGIC = 0x01021994;

/** Folders that are there for one run of the benchmark. */
export class Places implements AsyncDisposable {
  readonly #folders = new Map<Place, string>();
  #runs = 0;

  /** A folder in that place, made when it is first asked for. */
  async folder(place: Place): Promise<string> {
    let folder = this.#folders.get(place);
    if (folder === undefined) {
      const parent = place === "memory" ? MEMORY_FOLDER : await realpath(tmpdir());
      folder = await mkdtemp(join(parent, `fileshare-bench-${process.pid}-`));
      this.#folders.set(place, folder);
    }
    return folder;
  }

  /** The path of a folder for one measurement, which is not there yet. */
  async runFolder(place: Place): Promise<string> {
    this.#runs += 1;
    return join(await this.folder(place), `run-${this.#runs}`);
  }

  /**
   * Lets what a measurement has written go. On the disk the files are emptied, and removed when all is done: ext4 without a
   * journal looks, for each file that is made, at all that were removed in the last minutes, which takes most of the time then.
   */
  async endRun(folder: string, place: Place): Promise<void> {
    if (place === "memory") return rm(folder, { recursive: true, force: true });
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) truncateSync(join(entry.parentPath, entry.name));
    }
  }

  /** Removes them with all that is in them. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const folder of this.#folders.values()) await rm(folder, { recursive: true, force: true });
    this.#folders.clear();
  }
}

/** Whether so many bytes of files fit into memory, with as much again for the programs and for the disk's files. */
export function fitsInMemory(bytes: number): boolean {
  try {
    const { type, bavail, bsize } = statfsSync(MEMORY_FOLDER);
    return type === TMPFS_MAGIC && bytes <= bavail * bsize && 2 * bytes <= freemem();
  } catch {
    return false;
  }
}

/**
 * Has a process of its own write to so much memory, and end. The host of a virtual machine may take back what is free in it:
 * then whoever comes first pays for getting it again, which can take longer than all else about writing a large file.
 *
 * @throws Error when there is not so much
 */
export function touchMemory(mib: number): void {
  if (mib === 0) return;
  const script = `const kept = []; for (let i = 0; i < ${mib}; i += 64) kept.push(Buffer.alloc(64 * 1024 * 1024, 1));`;
  const { status } = spawnSync(process.execPath, ["-e", script], { stdio: "ignore" });
  if (status !== 0) throw new Error(`${mib} MiB of memory could not be touched`);
}
