// What stands in folders: looked at, made and removed, many paths at a time.

import fs from "node:fs";
import { dirname, join } from "node:path";
import { asTargetError } from "./failure.js";
import { native, temporaryName, textOf } from "./paths.js";

/** What stands at a path; a link is "other". */
export type Kind = "file" | "folder" | "other" | "none";

/** What stands at paths, in their order. */
export interface Stats {
  readonly kinds: readonly Kind[];
  /** In bytes; 0 where there is nothing. */
  readonly sizes: Float64Array;
  /** Seconds since 1970, with a fraction; 0 where there is nothing. Systems keep a microsecond or less of it. */
  readonly modified: Float64Array;
}

/** Looks at paths, without following links. What cannot be looked at counts as not there: to write there tells why. */
export function statAll(paths: readonly string[]): Stats {
  const kinds: Kind[] = [];
  const sizes = new Float64Array(paths.length);
  const modified = new Float64Array(paths.length);
  for (const [i, path] of paths.entries()) {
    const stats = statOf(path);
    kinds.push(!stats ? "none" : stats.isFile() ? "file" : stats.isDirectory() ? "folder" : "other");
    if (!stats) continue;
    sizes[i] = stats.size;
    modified[i] = stats.mtimeMs / 1000;
  }
  return { kinds, sizes, modified };
}

/** Regular files, as columns. */
export interface FileStats {
  /** In bytes; -1 where no regular file stands. */
  readonly sizes: Float64Array;
  /** As in {@link Stats}. */
  readonly modified: Float64Array;
}

/**
 * Looks at files as {@link statAll} does.
 *
 * @param folder ends in a separator
 * @param names paths from there
 */
export function filesWithin(folder: string, names: readonly string[]): FileStats {
  const { length } = names;
  const sizes = new Float64Array(length).fill(-1);
  const modified = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const stats = statOf(folder + names[i]);
    if (!stats?.isFile()) continue;
    sizes[i] = stats.size;
    modified[i] = stats.mtimeMs / 1000;
  }
  return { sizes, modified };
}

function statOf(path: string): fs.Stats | undefined {
  try {
    return fs.lstatSync(native(path), { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Makes folders, and those above them, that are not there yet. */
export function makeFolders(paths: readonly string[]): void {
  const there = new Set<string>();
  for (const path of paths) {
    try {
      makeFolder(path, there);
    } catch (error) {
      throw asTargetError(error, path);
    }
  }
}

/** Makes a folder. (Node's own recursive mkdir never ends where the file system takes no folder.) */
function makeFolder(path: string, there: Set<string>): void {
  if (there.has(path)) return;
  if (!tryMake(path)) {
    makeFolder(dirname(path), there);
    tryMake(path, true);
  }
  there.add(path);
}

/** @returns false where the folder above is not there, and may yet be made */
function tryMake(path: string, last = false): boolean {
  try {
    fs.mkdirSync(native(path));
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" && !last && dirname(path) !== path) return false;
    if (!isFolderOrLinkToOne(path)) throw error;
    return true;
  }
}

function isFolderOrLinkToOne(path: string): boolean {
  try {
    return fs.statSync(native(path)).isDirectory();
  } catch {
    return false;
  }
}

/**
 * The files below a folder, in ascending order: their paths from there, with `/` between. Links are neither told nor
 * followed; files that are on their way are not told. A folder that is not there has none.
 */
export function walk(top: string): string[] {
  const found: string[] = [];
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of entriesOf(folder ? `${top}/${folder}` : top)) {
      if (entry.isDirectory()) folders.push(`${folder}${entry.name}/`);
      else if (entry.isFile() && !temporaryName.test(entry.name)) found.push(folder + entry.name);
    }
  }
  return found.sort();
}

/** The journals of downloads that are in folders. A folder that is not there, or cannot be read, has none. */
export function journalsIn(folders: readonly string[]): string[] {
  return folders.flatMap((folder) => {
    try {
      return journalsAmong(fs.readdirSync(native(folder)), folder);
    } catch {
      return [];
    }
  });
}

/**
 * The paths of those names of a folder that are journals'. As bytes that are no UTF-8 are in none of them, others need not
 * have been read right.
 */
export function journalsAmong(names: readonly string[], folder: string): string[] {
  const journals = names.filter((name) => name.endsWith(".log") && temporaryName.test(name));
  return journals.map((name) => join(folder, name));
}

interface Entry {
  readonly name: string;
  isFile(): boolean;
  isDirectory(): boolean;
}

function entriesOf(path: string): Entry[] {
  try {
    const entries = fs.readdirSync(native(path), { withFileTypes: true });
    // What was no UTF-8 has become that character: then the names are wanted as bytes.
    if (!entries.some(({ name }) => name.includes("\ufffd"))) return entries;
    const options = { withFileTypes: true, encoding: "buffer" } as const;
    return fs.readdirSync(native(path), options).map((entry) => ({
      name: textOf(entry.name),
      isFile: () => entry.isFile(),
      isDirectory: () => entry.isDirectory(),
    }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw asTargetError(error, path);
  }
}

/** Removes files, and links as such. One that is not there is no error; the first error is thrown when all were tried. */
export function removeAll(paths: readonly string[]): void {
  const errors: unknown[] = [];
  for (const path of paths) {
    try {
      fs.unlinkSync(native(path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") errors.push(asTargetError(error, path));
    }
  }
  if (errors.length > 0) throw errors[0];
}
