// The names in a folder, in order, a page at a time: in the worker, where it may take its time.
//
// A folder's entries are put in order as if each folder's name ended in `/`: then to go down where a folder stands gives
// all paths in the order of their code units, and no more is held than the entries of the folders on the way. So a page
// may begin after any name.

import { type Dirent, lstatSync, readdirSync, realpathSync, statSync } from "node:fs";
import { below, isWithin, secondsOf, versionOf } from "./folder.js";
import { firstAfter } from "./listing.js";
import { nameOf } from "./names.js";
import type { EntriesOptions } from "./storage.js";

/** A page as it is sent between threads: few large values instead of many small ones. */
export interface PackedPage {
  /** The names with a NUL behind each. */
  readonly names: string;
  readonly sizes: Float64Array<ArrayBuffer>;
  readonly modified: Float64Array<ArrayBuffer>;
  /** As the names. */
  readonly versions: string;
  readonly next: string | undefined;
}

/** A file that is listed. */
interface Found {
  readonly name: string;
  readonly path: Buffer;
  readonly isLink: boolean;
}

/** How many walks are kept to go on with, and for how long: a page after it costs no second reading of the folder. */
const MAX_KEPT = 4;
const KEPT_MS = 60_000;

/** A page is full with names of so many characters, however few they are. */
const PAGE_CHARACTERS = 1024 * 1024;

/** A walk that has given a page and can give the next one. */
interface Kept {
  readonly key: string;
  readonly found: Iterator<Found>;
  readonly until: number;
}

/** Lists one folder, for as many as ask. */
export class Lister {
  readonly #folder: string;
  #kept: Kept[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws the system's error when the folder cannot be read */
  page(options: EntriesOptions): PackedPage {
    const { recursive, after, limit, details } = options;
    const root = realpathSync.native(Buffer.from(this.#folder), "buffer");
    const found = this.#resume(keyOf(root, recursive, after)) ?? walk(root, recursive, after);
    const names: string[] = [];
    const sizes: number[] = [];
    const modified: number[] = [];
    const versions: string[] = [];
    let characters = 0;
    let next: string | undefined;
    while (next === undefined) {
      const { value, done } = found.next();
      if (done) break;
      const { name, path, isLink } = value as Found;
      if (isLink || details) {
        const stats = servedStats(root, path, isLink);
        if (!stats) continue;
        sizes.push(Number(stats.size));
        modified.push(secondsOf(stats));
        versions.push(versionOf(stats));
      }
      names.push(name);
      characters += name.length;
      if (names.length >= limit || characters >= PAGE_CHARACTERS) next = name;
    }
    if (next !== undefined)
      this.#keep({ key: keyOf(root, recursive, next), found, until: Date.now() + KEPT_MS });
    return {
      names: packed(names),
      sizes: Float64Array.from(details ? sizes : []),
      modified: Float64Array.from(details ? modified : []),
      versions: packed(details ? versions : []),
      next,
    };
  }

  #resume(key: string): Iterator<Found> | undefined {
    this.#drop();
    const at = this.#kept.findIndex((kept) => kept.key === key);
    return at < 0 ? undefined : this.#kept.splice(at, 1)[0]?.found;
  }

  #keep(kept: Kept): void {
    this.#kept.push(kept);
    if (this.#kept.length > MAX_KEPT) this.#kept.shift();
    setTimeout(() => this.#drop(), KEPT_MS + 1).unref();
  }

  #drop(): void {
    this.#kept = this.#kept.filter(({ until }) => until > Date.now());
  }
}

function keyOf(root: Buffer, recursive: boolean, after: string | undefined): string {
  return `${root.toString("latin1")}\0${recursive}\0${after}`;
}

/** What is in a folder after a name, in order. */
function* walk(root: Buffer, recursive: boolean, after: string | undefined): Generator<Found> {
  yield* walkFolder(
    root,
    "",
    readdirSync(root, { encoding: "buffer", withFileTypes: true }),
    recursive,
    after,
  );
}

function* walkFolder(
  folder: Buffer,
  prefix: string,
  entries: Dirent<Buffer>[],
  recursive: boolean,
  after: string | undefined,
): Generator<Found> {
  const byName = new Map<string, Dirent<Buffer>>();
  for (const entry of entries) {
    if (entry.isFile() || entry.isSymbolicLink()) byName.set(nameOf(entry.name), entry);
    else if (recursive && entry.isDirectory()) byName.set(`${nameOf(entry.name)}/`, entry);
  }
  const names = [...byName.keys()].sort();
  const start = after?.startsWith(prefix) ? firstAfterWithin(names, after.slice(prefix.length)) : 0;
  for (let i = start; i < names.length; i++) {
    const name = names[i] as string;
    const entry = byName.get(name) as Dirent<Buffer>;
    byName.delete(name);
    const path = below(folder, entry.name);
    if (name.endsWith("/")) {
      const inner = entriesOf(path);
      if (inner) yield* walkFolder(path, prefix + name, inner, recursive, after);
    } else yield { name: prefix + name, path, isLink: entry.isSymbolicLink() };
  }
}

/** Where to begin in a folder: at the one that the name leads into, else behind the name. */
function firstAfterWithin(names: readonly string[], after: string): number {
  const slash = after.indexOf("/");
  if (slash < 0) return firstAfter(names, after);
  const folder = after.slice(0, slash + 1);
  const first = firstAfter(names, folder);
  return names[first - 1] === folder ? first - 1 : first;
}

/** The entries of a folder on the way: none where it has gone, may not be read, or has become something else. */
function entriesOf(path: Buffer): Dirent<Buffer>[] | undefined {
  try {
    return lstatSync(path).isDirectory()
      ? readdirSync(path, { encoding: "buffer", withFileTypes: true })
      : undefined;
  } catch {
    return undefined;
  }
}

/** What there is to tell of a file; undefined when it would not be served. */
function servedStats(root: Buffer, path: Buffer, isLink: boolean): ReturnType<typeof bigStats> | undefined {
  try {
    if (isLink && !isWithin(root, realpathSync.native(path, "buffer"))) return undefined;
    const stats = isLink ? bigStats(path) : lstatSync(path, { bigint: true });
    return stats.isFile() ? stats : undefined;
  } catch {
    return undefined;
  }
}

const bigStats = (path: Buffer) => statSync(path, { bigint: true });

function packed(values: readonly string[]): string {
  return values.map((value) => `${value}\0`).join("");
}
