// Pages of what is in a folder, made in the worker. While a client reads one page the next are made already, for a moment:
// so that neither waits for the other.

import { type BigIntStats, existsSync, lstatSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { dirname, isAbsolute, sep } from "node:path";
import { isWithin, secondsOf, versionOf } from "./folder.js";
import { type FolderNames, FolderReader } from "./folder-names.js";
import { goneOr, isUnreadable, type SystemPath } from "./inside.js";
import type { EntriesOptions } from "./storage.js";
import { Walk } from "./walk.js";

/** A page as it is sent between threads: few large values instead of many small ones. */
export interface PackedPage {
  /** The names with a NUL behind each. */
  readonly names: string;
  /** A column that was not asked for is empty. */
  readonly sizes: Float64Array<ArrayBuffer>;
  readonly modified: Float64Array<ArrayBuffer>;
  /** As the names. */
  readonly versions: string;
  readonly next: string | undefined;
  /** As the names; undefined where folders are not told. */
  readonly folders: string | undefined;
  readonly unreadable: string | undefined;
}

/** For how long a walk is kept to go on with: a page after it costs no second reading of the folder. */
const KEPT_MS = 60_000;

/** So many walks are kept whatever they hold; further ones while all of them together hold so many bytes, about. */
const ALWAYS_KEPT = 4;
const MAX_KEPT = 64;
const MAX_KEPT_BYTES = 64 * 1024 * 1024;

/** How many pages of a listing are made before they are asked for. */
const MAX_AHEAD = 2;

/** What was found out of files is told for so long and no longer: a page that waited longer is made anew. */
const FRESH_MS = 1000;

/** The first page with details is short: who asked has something to begin with while the next is made. */
const FIRST_NAMES = 256;

/** A page is full with names of so many characters, however few they are. */
const PAGE_CHARACTERS = 1024 * 1024;

/** A page that nobody has asked for yet. */
interface Ahead {
  readonly page: PackedPage;
  /** Until when it may be told as it is, by `performance.now()`. */
  readonly freshUntil: number;
}

/** A listing that has given a page and can give the next one. */
interface Kept {
  /** Of the page that comes next. */
  readonly key: string;
  readonly root: Buffer;
  /** Which folder that is. */
  readonly identity: string;
  readonly options: EntriesOptions;
  readonly walk: Walk;
  readonly ahead: Ahead[];
  readonly until: number;
}

/** Lists one folder, for as many as ask. */
export class Lister {
  readonly #folder: string;
  readonly #reader = new FolderReader();
  #kept: Kept[] = [];
  #dropping: NodeJS.Timeout | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * @throws the system's error when the folder cannot be read, or what is in it not be looked at though it is there; and where
   *   another one takes its place meanwhile
   */
  page(options: EntriesOptions): PackedPage {
    const root = realpathSync.native(Buffer.from(this.#folder), "buffer");
    const identity = identityOf(root);
    const kept = this.#resume(keyOf(identity, options, options.after));
    const walk = kept?.walk ?? new Walk(root, options, options.details.length > 0, this.#reader);
    const ahead = kept?.ahead ?? [];
    const page = nextPage(ahead.shift(), root, walk, options);
    checkSame(root, identity);
    const { next } = page;
    if (next !== undefined) {
      const key = keyOf(identity, options, next);
      this.#keep({ key, root, identity, options, walk, ahead, until: Date.now() + KEPT_MS });
    }
    return page;
  }

  /** Makes a page of the listing that was asked last, before it is asked for. Gives whether there is more to be made. */
  lookAhead(): boolean {
    const kept = this.#kept.at(-1);
    const last = kept?.ahead.at(-1);
    if (!kept || kept.ahead.length >= MAX_AHEAD || (last && last.page.next === undefined)) return false;
    const { root, identity, walk, options, ahead } = kept;
    const freshUntil = performance.now() + FRESH_MS;
    try {
      const page = makePage(root, walk, options);
      checkSame(root, identity);
      ahead.push({ page, freshUntil });
      return true;
    } catch {
      // Nobody has asked for it yet: who does begins where it stands, and hears what is wrong.
      this.#kept.pop();
      return false;
    }
  }

  #resume(key: string): Kept | undefined {
    this.#drop();
    const at = this.#kept.findIndex((kept) => kept.key === key);
    return at < 0 ? undefined : this.#kept.splice(at, 1)[0];
  }

  #keep(kept: Kept): void {
    // Whose listing goes on there is not known: one that began after a file has changed, or has come, must not get what
    // was found out for an earlier one.
    this.#kept = this.#kept.filter(({ key }) => key !== kept.key);
    this.#kept.push(kept);
    while (
      this.#kept.length > MAX_KEPT ||
      (this.#kept.length > ALWAYS_KEPT && this.#bytes() > MAX_KEPT_BYTES)
    )
      this.#kept.shift();
    clearTimeout(this.#dropping);
    this.#dropping = setTimeout(() => this.#drop(), KEPT_MS + 1).unref();
  }

  /** How much is held, about: what walks have in common counts once. */
  #bytes(): number {
    const names = new Set<FolderNames>();
    let bytes = 0;
    for (const { walk, ahead } of this.#kept) {
      for (const found of walk.held) names.add(found);
      for (const { page } of ahead) bytes += bytesOf(page);
    }
    for (const found of names) bytes += found.bytes;
    return bytes;
  }

  #drop(): void {
    this.#kept = this.#kept.filter(({ until }) => until > Date.now());
  }
}

function keyOf(
  identity: string,
  { recursive, limit, details, folders }: EntriesOptions,
  after: string | undefined,
): string {
  return JSON.stringify([identity, recursive, limit, details, folders === true, after]);
}

/** What tells a folder from another one that has taken its place. */
function identityOf(root: Buffer): string {
  const { dev, ino } = statSync(root, { bigint: true });
  return `${root.toString("latin1")}\0${dev}-${ino}`;
}

/** @throws where the folder is gone, or is another one by now: what was not found in it may be there nevertheless */
function checkSame(root: Buffer, identity: string): void {
  if (identityOf(root) !== identity)
    throw new Error("Cannot list the folder: another one has taken its place meanwhile");
}

/** The page that was made ahead, where it was just now. */
function nextPage(made: Ahead | undefined, root: Buffer, walk: Walk, options: EntriesOptions): PackedPage {
  if (!made) return makePage(root, walk, options);
  return performance.now() <= made.freshUntil ? made.page : refreshed(root, walk, options, made.page);
}

/** A page of the next names of a walk. */
function makePage(root: Buffer, walk: Walk, options: EntriesOptions): PackedPage {
  const { details } = options;
  const limit = details.length > 0 && walk.given === 0 ? Math.min(options.limit, FIRST_NAMES) : options.limit;
  const columns = new Columns(options);
  try {
    for (let name = walk.next(); name !== undefined; name = walk.next()) {
      if (name.endsWith("/")) {
        columns.addFolder(name, walk.isUnreadable);
        // A page that ended here again would not come forward.
        if (name === options.after) continue;
      } else {
        const isLooked = walk.isLink || details.length > 0;
        const stats = isLooked ? statsIn(columns, root, walk, name) : undefined;
        if (isLooked && !stats) continue;
        columns.add(name, stats);
      }
      if (columns.length >= limit || columns.characters >= PAGE_CHARACTERS) return columns.page(name);
    }
    return columns.page(undefined);
  } finally {
    walk.letGo();
  }
}

/** What there is to tell of a file. Where its folder turns out not to be looked into, that is told instead. */
function statsIn(columns: Columns, root: Buffer, walk: Walk, name: string): BigIntStats | undefined {
  try {
    return servedStats(root, walk, name);
  } catch (error) {
    const isLink = error instanceof ClosedLinkError && columns.tellsFolders;
    columns.addFolder(isLink ? `${name}/` : walk.leave(error), true);
    return undefined;
  }
}

/** The same page as it is now; of folders, as they were. */
function refreshed(root: Buffer, walk: Walk, options: EntriesOptions, page: PackedPage): PackedPage {
  const columns = new Columns(options);
  let { unreadable } = page;
  try {
    for (const name of page.names.split("\0").slice(0, -1)) {
      try {
        const stats = servedStats(root, walk, name);
        if (stats) columns.add(name, stats);
      } catch (error) {
        if (!(error instanceof ClosedLinkError) || unreadable === undefined) throw error;
        unreadable += packed([name]);
      }
    }
    return { ...columns.page(page.next), folders: page.folders, unreadable };
  } finally {
    walk.letGo();
  }
}

/** How much memory a page takes, about. */
function bytesOf({ names, sizes, modified, versions, folders = "", unreadable = "" }: PackedPage): number {
  const columns = sizes.byteLength + modified.byteLength;
  return names.length + columns + versions.length + folders.length + unreadable.length;
}

/** A page that is being filled. */
class Columns {
  characters = 0;
  readonly #names: string[] = [];
  readonly #sizes: number[] | undefined;
  readonly #modified: number[] | undefined;
  readonly #versions: string[] | undefined;
  readonly #folders: string[] | undefined;
  readonly #unreadable: string[] = [];

  constructor({ details, folders, recursive }: EntriesOptions) {
    this.#sizes = details.includes("sizes") ? [] : undefined;
    this.#modified = details.includes("modified") ? [] : undefined;
    this.#versions = details.includes("versions") ? [] : undefined;
    this.#folders = folders && recursive ? [] : undefined;
  }

  get tellsFolders(): boolean {
    return this.#folders !== undefined;
  }

  get length(): number {
    return this.#names.length + (this.#folders?.length ?? 0) + this.#unreadable.length;
  }

  add(name: string, stats: BigIntStats | undefined): void {
    this.#names.push(name);
    this.characters += name.length;
    if (!stats) return;
    this.#sizes?.push(Number(stats.size));
    this.#modified?.push(secondsOf(stats));
    this.#versions?.push(versionOf(stats));
  }

  /** @param name ends in `/` */
  addFolder(name: string, isUnreadable: boolean): void {
    (isUnreadable ? this.#unreadable : this.#folders)?.push(name.slice(0, -1));
    this.characters += name.length;
  }

  page(next: string | undefined): PackedPage {
    return {
      names: packed(this.#names),
      sizes: Float64Array.from(this.#sizes ?? []),
      modified: Float64Array.from(this.#modified ?? []),
      versions: packed(this.#versions ?? []),
      next,
      folders: this.#folders && packed(this.#folders),
      unreadable: this.#folders && packed(this.#unreadable),
    };
  }
}

const STATS = { bigint: true, throwIfNoEntry: false } as const;

/**
 * What there is to tell of a file; undefined when there is none that would be served.
 *
 * @throws where that cannot be found out: to leave out what is there would be to say that it is not
 */
function servedStats(root: Buffer, walk: Walk, name: string): BigIntStats | undefined {
  const path = walk.pathTo(name);
  if (path === undefined) return undefined;
  let stats: BigIntStats | undefined;
  try {
    stats = lstatSync(path, STATS);
    if (stats?.isSymbolicLink()) stats = targetStats(root, path, name);
  } catch (error) {
    if (error instanceof ClosedLinkError) throw error;
    return goneOr(error, name);
  }
  return stats?.isFile() ? stats : undefined;
}

/** A link that leads to where this process cannot look: whether there is a file is not known. */
class ClosedLinkError extends Error {
  readonly code: string | undefined;

  constructor(name: string, cause: NodeJS.ErrnoException) {
    super(`Cannot list ${JSON.stringify(name)}: ${cause.message}`, { cause });
    this.code = cause.code;
  }
}

/** What a link within the folder leads to. One that leads out of it is not served, whether or not this process may go there. */
function targetStats(root: Buffer, path: SystemPath, name: string): BigIntStats | undefined {
  try {
    const target = realpathSync.native(path, "buffer");
    return isWithin(root, target) ? lstatSync(target, STATS) : undefined;
  } catch (error) {
    if (leadsNowhere(error, path)) return undefined;
    if (!isUnreadable(error)) throw error;
    if (leadsWithin(root, path)) throw new ClosedLinkError(name, error as NodeJS.ErrnoException);
    return undefined;
  }
}

/** Whether a link leads round in a circle, or to a name that is too long for any file; not: to a path that is too long. */
function leadsNowhere(error: unknown, path: SystemPath): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ELOOP" || (code === "ENAMETOOLONG" && !existsSync(path));
}

/** Whether a link leads into the folder, as far as it can be followed. */
function leadsWithin(root: Buffer, path: SystemPath): boolean {
  // One character a byte, as names need be no text.
  const text = (bytes: Buffer): string => bytes.toString("latin1");
  const target = text(readlinkSync(path, "buffer"));
  let way = isAbsolute(target) ? target : dirname(text(Buffer.from(path))) + sep + target;
  for (;;) {
    way = dirname(way);
    try {
      const reached = realpathSync.native(Buffer.from(way, "latin1"), "buffer");
      return reached.equals(root) || isWithin(root, reached);
    } catch (error) {
      if (way === dirname(way)) throw error;
    }
  }
}

function packed(values: readonly string[]): string {
  return values.length === 0 ? "" : `${values.join("\0")}\0`;
}
