// A folder that much is about to be saved in: made, and looked at.

import fs from "node:fs";
import { join } from "node:path";
import { anyHex } from "./crypto.js";
import { asTargetError, fromFailure } from "./failure.js";
import { journalsAmong, makeFolders, statAll } from "./folders.js";
import { removeLeftovers } from "./leftovers.js";
import { native, PROBE } from "./paths.js";

/** What a file system takes for the same. */
export interface Folding {
  readonly ignoresCase: boolean;
  readonly ignoresForm: boolean;
}

/** What was found out of a folder. */
export interface Prepared {
  readonly folding: Folding;
  /** Whether nothing stands in it. */
  readonly isEmpty: boolean;
  /** Paths of journals in it, as `journalsIn` gives them. */
  readonly journals: readonly string[];
}

/** Makes a folder where it is not there. To find out what is the same in it, a file is made there, and removed. */
export function prepareFolder(folder: string): Prepared {
  const [failed] = makeFolders(folder, [folder]);
  if (failed) throw fromFailure(failed[1]);
  const stem = join(folder, `.fileshare-${anyHex(16)}`);
  const name = stem + PROBE;
  try {
    const found = contentsOf(folder);
    fs.closeSync(fs.openSync(native(name), "wx"));
    try {
      const { kinds } = statAll([stem + PROBE.replace("a", "A"), stem + PROBE.normalize("NFD")]);
      return { ...found, folding: { ignoresCase: kinds[0] === "file", ignoresForm: kinds[1] === "file" } };
    } finally {
      // Another may have taken it for a leftover.
      fs.rmSync(native(name), { force: true });
    }
  } catch (error) {
    throw asTargetError(error, name);
  }
}

function contentsOf(folder: string): Omit<Prepared, "folding"> {
  try {
    const names = fs.readdirSync(native(folder));
    removeLeftovers(folder, names);
    return { isEmpty: names.length === 0, journals: journalsAmong(names, folder) };
  } catch {
    // One that may not be read may still be written to.
    return { isEmpty: false, journals: [] };
  }
}
