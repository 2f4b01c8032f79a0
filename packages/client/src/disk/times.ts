// Modification times, as file systems keep them.

/** Times closer than this are the same: a number of seconds does not hold all that a file system does. */
const SAME_SECONDS = 1e-5;

/**
 * Whether a file here has the time of the server's, as far as it can be kept here. Some file systems keep whole seconds, and
 * FAT every other one: where a time here is one of these, it may stand for what is in between.
 *
 * @param remote seconds since 1970
 * @param local likewise
 */
export function isSameTime(remote: number, local: number): boolean {
  const apart = Math.abs(remote - local);
  if (apart < SAME_SECONDS) return true;
  if (!Number.isInteger(local)) return false;
  if (local % 2 === 0) return apart < 2;
  return apart < 1 && !Number.isInteger(remote);
}
