// Folders in which nothing is left once what is surplus is gone.

import type { Disk } from "../disk/disk.js";

/** So many are looked into before it is looked whether that is still wanted. */
const LOOKED_AT_ONCE = 64;

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
  disk: Disk,
  folders: readonly string[],
  removed: readonly string[],
  pathOf: (name: string) => string,
  signal: AbortSignal,
): Promise<string[]> {
  const gone = new Set(removed);
  const emptied: string[] = [];
  for (let from = 0; from < folders.length; from += LOOKED_AT_ONCE) {
    signal.throwIfAborted();
    const some = folders.slice(from, from + LOOKED_AT_ONCE);
    const names = await disk.namesIn(some.map(pathOf));
    for (const [nth, folder] of some.entries()) {
      const isGone = (name: string): boolean => gone.has(folder + name) || gone.has(`${folder}${name}/`);
      if (!names[nth]?.every(isGone)) continue;
      gone.add(folder);
      emptied.push(folder);
    }
  }
  return emptied;
}
