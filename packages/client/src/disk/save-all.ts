// Small files that came together, saved together.

import { dirname } from "node:path";
import type { Checksum } from "./checksum.js";
import { asTargetError, type Failure, toFailure } from "./failure.js";
import { checkBytes, saveContent, saveNow } from "./save-file.js";
import { syncFolder } from "./whole.js";

/** Files to be saved, as columns. */
export interface FileColumns {
  /** Absolute paths. */
  readonly targets: readonly string[];
  /** Where the bytes of each begin, and how many there are. */
  readonly starts: Float64Array;
  readonly sizes: Float64Array;
  /** Seconds since 1970. */
  readonly modified: Float64Array;
  /** Whether files may stand at some of the paths: those that take their place get their permissions. */
  readonly replaces: boolean;
}

/** The same as it is sent to the thread: few large values instead of many small ones. */
export interface PackedColumns extends Omit<FileColumns, "targets"> {
  /** Paths with a NUL between. */
  readonly targets: string;
}

/** Which of them were not saved, and why; nothing where it was given up before. */
export type NotSaved = readonly [nth: number, failure: Failure | undefined];

/**
 * Saves each file so that it appears under its name when it is whole. One that fails keeps none of the others back.
 *
 * @param isWanted asked before each that has to wait for the disk
 * @returns a promise only where there is something to wait for
 * @throws {ChecksumError} where the bytes are not those that the server sent: none is saved
 */
export function saveAll(
  columns: PackedColumns,
  bytes: Uint8Array,
  checksum: Checksum,
  durable: boolean,
  isWanted: () => boolean,
): NotSaved[] | Promise<NotSaved[]> {
  const paths = columns.starts.length > 0 ? columns.targets.split("\0") : [];
  checkBytes(paths[0] ?? "", bytes, checksum);
  const saving = new Saving(paths, columns, bytes);
  return durable ? saving.durably(isWanted) : saving.now();
}

class Saving {
  readonly #paths: readonly string[];
  readonly #columns: PackedColumns;
  readonly #bytes: Uint8Array;
  readonly #notSaved: NotSaved[] = [];

  constructor(paths: readonly string[], columns: PackedColumns, bytes: Uint8Array) {
    this.#paths = paths;
    this.#columns = columns;
    this.#bytes = bytes;
  }

  now(): NotSaved[] {
    for (let nth = 0; nth < this.#paths.length; nth++) {
      const path = this.#paths[nth] as string;
      try {
        saveNow(path, this.#content(nth), this.#modified(nth), this.#columns.replaces);
      } catch (error) {
        this.#fail(nth, error);
      }
    }
    return this.#notSaved;
  }

  async durably(isWanted: () => boolean): Promise<NotSaved[]> {
    /** The files that have their names, by the folders that are still to be made to keep these. */
    const named = new Map<string, number[]>();
    const save = async (path: string, nth: number): Promise<void> => {
      const content = this.#content(nth);
      if (!(await saveContent(path, content, this.#modified(nth), this.#columns.replaces, isWanted))) {
        this.#notSaved.push([nth, undefined]);
        return;
      }
      const folder = dirname(path);
      const others = named.get(folder);
      if (others) others.push(nth);
      else named.set(folder, [nth]);
    };
    await Promise.all(
      this.#paths.map((path, nth) => save(path, nth).catch((error) => this.#fail(nth, error))),
    );
    const syncs = Array.from(named, async ([folder, files]) => {
      await syncFolder(folder).catch((error) => {
        for (const nth of files) this.#fail(nth, error);
      });
    });
    await Promise.all(syncs);
    return this.#notSaved;
  }

  #content(nth: number): Uint8Array {
    const start = this.#columns.starts[nth] as number;
    return this.#bytes.subarray(start, start + (this.#columns.sizes[nth] as number));
  }

  #modified(nth: number): number {
    return this.#columns.modified[nth] as number;
  }

  #fail(nth: number, error: unknown): void {
    this.#notSaved.push([nth, toFailure(asTargetError(error, this.#paths[nth] as string))]);
  }
}
