/** A storage that fails, shrinks files and changes them, as its seed decides. */

import type {
  EntriesOptions,
  EntriesPage,
  SmallFile,
  Storage,
  StoredFile,
} from "../../../server/src/storage/storage.ts";
import { FaultyFile, type PlannedFault, versionOf } from "./file.ts";
import { Random } from "./random.ts";

/** How often each thing goes wrong: probabilities from 0 to 1, each 0 by default. */
export interface StorageFaults {
  /** At each opening: it rejects. */
  readonly openFails?: number | undefined;
  /** At each listing: it rejects. */
  readonly listFails?: number | undefined;
  /** At each opening: the file has another version, and other content, than at the opening before. */
  readonly changesBefore?: number | undefined;
  /** In each opened file: from some byte on, reading gives the content of the next version. */
  readonly changesDuring?: number | undefined;
  /** In each opened file: it ends at some byte before its end. */
  readonly shrinks?: number | undefined;
  /** In each opened file: reading rejects at some byte. */
  readonly readFails?: number | undefined;
}

/** The name of what goes wrong. */
export type StorageFaultName = keyof StorageFaults;

/** What a faulty storage is made with. */
export interface FaultyStorageOptions {
  /** What all that is random depends on, together with the name of a file and how often it was opened before. */
  readonly seed: number;
  /** How often what goes wrong: in all files, or in each by its name and by how often it was opened before. */
  readonly faults: StorageFaults | ((name: string, opening: number) => StorageFaults);
}

/** How often each fault has happened. */
export type StorageFaultCounts = { readonly [name in StorageFaultName]: number };

/** What a faulty storage says where it fails. */
export class StorageFaultError extends Error {
  override readonly name: string = "StorageFaultError";
}

/**
 * Serves the files of another storage, and has them fail, shrink and change. Its fast way to a file,
 * `readSmall`, leads through an opening as well, which may fail; many at once are read one by one. `entries` lists what the next opening would give.
 *
 * What a version holds is known: `contentOf` makes it from the original. So a test can tell whether what was saved
 * is the content of one version, and not of two.
 *
 * ```ts
 * const storage = new FaultyStorage(new DirectoryStorage("archivos"), { seed: 1, faults: { readFails: 0.1 } });
 * const servidor = new Servidor({ storage });
 * ```
 */
export class FaultyStorage implements Storage {
  readonly #storage: Storage;
  readonly #options: FaultyStorageOptions;
  readonly #random: Random;
  readonly #openings = new Map<string, number>();
  readonly #generations = new Map<string, number>();
  readonly #counts = {
    openFails: 0,
    listFails: 0,
    changesBefore: 0,
    changesDuring: 0,
    shrinks: 0,
    readFails: 0,
  };

  /** @throws RangeError when a probability is not from 0 to 1 */
  constructor(storage: Storage, options: FaultyStorageOptions) {
    if (typeof options.faults !== "function") checkFaults(options.faults);
    this.#storage = storage;
    this.#options = options;
    this.#random = new Random(options.seed, "list");
  }

  /** How often each fault has happened so far. */
  counts(): StorageFaultCounts {
    return { ...this.#counts };
  }

  /** The version of a file at its next opening, unless it changes just then: how often it has changed. */
  generation(name: string): number {
    return this.#generations.get(name) ?? 0;
  }

  async check(): Promise<void> {
    await this.#storage.check?.();
  }

  async list(): Promise<string[]> {
    const { listFails = 0 } = this.#faults("", 0);
    if (this.#random.chance(listFails)) throw this.#failure("listFails", "The list cannot be read");
    return this.#storage.list();
  }

  /** @throws StorageFaultError where it fails to; Error where the storage beneath has no such listing */
  async entries(options: EntriesOptions): Promise<EntriesPage> {
    const { listFails = 0 } = this.#faults("", 0);
    if (this.#random.chance(listFails)) throw this.#failure("listFails", "The list cannot be read");
    const page = await this.#storage.entries?.(options);
    if (!page) throw new Error("The storage beneath lists no details");
    const { names, modified, versions } = page;
    return {
      ...page,
      // As an opened file tells it, which knows milliseconds.
      modified: Array.from(
        modified,
        (seconds, i) => Math.floor(seconds * 1000) / 1000 + this.generation(names[i] as string),
      ),
      versions: versions.map((version, i) => versionOf(version, this.generation(names[i] as string))),
    };
  }

  /** @throws StorageFaultError where it fails to open the file, or to read it */
  async readSmall(name: string, maxBytes: number): Promise<SmallFile | undefined> {
    // That one is too large is no opening: who then opens it meets the faults of that one.
    const isSmall = ((await this.#sizeOf(name)) ?? Number.POSITIVE_INFINITY) <= maxBytes;
    await using file = isSmall ? await this.open(name) : undefined;
    if (!file) return undefined;
    const pieces: Uint8Array[] = [];
    for await (const piece of file.read(0, file.size)) pieces.push(piece);
    const bytes = Buffer.concat(pieces);
    if (bytes.length < file.size || (await file.changed?.())) return undefined;
    return { bytes, version: file.version, modified: file.modified.getTime() / 1000 };
  }

  async open(name: string): Promise<StoredFile | undefined> {
    const opening = this.#openings.get(name) ?? 0;
    const faults = this.#faults(name, opening);
    const random = new Random(this.#options.seed, name, opening);
    const file = await this.#storage.open(name);
    if (!file) return undefined;
    this.#openings.set(name, opening + 1);
    if (random.chance(faults.openFails ?? 0)) {
      await file.close();
      throw this.#failure("openFails", `${JSON.stringify(name)} cannot be opened`);
    }
    if (random.chance(faults.changesBefore ?? 0)) this.#change(name, "changesBefore");
    return new FaultyFile(file, this.generation(name), this.#plan(faults, random, file.size), {
      failed: () => this.#failure("readFails", `${JSON.stringify(name)} cannot be read`),
      changed: (how) => this.#change(name, how),
    });
  }

  /** Lets go of what the storage beneath holds in the background, where it holds anything. */
  async close(): Promise<void> {
    await (this.#storage as MayClose).close?.();
  }

  async #sizeOf(name: string): Promise<number | undefined> {
    await using file = await this.#storage.open(name);
    return file?.size;
  }

  #faults(name: string, opening: number): StorageFaults {
    const { faults } = this.#options;
    if (typeof faults !== "function") return faults;
    const own = faults(name, opening);
    checkFaults(own);
    return own;
  }

  /** At most one thing goes wrong with an opened file, and once. */
  #plan(faults: StorageFaults, random: Random, size: number): PlannedFault | undefined {
    if (size === 0) return undefined;
    const at = random.integer(0, size - 1);
    for (const fault of ["readFails", "shrinks", "changesDuring"] as const) {
      if (random.chance(faults[fault] ?? 0)) return { fault, at };
    }
    return undefined;
  }

  #change(name: string, how: "changesBefore" | "changesDuring" | "shrinks"): number {
    const generation = this.generation(name) + 1;
    this.#generations.set(name, generation);
    this.#counts[how] += 1;
    return generation;
  }

  #failure(how: "openFails" | "listFails" | "readFails", message: string): StorageFaultError {
    this.#counts[how] += 1;
    return new StorageFaultError(message);
  }
}

/** A storage that has something to let go of. */
interface MayClose {
  close?(): Promise<void>;
}

/** @throws RangeError when a probability is not from 0 to 1 */
function checkFaults(faults: StorageFaults): void {
  for (const [name, value] of Object.entries(faults)) {
    if (value !== undefined && !(value >= 0 && value <= 1)) {
      throw new RangeError(`Cannot use ${name} ${value}: it must be from 0 to 1`);
    }
  }
}
