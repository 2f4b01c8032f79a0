// Files that are to be fetched.

import type { RemoteDetails } from "../transfer/details.js";

/** A file that is to be fetched, as it was listed. */
export interface Wanted extends RemoteDetails {
  /** Absolute paths of where it goes, and of the folder there. */
  readonly target: string;
  readonly folder: string;
  /** Whether a file stands there. */
  readonly replaces: boolean;
  /** It is there in the same size: whether it is to be fetched is told by its digest. */
  readonly byDigest: boolean;
  /** Where that is the same, its time is to be mended. */
  readonly hasOtherTime: boolean;
}

/** The folders of files, each once, but for those that are known. */
export function foldersOf(
  wanted: readonly Wanted[],
  known: { readonly has: (folder: string) => boolean },
): Set<string> {
  const folders = new Set<string>();
  let last: string | undefined;
  for (let i = 0; i < wanted.length; i++) {
    const { folder } = wanted[i] as Wanted;
    // Most are in that of the one before.
    if (folder === last) continue;
    last = folder;
    if (!known.has(folder)) folders.add(folder);
  }
  return folders;
}
