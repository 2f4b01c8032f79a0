// Where a folder ends: paths in it, and whether one leads out of it. For the thread of the server and for its worker.

import { type BigIntStats, constants } from "node:fs";
import { sep } from "node:path";

/** Opened is the entry of that name itself, never what a link leads to; without this a path has to be resolved first. */
export const NO_FOLLOW: number = constants.O_NOFOLLOW ?? 0;

/** A file is opened without waiting for the other end of a named pipe. */
export const OPEN_FLAGS: number = constants.O_RDONLY | NO_FOLLOW | (constants.O_NONBLOCK ?? 0);

/** Errors of the file system that mean: there is no such file to be served. */
export const NOT_SERVED: ReadonlySet<string | undefined> = new Set([
  "ENOENT",
  "ENOTDIR",
  "EISDIR",
  "ELOOP",
  "ENAMETOOLONG",
  "EACCES",
  "EPERM",
  "ENXIO",
  "EINVAL",
  "ERR_INVALID_ARG_VALUE",
]);

/** Whether an error means that there may be such a file, and that this process must not read it. */
export function isForbidden(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "EACCES" || code === "EPERM";
}

const SEPARATOR: Buffer = Buffer.from(sep);

/** A path below another one. */
export function below(folder: Buffer, path: Buffer): Buffer {
  return endsInSeparator(folder) ? Buffer.concat([folder, path]) : Buffer.concat([folder, SEPARATOR, path]);
}

/** Whether a resolved path is below a resolved folder. */
export function isWithin(folder: Buffer, path: Buffer): boolean {
  const start = endsInSeparator(folder) ? folder : Buffer.concat([folder, SEPARATOR]);
  return path.length > start.length && path.subarray(0, start.length).equals(start);
}

function endsInSeparator(path: Buffer): boolean {
  return path.length > 0 && path.subarray(-SEPARATOR.length).equals(SEPARATOR);
}

/**
 * What tells one content of a file from the next: its length, when it was changed to the nanosecond, and which file it is; and
 * when anything about it was changed, which nobody can set, where that was at another time: a time of change is easily given to
 * other content.
 */
export function versionOf({ size, mtimeNs, ino, ctimeNs }: BigIntStats): string {
  const version = `${size}-${mtimeNs}-${ino}`;
  return ctimeNs === mtimeNs ? version : `${version}-${ctimeNs - mtimeNs}`;
}

/** Whether what {@link versionOf} tells is the same, at a lower cost. */
export function isSameVersion(one: BigIntStats, other: BigIntStats): boolean {
  return (
    one.mtimeNs === other.mtimeNs &&
    one.ctimeNs === other.ctimeNs &&
    one.size === other.size &&
    one.ino === other.ino
  );
}

const NANOSECONDS = 1_000_000_000n;

/** When a file was changed, in seconds: the same float as Python's `st_mtime`. */
export function secondsOf({ mtimeNs }: BigIntStats): number {
  let seconds = mtimeNs / NANOSECONDS;
  let nanoseconds = Number(mtimeNs - seconds * NANOSECONDS);
  if (nanoseconds < 0) {
    seconds -= 1n;
    nanoseconds += 1e9;
  }
  return Number(seconds) + 1e-9 * nanoseconds;
}
