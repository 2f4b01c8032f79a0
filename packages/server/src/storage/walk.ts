// The names in a folder and its subfolders, in order, one after the other: in the worker, where it may take its time.
//
// A folder's entries are put in order as if each folder's name ended in `/`: then to go down where a folder stands gives
// all paths in the order of their code units, and no more is held than the names in the folders on the way. So a walk may
// begin after any name.

import { type Dirent, lstatSync, readdirSync } from "node:fs";
import { below } from "./folder.js";
import { firstAfter } from "./listing.js";
import { nameOf, pathOf } from "./names.js";

/** A path for the system: bytes only where it is no text, as a string takes it less time. */
export type SystemPath = string | Buffer;

/** A folder that the walk stands in. */
interface Level {
  /** Its name, as names below it begin. */
  readonly prefix: string;
  /** What is in it, in order. */
  readonly names: readonly string[];
  readonly links: ReadonlySet<string>;
  /** Which of the names comes next. */
  at: number;
}

/** Where a walk goes. */
export interface WalkOptions {
  readonly recursive: boolean;
  /** It begins behind that name. */
  readonly after: string | undefined;
}

/** A walk through a folder. */
export class Walk {
  readonly #root: Buffer;
  readonly #rootText: string | undefined;
  readonly #recursive: boolean;
  readonly #looksAnyway: boolean;
  readonly #after: string | undefined;
  readonly #levels: Level[] = [];
  #isLink = false;

  /**
   * @param root the folder's path, resolved
   * @param looksAnyway each name is looked at by who asks, and may be whatever there is: where folders are not gone into,
   *   this saves finding out their kinds
   * @throws the system's error when the folder cannot be read
   */
  constructor(root: Buffer, { recursive, after }: WalkOptions, looksAnyway: boolean) {
    this.#root = root;
    const text = root.toString();
    this.#rootText = Buffer.from(text).equals(root) ? text : undefined;
    this.#recursive = recursive;
    this.#looksAnyway = looksAnyway;
    this.#after = after;
    this.#enter("", this.#rootText ?? root);
  }

  /** Whether the name that was given last is a link's. */
  get isLink(): boolean {
    return this.#isLink;
  }

  /** The next file or link; undefined at the end. */
  next(): string | undefined {
    for (let level = this.#levels.at(-1); level; level = this.#levels.at(-1)) {
      const entry = level.names[level.at++];
      if (entry === undefined) {
        this.#levels.pop();
        continue;
      }
      const name = level.prefix === "" ? entry : level.prefix + entry;
      if (entry.endsWith("/")) {
        this.#goDown(name);
        continue;
      }
      this.#isLink = level.links.size > 0 && level.links.has(entry);
      return name;
    }
    return undefined;
  }

  /** Where that name leads to. */
  pathTo(name: string): SystemPath {
    // Names that are no text stand for bytes.
    if (this.#rootText !== undefined && name.isWellFormed()) return `${this.#rootText}/${name}`;
    return below(this.#root, pathOf(name) ?? Buffer.from(name));
  }

  /** Goes into a folder on the way: none is there where it has gone, may not be read, or has become something else. */
  #goDown(folder: string): void {
    const path = this.pathTo(folder.slice(0, -1));
    try {
      if (lstatSync(path).isDirectory()) this.#enter(folder, path);
    } catch {
      // As if it had gone before.
    }
  }

  #enter(prefix: string, path: SystemPath): void {
    const links = new Set<string>();
    const names = this.#looksAnyway && !this.#recursive ? namesIn(path) : this.#servedIn(path, links);
    names.sort();
    const after = this.#after;
    const at = after?.startsWith(prefix) ? firstAfterWithin(names, after.slice(prefix.length)) : 0;
    this.#levels.push({ prefix, names, links, at });
  }

  /** The files, links and, where they are gone into, folders, with a `/` behind each. */
  #servedIn(path: SystemPath, links: Set<string>): string[] {
    const names: string[] = [];
    for (const entry of entriesIn(path)) {
      const { name } = entry;
      if (entry.isSymbolicLink()) links.add(name);
      if (entry.isFile() || entry.isSymbolicLink()) names.push(name);
      else if (this.#recursive && entry.isDirectory()) names.push(`${name}/`);
    }
    return names;
  }
}

// Names are only asked for as bytes where they have to be, as that takes twice the time: what was no UTF-8 has become the
// replacement character.

const REPLACEMENT = "\uFFFD";

function namesIn(path: SystemPath): string[] {
  const names = readdirSync(path);
  if (!names.some((name) => name.includes(REPLACEMENT))) return names;
  return readdirSync(path, { encoding: "buffer" }).map(nameOf);
}

type Entry = Pick<Dirent, "name" | "isFile" | "isDirectory" | "isSymbolicLink">;

function entriesIn(path: SystemPath): readonly Entry[] {
  const entries = readdirSync(path, { withFileTypes: true });
  if (!entries.some(({ name }) => name.includes(REPLACEMENT))) return entries;
  return readdirSync(path, { encoding: "buffer", withFileTypes: true }).map((entry) => ({
    name: nameOf(entry.name),
    isFile: () => entry.isFile(),
    isDirectory: () => entry.isDirectory(),
    isSymbolicLink: () => entry.isSymbolicLink(),
  }));
}

/** Where to begin in a folder: at the one that the name leads into, else behind the name. */
function firstAfterWithin(names: readonly string[], after: string): number {
  const slash = after.indexOf("/");
  if (slash < 0) return firstAfter(names, after);
  const folder = after.slice(0, slash + 1);
  const first = firstAfter(names, folder);
  return names[first - 1] === folder ? first - 1 : first;
}
