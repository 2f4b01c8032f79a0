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

/** Removes what is surplus below a folder, whose path is absolute, and the folders that become empty by it. */
export async function removeSurplus(
  disk: Disk,
  top: string,
  account: Account,
  { isSurplus, isSurplusFolder, hasFolder, dryRun, signal }: SurplusOptions,
): Promise<void> {
  const local = await disk.walk(top, { tidy: !dryRun });
  signal.throwIfAborted();
  const names = local.files.filter(isSurplus);
  const folders = local.emptyFolders.filter(isSurplusFolder);
  const pathOf = (name: string): string => join(top, ...name.split("/"));
  const [files, emptyFolders] = [names.map(pathOf), folders.map(pathOf)];
  const surplus = [...names, ...folders];
  const kept = foldersAbove(surplus).filter(hasFolder).map(pathOf);
  const notRemoved = dryRun ? undefined : await disk.remove(top, { files, emptyFolders, kept });
  const paths = [...files, ...emptyFolders];
  for (const [nth, nombre] of surplus.entries()) {
    const error = notRemoved?.get(nth);
    if (error) account.fail(nombre, error);
    else account.deleted(nombre, paths[nth] as string);
  }
  const removed = surplus.filter((_, nth) => !notRemoved?.has(nth));
  const above = foldersAbove(removed).filter((nombre) => !hasFolder(nombre));
  const emptied = dryRun ? await emptiedBy(above, removed, pathOf) : await goneOf(disk, above, pathOf);
  for (const nombre of emptied) account.deleted(nombre, pathOf(nombre));
  if (dryRun || local.journals.length === 0) return;
  signal.throwIfAborted();
  const left = await disk.interrupted(local.journals.map(pathOf));
  // A part may be of another name than its file has here: it stays where either may be on the server.
  const isOver = ({ journal, nombre }: { readonly journal: string; readonly nombre: string }): boolean =>
    isSurplus(nombre) && isSurplus(nameIn(top, dirname(journal)) + nombre.slice(nombre.lastIndexOf("/") + 1));
  await disk.dropInterrupted(left.filter(isOver));
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
