// What stands in folders: looked at, made and removed, many paths at a time.

import fs from "node:fs";
import { dirname, join, sep } from "node:path";
import { asTargetError, type NthFailure, toFailure } from "./failure.js";
import { removeLeftovers } from "./leftovers.js";
import { inTheWay, noFolder, type Obstacle } from "./obstacle.js";
import { native, temporaryName, textOf } from "./paths.js";
import { checkPlace } from "./place.js";
import { stepOf } from "./times.js";

/** What stands at a path; a link is "other". */
export type Kind = "file" | "folder" | "other" | "none";

/** What stands at paths, in their order. */
export interface Stats {
  readonly kinds: readonly Kind[];
  /** In bytes; 0 where there is nothing. */
  readonly sizes: Float64Array;
  /** Seconds since 1970, with a fraction; 0 where there is nothing. Systems keep a microsecond or less of it. */
  readonly modified: Float64Array;
  /** In what steps such a time is kept there, in seconds; 0 where it is kept exactly, and where there is nothing. */
  readonly steps: Float64Array;
}

/** Looks at paths, without following links. What cannot be looked at counts as not there: to write there tells why. */
export function statAll(paths: readonly string[]): Stats {
  const kinds: Kind[] = [];
  const sizes = new Float64Array(paths.length);
  const modified = new Float64Array(paths.length);
  const steps = new Float64Array(paths.length);
  for (const [i, path] of paths.entries()) {
    const stats = statOf(path);
    kinds.push(!stats ? "none" : stats.isFile() ? "file" : stats.isDirectory() ? "folder" : "other");
    if (!stats) continue;
    sizes[i] = stats.size;
    modified[i] = stats.mtimeMs / 1000;
    steps[i] = stepOf(stats);
  }
  return { kinds, sizes, modified, steps };
}

/** The size of a regular file where none stands. */
export const NO_FILE = -1;

/** Regular files, as columns. */
export interface FileStats {
  /** In bytes; {@link NO_FILE} where no regular file stands. */
  readonly sizes: Float64Array;
  /** As in {@link Stats}. */
  readonly modified: Float64Array;
  readonly steps: Float64Array;
  /** By the place of the file. */
  readonly obstacles: readonly (readonly [place: number, obstacle: Obstacle])[];
}

/**
 * Looks at files as {@link statAll} does. There are none in a folder that is reached by a link.
 *
 * @param folder ends in a separator
 * @param names paths from there. One that ends in a separator is a folder's: only what is in the way of that is told
 */
export function filesWithin(folder: string, names: readonly string[]): FileStats {
  const { length } = names;
  const sizes = new Float64Array(length).fill(NO_FILE);
  const modified = new Float64Array(length);
  const steps = new Float64Array(length);
  const obstacles: [number, Obstacle][] = [];
  const ways = new Map<string, Way>([["", "real"]]);
  for (let i = 0; i < length; i++) {
    const name = names[i] as string;
    const slash = name.lastIndexOf(sep);
    if (slash >= 0) {
      const way = wayTo(folder, name.slice(0, slash), ways);
      if (typeof way === "object") obstacles.push([i, way]);
      if (way !== "real" || slash === name.length - 1) continue;
    }
    const stats = statOf(folder + name);
    if (stats?.isDirectory()) obstacles.push([i, { path: name, kind: "folder" }]);
    if (!stats?.isFile()) continue;
    sizes[i] = stats.size;
    modified[i] = stats.mtimeMs / 1000;
    steps[i] = stepOf(stats);
  }
  return { sizes, modified, steps, obstacles };
}

/** Whether a folder stands there itself, or what stands there, or above, instead of a folder. */
type Way = "real" | "none" | Obstacle;

/** Whether a folder, and each above it, stands there itself. What was found out is noted. */
function wayTo(top: string, path: string, known: Map<string, Way>): Way {
  const before = known.get(path);
  if (before !== undefined) return before;
  const above = path.slice(0, Math.max(0, path.lastIndexOf(sep)));
  let way = wayTo(top, above, known);
  if (way === "real") {
    const stats = statOf(top + path);
    if (!stats) way = "none";
    else if (!stats.isDirectory())
      way = { path, kind: noFolder(stats, () => isFolderOrLinkToOne(top + path)) };
  }
  known.set(path, way);
  return way;
}

function statOf(path: string): fs.Stats | undefined {
  try {
    return fs.lstatSync(native(path), { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/**
 * Makes folders, and those above them, that are not there yet.
 *
 * @param top may be a link to a folder, or be reached by one; below it each must be a folder itself
 * @returns which could not be made, and why: the others are there
 */
export function makeFolders(top: string, paths: readonly string[]): NthFailure[] {
  const there = new Set<string>();
  const failed: NthFailure[] = [];
  for (const [nth, path] of paths.entries()) {
    try {
      makeFolder(path, top, there);
    } catch (error) {
      failed.push([nth, toFailure(asTargetError(error, path))]);
    }
  }
  return failed;
}

/** Makes a folder below another, or that one. */
function makeFolder(path: string, top: string, there: Set<string>): void {
  if (there.has(path)) return;
  const above = dirname(path);
  if (path === top || above === path) makeTop(path);
  else {
    // From above: what a link leads to must not even be looked at.
    makeFolder(above, top, there);
    makeBelow(path);
  }
  there.add(path);
}

/** Makes a folder and those above it. (Node's own recursive mkdir never ends where the file system takes no folder.) */
function makeTop(path: string): void {
  if (tryMake(path)) return;
  makeTop(dirname(path));
  tryMake(path, true);
}

function makeBelow(path: string): void {
  try {
    fs.mkdirSync(native(path));
  } catch (error) {
    const stats = statOf(path);
    if (stats?.isDirectory()) return;
    throw stats ? inTheWay({ path, kind: noFolder(stats, () => isFolderOrLinkToOne(path)) }) : error;
  }
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

/** What stands below a folder: paths from there, with `/` between. */
export interface LocalTree {
  /** Regular files, in ascending order; none that is on its way. */
  readonly files: readonly string[];
  /** Folders in which there is nothing, with a `/` at their ends, in ascending order. */
  readonly emptyFolders: readonly string[];
  /** Journals of downloads that are on their way, or were cut off. */
  readonly journals: readonly string[];
}

/**
 * What stands below a folder. Links are neither told nor followed. A folder that is not there has nothing.
 *
 * @param tidies whether what killed processes have left is removed
 */
export function walk(top: string, tidies: boolean): LocalTree {
  const files: string[] = [];
  const emptyFolders: string[] = [];
  const journals: string[] = [];
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const path = folder ? `${top}/${folder}` : top;
    const entries = entriesOf(path);
    if (tidies) {
      removeLeftovers(
        path,
        entries.map(({ name }) => name),
      );
    }
    if (entries.length === 0 && folder !== "") emptyFolders.push(folder);
    for (const entry of entries) {
      const name = folder + entry.name;
      if (entry.isDirectory()) folders.push(`${name}/`);
      else if (!entry.isFile()) continue;
      else if (!temporaryName.test(entry.name)) files.push(name);
      else if (entry.name.endsWith(".log")) journals.push(name);
    }
  }
  return { files: files.sort(), emptyFolders: emptyFolders.sort(), journals };
}

/** Removes from a folder what killed processes have left. One that is not there, or cannot be read, is left alone. */
export function tidy(folder: string): void {
  try {
    removeLeftovers(folder, fs.readdirSync(native(folder)));
  } catch {
    // What is there keeps nobody from his work.
  }
}

/** The journals of downloads that are in folders, which are tidied by the way. A folder that is not there, or cannot be read, has none. */
export function journalsIn(folders: readonly string[]): string[] {
  return folders.flatMap((folder) => {
    try {
      const names = fs.readdirSync(native(folder));
      removeLeftovers(folder, names);
      return journalsAmong(names, folder);
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

/** The names of all that is in folders, links and what is on its way too; undefined of one that cannot be read. */
export function namesIn(folders: readonly string[]): (string[] | undefined)[] {
  return folders.map((folder) => {
    try {
      return entriesOf(folder).map(({ name }) => name);
    } catch {
      return undefined;
    }
  });
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
    throw asTargetError(error, path, "read");
  }
}

/** What is to be removed below a folder, by absolute paths. */
export interface Removal {
  /** Files, and links as such. */
  readonly files: readonly string[];
  /** Folders, where nothing is in them. */
  readonly emptyFolders?: readonly string[];
  /** Folders that stay, though nothing be left in them. */
  readonly kept?: readonly string[];
  /** By what the top folder is known: from another nothing is removed. */
  readonly place?: string | undefined;
}

/**
 * Removes files and empty folders, and the folders that become empty by it, but not the top one. What is not there is no
 * error.
 *
 * @returns which could not be removed, and why, by their place among the files and the folders behind them: the others are gone
 * @throws {TargetError} `REPLACED`
 */
export function removeAll(
  top: string,
  { files, emptyFolders = [], kept = [], place }: Removal,
): NthFailure[] {
  if (place !== undefined) checkPlace(top, place);
  const failed: NthFailure[] = [];
  const folders = new Set<string>();
  for (const [nth, path] of [...files, ...emptyFolders].entries()) {
    try {
      if (nth < files.length) fs.unlinkSync(native(path));
      else fs.rmdirSync(native(path));
      folders.add(dirname(path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") continue;
      failed.push([nth, toFailure(asTargetError(error, path, "delete"))]);
    }
  }
  removeEmptied(folders, top, kept);
  return failed;
}

/** Removes folders below the top one, and those above them, in which nothing is left, but for those that are kept. */
export function removeEmptied(folders: Iterable<string>, top: string, kept: readonly string[]): void {
  const staying = new Set(kept);
  for (const folder of new Set(folders)) removeEmpty(folder, top, staying);
}

/** Removes a folder and those above it, as far as nothing is in them and they do not stay. */
function removeEmpty(folder: string, top: string, staying: ReadonlySet<string>): void {
  const below = top.endsWith(sep) ? top : top + sep;
  for (let path = folder; path.startsWith(below) && path !== below; path = dirname(path)) {
    if (staying.has(path)) return;
    try {
      fs.rmdirSync(native(path));
    } catch {
      // Something is in it, or it may not be removed: an empty folder harms nobody.
      return;
    }
  }
}
