// The folders below a root, looked into one at a time: never through a link, whoever puts one in a folder's place meanwhile.
//
// A path that is walked twice may lead elsewhere the second time. So a folder is opened, once, it is asked where it stands,
// and all that is looked at in it is looked at by its descriptor.

import { closeSync, constants, existsSync, lstatSync, openSync, readlinkSync, realpathSync } from "node:fs";
import { below, isWithin } from "./folder.js";
import { REPLACEMENT, rawPathOf } from "./names.js";

/** A path for the system: bytes only where it is no text, as a string takes it less time. */
export type SystemPath = string | Buffer;

/** Whether an open folder tells where it is, and can be looked into. */
const HAS_DESCRIPTORS = process.platform === "linux" && existsSync("/proc/self/fd");

const FOLDER_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** Errors that mean: it is not there, or no longer. */
const GONE: ReadonlySet<string | undefined> = new Set(["ENOENT", "ENOTDIR"]);

/** Errors of a process or a system that lacks something itself: they would come of any other folder too. */
const LACKING: ReadonlySet<string | undefined> = new Set(["EMFILE", "ENFILE", "ENOMEM"]);

/** Whether an error of the system means that something is there, or may be, and that this folder hides it. */
export function isUnreadable(error: unknown): boolean {
  const { code, syscall } = error as NodeJS.ErrnoException;
  return syscall !== undefined && !GONE.has(code) && !LACKING.has(code);
}

/** Looks into folders below a root. It has a folder open until it is told to let go. */
export class Inside {
  readonly #root: SystemPath;
  readonly #rootBytes: Buffer;
  #prefix = "";
  #path: SystemPath;
  #fd: number | undefined;

  /** @param root its path, resolved */
  constructor(root: Buffer) {
    this.#rootBytes = root;
    const text = root.toString();
    this.#root = !text.includes(REPLACEMENT) && text !== "/" ? text : root;
    this.#path = this.#root;
  }

  /**
   * Looks into a folder.
   *
   * @param prefix as the names of what is in it begin: "" for the root, else its path with a `/` behind
   * @param look what is to be found out, given the path at which the folder can be had
   * @returns undefined where there is no such folder
   * @throws {Error} with the system's `code`, naming the folder, where it cannot be looked into
   */
  within<T>(prefix: string, look: (path: SystemPath) => T): T | undefined {
    try {
      if (!this.#enter(prefix)) return undefined;
      const found = look(this.#path);
      return this.#isInside() ? found : undefined;
    } catch (error) {
      return goneOr(error, prefix);
    }
  }

  /** The path at which what has that name can be looked at; undefined where its folder is not there. */
  pathTo(name: string): SystemPath | undefined {
    const slash = name.lastIndexOf("/") + 1;
    const prefix = name.slice(0, slash);
    try {
      return this.#enter(prefix) ? joined(this.#path, name.slice(slash)) : undefined;
    } catch (error) {
      return goneOr(error, prefix);
    }
  }

  /** Closes what it has open. It may be used on. */
  letGo(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    this.#prefix = "";
    this.#path = this.#root;
  }

  #enter(prefix: string): boolean {
    if (prefix === this.#prefix) return true;
    this.letGo();
    if (prefix === "") return true;
    const path = joined(this.#root, prefix.slice(0, -1));
    if (HAS_DESCRIPTORS) {
      this.#fd = openFolder(path);
      const place = `/proc/self/fd/${this.#fd}`;
      if (!this.#holds(place)) {
        this.letGo();
        return false;
      }
      this.#path = place;
    } else {
      if (!lstatSync(path).isDirectory()) return false;
      this.#path = path;
    }
    this.#prefix = prefix;
    return true;
  }

  /** Whether what is open there stands below the root. */
  #holds(place: string): boolean {
    // What is no text below the root makes no difference to how the path begins.
    if (typeof this.#root === "string" && readlinkSync(place).startsWith(`${this.#root}/`)) return true;
    const actual = readlinkSync(place, "buffer");
    return isWithin(this.#rootBytes, actual) || isWithin(this.#rootPlace(), actual);
  }

  /** The root's path as the system has it: where the case of letters makes no difference, it may be in another one. */
  #rootPlace(): Buffer {
    const fd = openSync(this.#root, FOLDER_FLAGS);
    try {
      return readlinkSync(`/proc/self/fd/${fd}`, "buffer");
    } finally {
      closeSync(fd);
    }
  }

  /** Where there are no descriptors: whether the path has led into the root, and not only to what was checked before. */
  #isInside(): boolean {
    if (HAS_DESCRIPTORS || this.#prefix === "") return true;
    return isWithin(this.#rootBytes, realpathSync.native(this.#path, "buffer"));
  }
}

/** @throws also where there is a folder that is said not to be there, as it is where what is to be mounted on it cannot be had */
function openFolder(path: SystemPath): number {
  try {
    return openSync(path, FOLDER_FLAGS);
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" || !lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
    throw Object.assign(new Error("it is there, and cannot be opened", { cause: error }), {
      code: "EIO",
      syscall,
    });
  }
}

/** The path of what has that name in a folder, or below it. */
export function joined(folder: SystemPath, name: string): SystemPath {
  // Names that are no text stand for bytes.
  if (typeof folder === "string" && name.isWellFormed()) return `${folder}/${name}`;
  return below(Buffer.from(folder), rawPathOf(name));
}

/**
 * Undefined where an error means that there is nothing.
 *
 * @throws any other, with the name: who lists must not take what is left for all there is
 */
export function goneOr(error: unknown, name: string): undefined {
  const { message, code, syscall } = error as NodeJS.ErrnoException;
  if (GONE.has(code)) return undefined;
  const place = name === "" ? "the folder" : JSON.stringify(name);
  throw Object.assign(new Error(`Cannot list ${place}: ${message}`, { cause: error }), { code, syscall });
}
