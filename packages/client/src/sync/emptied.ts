// Folders in which nothing is left once what is surplus is gone.

import { readdir } from "node:fs/promises";
import { native, textOf } from "../disk/paths.js";

/** The folders that names lead through, with a `/` at their ends: each after all that are in it. */
export function foldersAbove(names: readonly string[]): string[] {
  const folders = new Set<string>();
  for (const name of names) {
    // That of a folder has a / at its end, which leads through nothing.
    for (let at = name.lastIndexOf("/", name.length - 2); at > 0; at = name.lastIndexOf("/", at - 1)) {
      const folder = name.slice(0, at + 1);
      if (folders.has(folder)) break;
      folders.add(folder);
    }
  }
  // What is in a folder has a name that begins with the folder's.
  return [...folders].sort().reverse();
}

/**
 * Those of these folders that would have nothing in them any more.
 *
 * @param folders each after all that are in it
 * @param removed names of what would be gone, folders' with a `/` at their ends
 * @throws the signal's reason when it aborts
 */
export async function emptiedBy(
  folders: readonly string[],
  removed: readonly string[],
  pathOf: (name: string) => string,
  signal: AbortSignal,
): Promise<string[]> {
  const gone = new Set(removed);
  const emptied: string[] = [];
  for (const folder of folders) {
    signal.throwIfAborted();
    const isGone = (name: string): boolean => gone.has(folder + name) || gone.has(`${folder}${name}/`);
    const names = await namesIn(pathOf(folder));
    if (!names?.every(isGone)) continue;
    gone.add(folder);
    emptied.push(folder);
  }
  return emptied;
}

/** All that is in a folder, links and what is on its way too; undefined where that cannot be told. */
async function namesIn(path: string): Promise<string[] | undefined> {
  try {
    const names = await readdir(native(path));
    // What was no UTF-8 has become that character: then the names are wanted as bytes.
    if (!names.some((name) => name.includes("\ufffd"))) return names;
    return (await readdir(native(path), { encoding: "buffer" })).map(textOf);
  } catch {
    return undefined;
  }
}
