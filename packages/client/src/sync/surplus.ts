// What stands here and not on the server: removed, as far as it is known that the server does not have it.

import { dirname, join, relative, sep } from "node:path";
import type { Disk } from "../disk/disk.js";
import type { Interrupted } from "../disk/interrupted.js";
import { SurplusError } from "../errors.js";
import type { Account } from "./account.js";
import { emptiedBy, foldersAbove } from "./emptied.js";

/** What may be removed. */
export interface SurplusOptions {
  /** Whether the server has no file of that name, as far as it is known. */
  readonly isSurplus: (nombre: string) => boolean;
  /** The same of a folder in which there is nothing here; the name has a `/` at its end. */
  readonly isSurplusFolder: (nombre: string) => boolean;
  /** Whether the server has a folder of that name: it stays, though nothing be left in it. */
  readonly hasFolder: (nombre: string) => boolean;
  /** How many may go. */
  readonly most: number;
  readonly dryRun: boolean;
  /** By what the folder is known: nothing is removed from another that has come to stand there. None in a dry run. */
  readonly place: string | undefined;
  readonly signal: AbortSignal;
}

/** So many are removed before it is looked whether that is still wanted. */
const REMOVED_AT_ONCE = 256;

/**
 * Removes what is surplus below a folder, whose path is absolute, what interrupted downloads have left of it, and the folders that
 * become empty by it.
 *
 * @returns names of what is gone, folders' with a `/` at their ends
 * @throws the signal's reason when it aborts: what was removed until then was told
 * @throws {SurplusError} when there are more than may go: none was removed
 * @throws {TargetError} `REPLACED` when the folder is not the one any more that it was
 */
export async function removeSurplus(
  disk: Disk,
  top: string,
  account: Account,
  options: SurplusOptions,
): Promise<readonly string[]> {
  return new Removing(disk, top, account, options).run();
}

class Removing {
  readonly #disk: Disk;
  readonly #top: string;
  readonly #account: Account;
  readonly #options: SurplusOptions;
  readonly #gone: string[] = [];

  constructor(disk: Disk, top: string, account: Account, options: SurplusOptions) {
    this.#disk = disk;
    this.#top = top;
    this.#account = account;
    this.#options = options;
  }

  async run(): Promise<readonly string[]> {
    const { isSurplus, isSurplusFolder, most, dryRun, signal } = this.#options;
    await this.#checkPlace();
    const local = await this.#disk.walk(this.#top, { tidy: !dryRun });
    signal.throwIfAborted();
    const surplus = [...local.files.filter(isSurplus), ...local.emptyFolders.filter(isSurplusFolder)];
    if (surplus.length > most) throw new SurplusError(surplus.length, most);
    try {
      for (const names of portionsOf(surplus)) await this.#remove(names);
      for (const names of portionsOf(local.journals)) await this.#dropInterrupted(names);
    } finally {
      await this.#tellEmptied();
    }
    return this.#gone;
  }

  /** Removes files and, behind them, empty folders. */
  async #remove(names: readonly string[]): Promise<void> {
    const { dryRun, place, signal } = this.#options;
    signal.throwIfAborted();
    const removal = {
      files: this.#pathsOf(names.filter((name) => !name.endsWith("/"))),
      emptyFolders: this.#pathsOf(names.filter((name) => name.endsWith("/"))),
      kept: this.#keptAbove(names),
      place,
    };
    const notRemoved = dryRun ? undefined : await this.#disk.remove(this.#top, removal);
    for (const [nth, nombre] of names.entries()) {
      const error = notRemoved?.get(nth);
      if (error) this.#account.fail(nombre, error);
      else this.#noteDeleted(nombre);
    }
  }

  /** Removes what is left of downloads of files that are surplus, as far as their journals tell. */
  async #dropInterrupted(journals: readonly string[]): Promise<void> {
    const { dryRun, place, signal } = this.#options;
    signal.throwIfAborted();
    const left = await this.#disk.interrupted(this.#pathsOf(journals));
    const over = left.filter((each) => this.#isOver(each));
    const names = over.map(({ journal }) => nameOf(this.#top, journal));
    signal.throwIfAborted();
    if (!dryRun && over.length > 0)
      await this.#disk.dropInterrupted(this.#top, over, { kept: this.#keptAbove(names), place });
    for (const name of names) this.#gone.push(name, name.replace(/log$/, "part"));
  }

  /** A part may be of another name than its file has here: it stays where either may be on the server. */
  #isOver({ journal, nombre }: Interrupted): boolean {
    const { isSurplus } = this.#options;
    const above = nameOf(this.#top, dirname(journal));
    const here = nombre.slice(nombre.lastIndexOf("/") + 1);
    return isSurplus(nombre) && isSurplus(above === "" ? here : `${above}/${here}`);
  }

  async #tellEmptied(): Promise<void> {
    const { hasFolder, dryRun, signal } = this.#options;
    const above = foldersAbove(this.#gone).filter((nombre) => !hasFolder(nombre));
    if (above.length === 0) return;
    // Of what is not in another folder nothing is told.
    await this.#checkPlace();
    const pathOf = (name: string): string => this.#pathOf(name);
    const emptied = dryRun
      ? await emptiedBy(this.#disk, above, this.#gone, pathOf, signal)
      : await goneOf(this.#disk, above, pathOf);
    for (const nombre of emptied) this.#noteDeleted(nombre);
  }

  async #checkPlace(): Promise<void> {
    const { place } = this.#options;
    if (place !== undefined) await this.#disk.checkPlace(this.#top, place);
  }

  #noteDeleted(nombre: string): void {
    this.#account.deleted(nombre, this.#pathOf(nombre));
    this.#gone.push(nombre);
  }

  /** Of the folders that names lead through, those that stay. */
  #keptAbove(names: readonly string[]): string[] {
    return this.#pathsOf(foldersAbove(names).filter(this.#options.hasFolder));
  }

  #pathsOf(names: readonly string[]): string[] {
    return names.map((name) => this.#pathOf(name));
  }

  #pathOf(name: string): string {
    return join(this.#top, ...name.split("/"));
  }
}

function* portionsOf(names: readonly string[]): Generator<readonly string[], void, undefined> {
  for (let from = 0; from < names.length; from += REMOVED_AT_ONCE)
    yield names.slice(from, from + REMOVED_AT_ONCE);
}

/** Those of these folders that are not there any more. */
async function goneOf(
  disk: Disk,
  folders: readonly string[],
  pathOf: (name: string) => string,
): Promise<readonly string[]> {
  const { kinds } = await disk.stat(folders.map(pathOf));
  return folders.filter((_, i) => kinds[i] === "none");
}

/** The name of what stands at a path below the top; that of the top is empty. */
function nameOf(top: string, path: string): string {
  return relative(top, path).split(sep).join("/");
}
