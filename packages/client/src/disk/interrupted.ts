// What interrupted downloads have left: looked at, and removed where nobody goes on with it.

import fs from "node:fs";
import type { RemoteFile } from "./journal.js";
import { JournalFile, lookAt } from "./journal-file.js";
import { native, resumableNames } from "./paths.js";
import { merge, type Range } from "./ranges.js";
import { tryRemove } from "./whole.js";

/** What is there of an interrupted download to a target. */
export function pending(target: string): { file: RemoteFile; have: readonly Range[] } | undefined {
  const names = resumableNames(target);
  const journal = lookAt(names.log);
  if (!journal?.file || journal.damaged || journal.segments.length === 0) return undefined;
  if (!fs.lstatSync(native(names.part), { throwIfNoEntry: false })?.isFile()) return undefined;
  return { file: journal.file, have: merge(journal.segments) };
}

/** Removes what an interrupted download to a target left, as far as it can be: there is a newer file now. */
export function removeInterrupted(target: string): void {
  const names = resumableNames(target);
  if (!fs.existsSync(native(names.log))) return;
  try {
    const journal = JournalFile.take(names);
    if (!journal) return;
    tryRemove(names.part);
    journal.remove();
  } catch {
    // The file is there, whatever is left beside it.
  }
}
