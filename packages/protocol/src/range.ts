// Options are checked once, where they are given: a limit that is no number would bound nothing.

/** @throws {RangeError} when an option is no number from `least` to `most` */
export function checkRange(name: string, value: number, least: number, most: number): void {
  if (!(value >= least && value <= most)) {
    throw new RangeError(`Cannot use ${name} ${value}: it must be a number from ${least} to ${most}`);
  }
}
