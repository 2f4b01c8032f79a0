// What stands here and not on the server: removed, as far as it is known that the server does not have it.

import { dirname, join, relative, sep } from "node:path";
import type { Disk } from "../disk/disk.js";
import type { Account } from "./account.js";

/** What may be removed. */
export interface SurplusOptions {
  /** Whether the server has no file of that name, as far as it is known. */
  readonly isSurplus: (nombre: string) => boolean;
  /** The same of a folder in which there is nothing here; the name has a `/` at its end. */
  readonly isSurplusFolder: (nombre: string) => boolean;
  /** Folders that stay, though nothing be left in them: absolute paths. */
  readonly kept: readonly string[];
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/** Removes what is surplus below a folder, whose path is absolute. */
export async function removeSurplus(
  disk: Disk,
  top: string,
  account: Account,
  { isSurplus, isSurplusFolder, kept, dryRun, signal }: SurplusOptions,
): Promise<void> {
  const local = await disk.walk(top, { tidy: !dryRun });
  signal.throwIfAborted();
  const names = local.files.filter(isSurplus);
  const folders = local.emptyFolders.filter(isSurplusFolder);
  const pathOf = (name: string): string => join(top, ...name.split("/"));
  const [files, emptyFolders] = [names.map(pathOf), folders.map(pathOf)];
  const notRemoved = dryRun ? undefined : await disk.remove(top, { files, emptyFolders, kept });
  const paths = [...files, ...emptyFolders];
  for (const [nth, nombre] of [...names, ...folders].entries()) {
    const error = notRemoved?.get(nth);
    if (error) account.fail(nombre, error);
    else account.deleted(nombre, paths[nth] as string);
  }
  if (dryRun || local.journals.length === 0) return;
  signal.throwIfAborted();
  const left = await disk.interrupted(local.journals.map(pathOf));
  // A part may be of another name than its file has here: it stays where either may be on the server.
  const isOver = ({ journal, nombre }: { readonly journal: string; readonly nombre: string }): boolean =>
    isSurplus(nombre) && isSurplus(nameIn(top, dirname(journal)) + nombre.slice(nombre.lastIndexOf("/") + 1));
  await disk.dropInterrupted(left.filter(isOver));
}

/** How the names of what is in a folder begin. */
function nameIn(top: string, folder: string): string {
  const path = relative(top, folder);
  return path === "" ? "" : `${path.split(sep).join("/")}/`;
}
