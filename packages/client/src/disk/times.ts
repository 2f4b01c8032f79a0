// Modification times, as file systems keep them.

/** Times closer than this are the same: a number of seconds does not hold all that a file system does. */
const SAME_SECONDS = 1e-5;

/** The times of a file, in milliseconds since 1970. */
export interface FileTimes {
  readonly mtimeMs: number;
  /** Set by the system alone, whatever anybody does to the others. */
  readonly ctimeMs: number;
  readonly atimeMs: number;
}

/** FAT keeps the day of the last access, by some clock: all of them are that far apart, or a multiple of it. */
const DAYS_BEGIN_MS = 15 * 60_000;

/**
 * In what steps the file system keeps the modification time of a file, in seconds; 0 where it keeps it exactly. A time may be a
 * whole second by itself; that the system's own is one as well is seldom so where more is kept.
 */
export function stepOf({ mtimeMs, ctimeMs, atimeMs }: FileTimes): number {
  if (mtimeMs % 10 !== 0 || ctimeMs % 10 !== 0) return 0;
  if (mtimeMs % 2000 === 0 && atimeMs % DAYS_BEGIN_MS === 0) return 2;
  return mtimeMs % 1000 === 0 && ctimeMs % 1000 === 0 ? 1 : 0.01;
}

/**
 * Whether a file here has the time of the server's, as far as it can be kept here.
 *
 * @param remote seconds since 1970
 * @param local likewise
 * @param step in which such times are kept here, as {@link stepOf} tells it
 */
export function isSameTime(remote: number, local: number, step: number): boolean {
  const apart = Math.abs(remote - local);
  return apart < SAME_SECONDS || apart < step;
}
