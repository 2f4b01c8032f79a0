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

/** What is left of a download, by its journal. */
export interface Interrupted {
  /** Absolute path. */
  readonly journal: string;
  /** The file's name on the server. */
  readonly nombre: string;
}

/** Of what file a journal tells; undefined where it tells of none. */
export function interrupted(journal: string): Interrupted | undefined {
  try {
    const known = lookAt(journal);
    return known?.file && !known.damaged ? { journal, nombre: known.file.name } : undefined;
  } catch {
    // It stays, as does all that cannot be looked at.
    return undefined;
  }
}

/** Removes what is left of a download, as far as it can be, unless somebody is at work with it. */
export function dropInterrupted({ journal: log, nombre }: Interrupted): void {
  const part = log.replace(/log$/, "part");
  try {
    const journal = JournalFile.take({ log, part });
    if (!journal) return;
    const { file } = journal.known;
    // Somebody may have finished it, or begun one of another file under the same name and been cut off.
    if (file && file.name !== nombre) journal.release();
    else {
      if (file) tryRemove(part);
      journal.remove();
    }
  } catch {
    // It stays, and is tried the next time.
  }
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
