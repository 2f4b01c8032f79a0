// Where a download is written to: what an earlier one left, as far as it can be believed, or a new file.

import fs from "node:fs";
import { hasherFor } from "./checksum.js";
import type { Journal, Line, Recorded, RemoteFile } from "./journal.js";
import { JournalFile } from "./journal-file.js";
import { sinceThisBoot } from "./owner.js";
import { native, resumableNames, temporaryPath } from "./paths.js";
import { merge, type Range } from "./ranges.js";
import { hashStretch, openOwn, takePermissions, tryRemove } from "./whole.js";

/** A part that can be written to. */
export interface Opened {
  readonly path: string;
  readonly fd: number;
  readonly journal: JournalFile | undefined;
  readonly have: Range[];
  readonly startedOver: boolean;
}

/** Under a name of its own: nobody else writes there, and nobody picks it up. */
export function openPrivate(target: string, file: RemoteFile): Opened {
  const path = temporaryPath(target);
  return { path, fd: create(path, target, file.size), journal: undefined, have: [], startedOver: false };
}

/** Under the target's name for parts, unless somebody else is at work there. */
export function openResumable(target: string, file: RemoteFile): Opened | undefined {
  const names = resumableNames(target);
  const journal = JournalFile.take(names);
  if (!journal) return undefined;
  try {
    const found = openFound(names.part, journal, file);
    if (found) return { path: names.part, journal, startedOver: false, ...found };
    const anew = startOver(names.part, target, journal, file);
    if (anew) return { path: names.part, journal, ...anew };
    // What stands there cannot be removed: it is a folder, or another user's.
    journal.remove();
    return undefined;
  } catch (error) {
    journal.remove();
    throw error;
  }
}

function openFound(
  path: string,
  journal: JournalFile,
  file: RemoteFile,
): { fd: number; have: Range[] } | undefined {
  if (!describes(journal.known, file)) return undefined;
  const fd = openOwn(path, fs.constants.O_RDWR);
  if (fd === undefined) return undefined;
  try {
    const have = stillThere(fd, journal, file);
    if (have.length > 0) {
      fs.ftruncateSync(fd, file.size);
      return { fd, have };
    }
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
  fs.closeSync(fd);
  return undefined;
}

function describes(known: Journal, { name, version, size }: RemoteFile): boolean {
  const { file, damaged } = known;
  return !damaged && file?.name === name && file.version === version && file.size === size;
}

/** What the part still holds of the recorded segments; the journal tells no more than that afterwards. */
function stillThere(fd: number, journal: JournalFile, file: RemoteFile): Range[] {
  const { known } = journal;
  const { last, segments } = known;
  const { dev, ino, size } = fs.fstatSync(fd, { bigint: true });
  const same = known.part?.dev === String(dev) && known.part.ino === String(ino);
  // Only a mark says that the disk had it: what the system holds in memory may be lost in other ways than by a power cut. And
  // where the last segment is not what it was, somebody has been at the part: nothing is taken on trust.
  const trusted = same && (!last || matches(fd, last));
  const isThere = (segment: Recorded): boolean => {
    if (segment.end > size) return false;
    if (trusted && known.isSynced(segment)) return true;
    return matches(fd, segment);
  };
  const there: Recorded[] = [];
  const lost: Recorded[] = [];
  for (const segment of segments) (isThere(segment) ? there : lost).push(segment);
  if (!same) journal.add(["file", file, String(dev), String(ino)], ...there.map(segmentLine));
  else if (lost.length > 0) journal.add(...lost.map(({ start }) => ["lost", start] as const));
  if (!trusted || !segments.every((segment) => sinceThisBoot(segment.by))) {
    // What was lost must not be taken up after one more power cut; and what was found need not be read again.
    fs.fdatasyncSync(fd);
    journal.add(["mark", journal.length]);
    journal.syncNow();
  }
  return merge(there);
}

function segmentLine({ start, end, algorithm, checksum }: Recorded): Line {
  return ["seg", start, end, algorithm, checksum];
}

function matches(fd: number, { start, end, algorithm, checksum }: Recorded): boolean {
  const hasher = hasherFor(algorithm);
  return hasher !== undefined && hashStretch(fd, start, end, hasher) === checksum;
}

/** @returns nothing where the name cannot be had */
function startOver(
  path: string,
  target: string,
  journal: JournalFile,
  file: RemoteFile,
): Omit<Opened, "path" | "journal"> | undefined {
  const { damaged, segments, file: before } = journal.known;
  if (segments.length > 0) {
    // The new part may get the number of the old one: until then nothing may vouch for what it holds.
    journal.add(["file", file, "", ""]);
    journal.syncNow();
  }
  // What another part holds is not overwritten in place: somebody may have it open.
  const was = fs.lstatSync(native(path), { throwIfNoEntry: false }) !== undefined;
  if (was && !tryRemove(path)) return undefined;
  const fd = create(path, target, file.size);
  try {
    const { dev, ino } = fs.fstatSync(fd, { bigint: true });
    journal.add(["file", file, String(dev), String(ino)]);
  } catch (error) {
    fs.closeSync(fd);
    fs.rmSync(native(path));
    throw error;
  }
  return { fd, have: [], startedOver: was && (damaged || before === undefined || segments.length > 0) };
}

function create(path: string, target: string, size: number): number {
  const fd = fs.openSync(native(path), "wx+");
  try {
    // Nobody is to read on the way what they may not in the end. Whoever picks it up must be able to write.
    takePermissions(fd, target, 0o600);
    fs.ftruncateSync(fd, size);
    return fd;
  } catch (error) {
    fs.closeSync(fd);
    fs.rmSync(native(path));
    throw error;
  }
}
