// What stands here and not on the server: removed, as far as it is known that the server does not have it.

import { dirname, join, relative, sep } from "node:path";
import type { Disk } from "../disk/disk.js";
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
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/** So many are removed before it is looked whether that is still wanted. */
const REMOVED_AT_ONCE = 256;

/**
 * Removes what is surplus below a folder, whose path is absolute, and the folders that become empty by it.
 *
 * @returns names of what is gone, folders' with a `/` at their ends
 * @throws the signal's reason when it aborts: what was removed until then was told
 */
export async function removeSurplus(
  disk: Disk,
  top: string,
  account: Account,
  { isSurplus, isSurplusFolder, hasFolder, dryRun, signal }: SurplusOptions,
): Promise<readonly string[]> {
  const local = await disk.walk(top, { tidy: !dryRun });
  signal.throwIfAborted();
  const pathOf = (name: string): string => join(top, ...name.split("/"));
  const surplus = [...local.files.filter(isSurplus), ...local.emptyFolders.filter(isSurplusFolder)];
  const removed: string[] = [];
  const tellEmptied = async (): Promise<void> => {
    const above = foldersAbove(removed).filter((nombre) => !hasFolder(nombre));
    const emptied = dryRun
      ? await emptiedBy(above, removed, pathOf, signal)
      : await goneOf(disk, above, pathOf);
    for (const nombre of emptied) {
      account.deleted(nombre, pathOf(nombre));
      removed.push(nombre);
    }
  };
  try {
    for (const names of portionsOf(surplus)) {
      signal.throwIfAborted();
      const notRemoved = dryRun ? undefined : await remove(disk, top, names, hasFolder, pathOf);
      for (const [nth, nombre] of names.entries()) {
        const error = notRemoved?.get(nth);
        if (error) account.fail(nombre, error);
        else account.deleted(nombre, pathOf(nombre));
        if (!error) removed.push(nombre);
      }
    }
  } finally {
    await tellEmptied();
  }
  if (dryRun) return removed;
  // A part may be of another name than its file has here: it stays where either may be on the server.
  const isOver = ({ journal, nombre }: { readonly journal: string; readonly nombre: string }): boolean =>
    isSurplus(nombre) && isSurplus(nameIn(top, dirname(journal)) + nombre.slice(nombre.lastIndexOf("/") + 1));
  for (const journals of portionsOf(local.journals)) {
    signal.throwIfAborted();
    const left = await disk.interrupted(journals.map(pathOf));
    signal.throwIfAborted();
    await disk.dropInterrupted(left.filter(isOver));
  }
  return removed;
}

/** Removes files and, behind them, empty folders. Gives why they could not be removed, by their place. */
function remove(
  disk: Disk,
  top: string,
  names: readonly string[],
  hasFolder: (nombre: string) => boolean,
  pathOf: (name: string) => string,
): Promise<ReadonlyMap<number, Error>> {
  const isFolder = (name: string): boolean => name.endsWith("/");
  return disk.remove(top, {
    files: names.filter((name) => !isFolder(name)).map(pathOf),
    emptyFolders: names.filter(isFolder).map(pathOf),
    kept: foldersAbove(names).filter(hasFolder).map(pathOf),
  });
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
  if (folders.length === 0) return folders;
  const { kinds } = await disk.stat(folders.map(pathOf));
  return folders.filter((_, i) => kinds[i] === "none");
}

/** How the names of what is in a folder begin. */
function nameIn(top: string, folder: string): string {
  const path = relative(top, folder);
  return path === "" ? "" : `${path.split(sep).join("/")}/`;
}
