// The names in one folder, in order; and those of large folders, for whoever comes to the same one meanwhile: many who list
// it at once then hold them once, and whoever's walk was given up does not read the folder again for each page.

import { type BigIntStats, type Dirent, lstatSync, readdirSync, statfsSync, statSync } from "node:fs";
import { joined, type SystemPath } from "./inside.js";
import { isDownload, nameOf, REPLACEMENT } from "./names.js";

/** What is in a folder, of what is asked for. */
export interface FolderNames {
  /** In order; a folder's with a `/` behind. */
  readonly names: readonly string[];
  /** Which of them are links. */
  readonly links: ReadonlySet<string>;
  /** How much memory they take, about. */
  readonly bytes: number;
}

/** Which names are wanted. */
export type Wanted = "everything" | "files" | "files and folders";

/** Folders with fewer names are read again sooner than looked for. */
const LARGE = 1024;

/**
 * A folder's times tell no two changes apart that come in the same instant, which is up to 2 s where a file system counts so:
 * they tell that nothing has changed where the last change was so long before the names were read.
 */
const SETTLED_MS = 3000;

/**
 * Linux's number for file systems that are programs: their folders have what times these give them, of one of several folders
 * that are shown as one, say, or always the same.
 */
const FUSE = 0x65735546;

/** How many folders are looked for. */
const MAX_SHARED = 64;

/** A string with its place in a list, besides its characters. */
const NAME_BYTES = 32;

interface Shared {
  readonly found: WeakRef<FolderNames>;
  readonly state: string;
}

/** Reads folders, and remembers large ones for as long as anybody holds what was found. */
export class FolderReader {
  readonly #shared = new Map<string, Shared>();

  /**
   * The names in a folder as they are now.
   *
   * @param key what tells the folder from others
   * @throws the system's error where it cannot be read
   */
  read(key: string, path: SystemPath, wanted: Wanted): FolderNames {
    const sharedKey = `${wanted}\0${key}`;
    const shared = this.#shared.get(sharedKey);
    const known = shared?.found.deref();
    if (known && stateOf(stats(path)) === shared?.state) return known;
    this.#shared.delete(sharedKey);
    const begun = Date.now();
    const found = namesIn(path, wanted);
    if (found.names.length >= LARGE && hasTimes(path)) this.#share(sharedKey, found, stats(path), begun);
    return found;
  }

  #share(key: string, found: FolderNames, now: BigIntStats, begun: number): void {
    if (Number(now.mtimeMs) > begun - SETTLED_MS || Number(now.ctimeMs) > begun - SETTLED_MS) return;
    this.#shared.set(key, { found: new WeakRef(found), state: stateOf(now) });
    if (this.#shared.size <= MAX_SHARED) return;
    const [oldest] = this.#shared.keys();
    if (oldest !== undefined) this.#shared.delete(oldest);
  }
}

function stats(path: SystemPath): BigIntStats {
  return statSync(path, { bigint: true });
}

/** Whether a folder's times tell of each change. */
function hasTimes(path: SystemPath): boolean {
  return process.platform !== "linux" || statfsSync(path).type !== FUSE;
}

function stateOf({ dev, ino, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${dev}-${ino}-${mtimeNs}-${ctimeNs}`;
}

function namesIn(path: SystemPath, wanted: Wanted): FolderNames {
  const links = new Set<string>();
  const all = wanted === "everything" ? everythingIn(path) : servedIn(path, wanted, links);
  const names = all.some(isDownload) ? all.filter((name) => !isDownload(name)) : all;
  names.sort();
  const bytes = names.reduce((sum, name) => sum + NAME_BYTES + name.length, 0);
  return { names, links, bytes };
}

/** The files, links and, where they are wanted, folders. */
function servedIn(path: SystemPath, wanted: Wanted, links: Set<string>): string[] {
  const names: string[] = [];
  for (const entry of entriesIn(path)) {
    const { name } = entry;
    if (entry.isSymbolicLink()) links.add(name);
    if (entry.isFile() || entry.isSymbolicLink()) names.push(name);
    else if (wanted === "files and folders" && entry.isDirectory()) names.push(`${name}/`);
  }
  return names;
}

// Names are only asked for as bytes where they have to be, as that takes twice the time: what was no UTF-8 has become the
// replacement character.

function everythingIn(path: SystemPath): string[] {
  const names = readdirSync(path);
  if (!names.some((name) => name.includes(REPLACEMENT))) return names;
  return readdirSync(path, { encoding: "buffer" }).map(nameOf);
}

type Entry = Pick<Dirent, "name" | "isFile" | "isDirectory" | "isSymbolicLink">;

function entriesIn(path: SystemPath): readonly Entry[] {
  try {
    return dirents(path);
  } catch {
    // Where a file system does not tell what its entries are, Node looks at each, and fails for all of them where the path is
    // bytes, or one has a name that is no text, or is gone meanwhile.
    return everythingIn(path).flatMap((name) => {
      const stats = lstatSync(joined(path, name), { throwIfNoEntry: false });
      return stats ? [entryOf(name, stats)] : [];
    });
  }
}

function dirents(path: SystemPath): readonly Entry[] {
  const entries = readdirSync(path, { withFileTypes: true });
  if (!entries.some(({ name }) => name.includes(REPLACEMENT))) return entries;
  return readdirSync(path, { encoding: "buffer", withFileTypes: true }).map((entry) =>
    entryOf(nameOf(entry.name), entry),
  );
}

function entryOf(name: string, is: Omit<Entry, "name">): Entry {
  return {
    name,
    isFile: () => is.isFile(),
    isDirectory: () => is.isDirectory(),
    isSymbolicLink: () => is.isSymbolicLink(),
  };
}
