// The names in a folder and its subfolders, in order, one after the other: in the worker, where it may take its time.
//
// A folder's entries are put in order as if each folder's name ended in `/`: then to go down where a folder stands gives
// all paths in the order of their code units, and no more is held than the names in the folders on the way. So a walk may
// begin after any name.

import type { FolderNames, FolderReader, Wanted } from "./folder-names.js";
import { Inside, isUnreadable, type SystemPath } from "./inside.js";
import { firstAfter } from "./listing.js";

/** A folder that the walk stands in. */
interface Level {
  /** Its name, as names below it begin. */
  readonly prefix: string;
  readonly found: FolderNames;
  /** Which of its names comes next. */
  at: number;
}

/** Where a walk goes. */
export interface WalkOptions {
  readonly recursive: boolean;
  /** It begins behind that name. */
  readonly after: string | undefined;
  /** Whether it comes to folders that are empty, and to those that it cannot look into: without, these end it. */
  readonly folders?: boolean | undefined;
}

/** A walk through a folder. */
export class Walk {
  readonly #inside: Inside;
  readonly #reader: FolderReader;
  readonly #key: string;
  readonly #wanted: Wanted;
  readonly #after: string | undefined;
  readonly #tellsFolders: boolean;
  readonly #levels: Level[] = [];
  #given = 0;
  #isLink = false;
  #isUnreadable = false;

  /**
   * @param root the folder's path, resolved
   * @param looksAnyway each name is looked at by who asks, and may be whatever there is: where folders are not gone into,
   *   this saves finding out their kinds
   * @throws the system's error when the folder cannot be read
   */
  constructor(
    root: Buffer,
    { recursive, after, folders = false }: WalkOptions,
    looksAnyway: boolean,
    reader: FolderReader,
  ) {
    this.#inside = new Inside(root);
    this.#reader = reader;
    this.#key = root.toString("latin1");
    if (recursive) this.#wanted = "files and folders";
    else this.#wanted = looksAnyway ? "everything" : "files";
    this.#after = after;
    this.#tellsFolders = folders;
    this.#enter("", reader.read(this.#key, root, this.#wanted));
  }

  /** How many names it has come to. */
  get given(): number {
    return this.#given;
  }

  /** Whether the name that was given last is a link's. */
  get isLink(): boolean {
    return this.#isLink;
  }

  /** Whether the folder that was given last cannot be looked into. */
  get isUnreadable(): boolean {
    return this.#isUnreadable;
  }

  /** The names that it holds, folder by folder: other walks may hold the same. */
  get held(): readonly FolderNames[] {
    return this.#levels.map(({ found }) => found);
  }

  /**
   * The next file or link, or, with a `/` at its end, a folder that is told as such; undefined at the end.
   *
   * @throws where a folder cannot be looked into though it is there, naming it, and folders are not told; the walk is of no
   *   further use then
   */
  next(): string | undefined {
    for (let level = this.#levels.at(-1); level; level = this.#levels.at(-1)) {
      if (level.at >= level.found.names.length) {
        this.#levels.pop();
        continue;
      }
      const entry = level.found.names[level.at++] as string;
      this.#given += 1;
      const name = level.prefix === "" ? entry : level.prefix + entry;
      if (entry.endsWith("/")) {
        this.#isUnreadable = false;
        const found = this.#look(name);
        if (found) this.#enter(name, found);
        // One where the page before has ended was told by it.
        const isEmpty = found?.names.length === 0 && name !== this.#after;
        if (this.#tellsFolders && (isEmpty || this.#isUnreadable)) return name;
        continue;
      }
      this.#isLink = level.found.links.size > 0 && level.found.links.has(entry);
      return name;
    }
    return undefined;
  }

  /**
   * Goes on behind the folder in which the name stands that was given last: it cannot be looked at.
   *
   * @returns the folder's name with a `/` at its end
   * @throws why that is so, where folders are not told, or it is the one that the walk began in
   */
  leave(reason: unknown): string {
    const prefix = this.#levels.at(-1)?.prefix;
    if (!prefix || !this.#tellsFolders || !isUnreadable(reason)) throw reason;
    this.#levels.pop();
    return prefix;
  }

  /** Where that name leads to; undefined where its folder is gone. Good until the walk goes on or lets go. */
  pathTo(name: string): SystemPath | undefined {
    return this.#inside.pathTo(name);
  }

  /** Holds nothing open until it goes on. */
  letGo(): void {
    this.#inside.letGo();
  }

  #look(name: string): FolderNames | undefined {
    try {
      return this.#inside.within(name, (path) =>
        this.#reader.read(`${this.#key}\0${name}`, path, this.#wanted),
      );
    } catch (error) {
      if (!this.#tellsFolders || !isUnreadable(error)) throw error;
      this.#isUnreadable = true;
      return undefined;
    }
  }

  #enter(prefix: string, found: FolderNames): void {
    const after = this.#after;
    const at = after?.startsWith(prefix) ? firstAfterWithin(found.names, after.slice(prefix.length)) : 0;
    this.#levels.push({ prefix, found, at });
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
