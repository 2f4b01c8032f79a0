// Names of which each is another file on the server, and which are one here.

import { Disk } from "../disk/disk.js";
import { sameFiles } from "../sync/collisions.js";

/** Those that would take the place of one before them in a folder, which need not be there yet, and the name of that one. */
export async function sameFilesIn(
  folder: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  // Such names are seldom asked for together: only then it is looked whether they are the same.
  const maybe = sameFiles(names, { ignoresCase: true, ignoresForm: true });
  if (maybe.size === 0) return maybe;
  const disk = new Disk();
  try {
    return sameFiles(names, await disk.folding(folder));
  } finally {
    await disk.close();
  }
}
