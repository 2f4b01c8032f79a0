// A folder that much is about to be saved in: made, and looked at.

import fs from "node:fs";
import { asTargetError, fromFailure } from "./failure.js";
import { journalsAmong, makeFolders } from "./folders.js";
import { type Folding, foldingOf } from "./folding.js";
import { removeLeftovers } from "./leftovers.js";
import { native } from "./paths.js";
import { placeOf } from "./place.js";

/** What was found out of a folder. */
export interface Prepared {
  /** By what it is known, for as long as it is the same. */
  readonly place: string;
  readonly folding: Folding;
  /** Whether nothing stands in it. */
  readonly isEmpty: boolean;
  /** Paths of journals in it, as `journalsIn` gives them. */
  readonly journals: readonly string[];
}

/** Makes a folder where it is not there, and finds out what is to be known of it. That nothing can be saved in it is no error. */
export function prepareFolder(folder: string): Prepared {
  const [failed] = makeFolders(folder, [folder]);
  if (failed) throw fromFailure(failed[1]);
  try {
    const place = placeOf(folder);
    const names = tidiedNames(folder);
    return {
      place,
      folding: foldingOf(folder, names ?? []),
      // One that may not be read may still be written to.
      isEmpty: names?.length === 0,
      journals: journalsAmong(names ?? [], folder),
    };
  } catch (error) {
    throw asTargetError(error, folder);
  }
}

function tidiedNames(folder: string): string[] | undefined {
  try {
    const names = fs.readdirSync(native(folder));
    removeLeftovers(folder, names);
    return names;
  } catch {
    return undefined;
  }
}
