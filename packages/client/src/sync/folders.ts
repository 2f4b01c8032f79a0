// What a listing tells of folders by themselves: those in which there is nothing, which are made here, and those that the
// server cannot look into.

import { join, relative, sep } from "node:path";
import type { Disk } from "../disk/disk.js";
import { UnreadableError } from "../errors.js";
import type { DetailsPage } from "../transfer/details.js";
import type { ListingMemory } from "../transfer/listing-memory.js";
import { isTooLong, pathWithin } from "../transfer/target.js";
import type { Account } from "./account.js";
import { type Collisions, isSameHere } from "./collisions.js";
import { type FilterOptions, filterOf, mayMatchBelow } from "./filter.js";
import { Waiting } from "./waiting.js";

/** A folder in which there is nothing. */
interface EmptyFolder {
  /** With a `/` at its end. */
  readonly nombre: string;
  /** Absolute. */
  readonly path: string;
}

/** So many folders, those above them counted each time, are made before it is looked whether that is still wanted. */
const MADE_AT_ONCE = 256;

/** What folders are brought with. */
export interface FoldersOptions extends FilterOptions {
  readonly delete?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
}

export class Folders {
  readonly #disk: Disk;
  readonly #top: string;
  readonly #account: Account;
  readonly #memory: ListingMemory;
  readonly #delete: boolean;
  readonly #dryRun: boolean;
  readonly #isMeant: (name: string) => boolean;
  readonly #mayBeMeantBelow: (folder: string) => boolean;
  readonly #unreadable = new Set<string>();
  readonly #empty = new Set<string>();
  readonly #waiting = new Waiting<EmptyFolder>();
  #areTold = true;

  /** @param top absolute path */
  constructor(disk: Disk, top: string, account: Account, memory: ListingMemory, options: FoldersOptions) {
    this.#disk = disk;
    this.#top = top;
    this.#account = account;
    this.#memory = memory;
    this.#delete = options.delete ?? false;
    this.#dryRun = options.dryRun ?? false;
    this.#isMeant = filterOf(options);
    const { include, exclude } = options;
    const isNotExcluded = filterOf({ exclude });
    this.#mayBeMeantBelow = (folder) =>
      isNotExcluded(folder) && (include === undefined || mayMatchBelow(include, folder));
  }

  /** Whether each page has told of empty folders: what is not among them the server does not have. */
  get areTold(): boolean {
    return this.#areTold;
  }

  /** Whether a name is that of something which the server may have without having told of it. */
  isHidden(name: string): boolean {
    if (this.#unreadable.size === 0) return false;
    if (this.#unreadable.has(name)) return true;
    for (let at = name.indexOf("/"); at >= 0; at = name.indexOf("/", at + 1))
      if (this.#unreadable.has(name.slice(0, at))) return true;
    return false;
  }

  /**
   * Notes what a page tells, and makes the folders that are not there. With `delete`, and in a dry run,
   * those wait in whose way a file stands.
   *
   * @throws the signal's reason when it aborts
   */
  async bring(page: DetailsPage, collisions: Collisions, signal: AbortSignal): Promise<void> {
    for (const name of page.unreadable) this.#noteUnreadable(name, collisions);
    if (page.folders === undefined) this.#areTold = false;
    const foldersBefore = collisions.folders;
    const meant = (page.folders ?? []).flatMap((name) => this.#meant(name, collisions) ?? []);
    if (meant.length === 0) return;
    this.#memory.keep(
      "folder",
      meant.reduce((sum, { nombre }) => sum + nombre.length, 0),
      // With those above them.
      Math.max(meant.length, collisions.folders - foldersBefore),
    );
    const { kinds } = await this.#disk.stat(meant.map(({ path }) => path));
    const missing = meant.filter((_, i) => kinds[i] !== "folder");
    await this.#makeAll(this.#delete || this.#dryRun ? await this.#unobstructed(missing) : missing, signal);
  }

  /**
   * Makes those that have waited until what is surplus was removed.
   *
   * @param gone as in `Waiting`
   * @throws the signal's reason when it aborts
   */
  async bringWaiting(gone: ReadonlySet<string> | undefined, signal: AbortSignal): Promise<void> {
    for await (const { free, blocked } of this.#waiting.freed(this.#disk, this.#top, gone, signal)) {
      await this.#makeAll(free, signal);
      for (const [{ nombre }, why] of blocked) this.#account.fail(nombre, why);
    }
  }

  async #unobstructed(folders: readonly EmptyFolder[]): Promise<readonly EmptyFolder[]> {
    if (folders.length === 0) return folders;
    const paths = folders.map(({ path }) => relative(this.#top, path) + sep);
    const obstacles = new Map((await this.#disk.filesWithin(this.#top, paths)).obstacles);
    return folders.filter((folder, nth) => {
      const obstacle = obstacles.get(nth);
      if (obstacle !== undefined) this.#waiting.add(folder, paths[nth] as string, obstacle);
      return obstacle === undefined;
    });
  }

  async #makeAll(folders: readonly EmptyFolder[], signal: AbortSignal): Promise<void> {
    for (const some of inPortions(folders)) {
      signal.throwIfAborted();
      await this.#make(some);
    }
  }

  async #make(folders: readonly EmptyFolder[]): Promise<void> {
    const paths = folders.map(({ path }) => path);
    const notMade = this.#dryRun ? undefined : await this.#disk.makeFolders(this.#top, paths);
    for (const [nth, { nombre, path }] of folders.entries()) {
      const error = notMade?.get(nth);
      if (error) this.#account.fail(nombre, error);
      else this.#account.made(nombre, path);
    }
  }

  #noteUnreadable(name: string, collisions: Collisions): void {
    if (this.#unreadable.has(name)) return;
    this.#memory.keep("failure", name.length);
    this.#noteOther(name, collisions);
    this.#unreadable.add(name);
    const nombre = `${name}/`;
    if (this.#mayBeMeantBelow(nombre)) this.#account.fail(nombre, new UnreadableError(nombre));
  }

  /** Notes folders that are not to be made: with `delete`, they stay where nothing is left in them here. */
  #noteOther(name: string, collisions: Collisions): void {
    if (this.#delete && !isTooLong(name)) collisions.noteOther(name, this.#memory);
  }

  #meant(name: string, collisions: Collisions): EmptyFolder | undefined {
    const nombre = `${name}/`;
    // As with files: what is too long is refused whatever the patterns say.
    if (!isTooLong(name) && !this.#isMeant(nombre)) {
      this.#noteOther(nombre, collisions);
      return undefined;
    }
    try {
      const path = join(this.#top, pathWithin(name));
      if (this.#empty.has(path)) return undefined;
      const other = collisions.noteFolder(name);
      if (other !== undefined) throw isSameHere(nombre, other);
      this.#empty.add(path);
      return { nombre, path };
    } catch (error) {
      this.#memory.keep("failure", name.length);
      this.#account.fail(nombre, error);
      return undefined;
    }
  }
}

/** Folders as they come, a few at a time: each may want many above it. */
function* inPortions(folders: readonly EmptyFolder[]): Generator<readonly EmptyFolder[], void, undefined> {
  let portion: EmptyFolder[] = [];
  let levels = 0;
  for (const folder of folders) {
    portion.push(folder);
    levels += folder.nombre.split("/").length - 1;
    if (levels < MADE_AT_ONCE) continue;
    yield portion;
    portion = [];
    levels = 0;
  }
  if (portion.length > 0) yield portion;
}
