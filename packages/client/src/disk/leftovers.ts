// What processes that were killed have left in a folder: parts that no journal tells of, and journals without a part.

import fs from "node:fs";
import { join } from "node:path";
import { JournalFile } from "./journal-file.js";
import { openFiles } from "./owner.js";
import { native, temporaryName } from "./paths.js";

/** What was touched so lately may be in use on a machine that shares the folder: nobody here can tell. */
const YOUNG_MS = 60 * 60 * 1000;

/**
 * Removes from a folder what nobody will go on with. What is not surely such a file, and nobody's any more, stays.
 *
 * @param names what is in the folder, or some of it: what belongs together must be there
 */
export function removeLeftovers(folder: string, names: readonly string[]): void {
  const temporary = new Set(names.filter(isOurs));
  const alone = [...temporary].filter((name) => !temporary.has(counterpart(name)));
  const old = alone.map((name) => join(folder, name)).filter(isOldAndOwn);
  if (old.length === 0) return;
  const open = openFiles();
  for (const path of old) {
    try {
      if (path.endsWith(".log")) removeJournal(path);
      else removePart(path, open);
    } catch {
      // It stays, and is tried the next time.
    }
  }
}

/** We write them in lower case. What other names begin with is seen at once. */
const isOurs = (name: string): boolean =>
  name.startsWith(".fileshare-") && temporaryName.test(name) && name === name.toLowerCase();

function counterpart(name: string): string {
  const stem = name.slice(0, name.lastIndexOf("."));
  return name.endsWith(".log") ? `${stem}.part` : `${stem}.log`;
}

function isOldAndOwn(path: string): boolean {
  const stats = fs.lstatSync(native(path), { throwIfNoEntry: false });
  if (!stats?.isFile()) return false;
  const user = process.geteuid?.();
  if (user !== undefined && stats.uid !== user) return false;
  // Not when it was modified: that may be the server's time already.
  return Date.now() - stats.ctimeMs > YOUNG_MS;
}

/** Whoever is at work with a journal is not disturbed. */
function removeJournal(log: string): void {
  JournalFile.take({ log, part: counterpart(log) })?.remove();
}

function removePart(path: string, open: ReadonlySet<string>): void {
  const { dev, ino } = fs.lstatSync(native(path), { bigint: true });
  if (!open.has(`${dev}:${ino}`)) fs.unlinkSync(native(path));
}
