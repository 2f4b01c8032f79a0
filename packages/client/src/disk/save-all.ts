// Small files that came together, saved together.

import type { Checksum } from "./checksum.js";
import { asTargetError, type Failure, toFailure } from "./failure.js";
import { checkBytes, saveDurably, saveNow } from "./save-file.js";

/** Small files, as columns. */
export interface SmallFiles {
  /** Absolute paths. */
  readonly targets: readonly string[];
  /** Where the bytes of each begin, and how many there are. */
  readonly starts: Float64Array;
  readonly sizes: Float64Array;
  /** Seconds since 1970. */
  readonly modified: Float64Array;
}

/** The same as it is sent to the thread: few large values instead of many small ones. */
export interface PackedFiles extends Omit<SmallFiles, "targets"> {
  /** Paths with a NUL between. */
  readonly targets: string;
}

/** Which of them could not be saved, and why. */
export type FailedSave = readonly [nth: number, failure: Failure];

/**
 * Saves each file so that it appears under its name when it is whole. One that fails keeps none of the others back.
 *
 * @returns a promise only where there is something to wait for
 * @throws {ChecksumError} where the bytes are not those that the server sent: none is saved
 */
export function saveAll(
  { targets, starts, sizes, modified }: PackedFiles,
  bytes: Uint8Array,
  checksum: Checksum,
  durable: boolean,
): FailedSave[] | Promise<FailedSave[]> {
  const paths = starts.length > 0 ? targets.split("\0") : [];
  checkBytes(paths[0] ?? "", bytes, checksum);
  const failed: FailedSave[] = [];
  const waits: Promise<void>[] = [];
  for (const [nth, target] of paths.entries()) {
    const start = starts[nth] as number;
    const own = bytes.subarray(start, start + (sizes[nth] as number));
    const fail = (error: unknown): void => void failed.push([nth, toFailure(asTargetError(error, target))]);
    if (durable) waits.push(saveDurably(target, own, modified[nth] as number).catch(fail));
    else {
      try {
        saveNow(target, own, modified[nth] as number);
      } catch (error) {
        fail(error);
      }
    }
  }
  return durable ? Promise.all(waits).then(() => failed) : failed;
}
