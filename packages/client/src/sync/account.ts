// What a sync has done so far: told as it goes on, and at its end as a whole.

import type { Batch } from "../transfer/batch.js";
import type { SyncOptions, SyncReport } from "./options.js";

export class Account {
  /** Files that were compared, and those of them that were the same. */
  compared = 0;
  unchanged = 0;
  readonly #options: SyncOptions;
  readonly #downloaded: string[] = [];
  readonly #folders: string[] = [];
  readonly #deleted: string[] = [];
  readonly #failed: { nombre: string; error: unknown }[] = [];
  #files = 0;
  #total = 0;
  #received = 0;
  #done = 0;
  #bytes = 0;

  constructor(options: SyncOptions) {
    this.#options = options;
  }

  /** Names of what could not be compared, saved or removed. */
  get failed(): ReadonlySet<string> {
    return new Set(this.#failed.map(({ nombre }) => nombre));
  }

  /** A file is to be fetched. */
  want(size: number | undefined): void {
    this.#files += 1;
    this.#total += size ?? 0;
  }

  /** Bytes have arrived; or others will come in their place, and count less than nothing. A file may turn out to be of another size. */
  arrive(bytes: number, growth = 0): void {
    this.#received += bytes;
    this.#total += growth;
    this.tell();
  }

  fetched(nombre: string, path: string, bytes: number): void {
    this.#note(nombre, path, bytes);
    this.tell();
  }

  /** Files that came in a batch, but for those at some places. */
  fetchedTogether(
    { names, targets, sizes }: Pick<Batch, "names" | "targets" | "sizes">,
    except: { readonly has: (place: number) => boolean },
  ): void {
    for (let place = 0; place < names.length; place++) {
      if (except.has(place)) continue;
      this.#note(names[place] as string, targets[place] as string, sizes[place] as number);
    }
    this.tell();
  }

  /** @param nombre with a `/` at its end */
  made(nombre: string, path: string): void {
    this.#folders.push(nombre);
    this.#options.onFile?.({ type: "folder", nombre, path });
  }

  deleted(nombre: string, path: string): void {
    this.#deleted.push(nombre);
    this.#options.onFile?.({ type: "deleted", nombre, path });
  }

  fail(nombre: string, error: unknown): void {
    this.#failed.push({ nombre, error });
    this.#options.onFile?.({ type: "failed", nombre, error });
  }

  /** Tells how far the whole has come. */
  tell(): void {
    this.#options.onProgress?.({
      compared: this.compared,
      unchanged: this.unchanged,
      files: this.#files,
      done: this.#done,
      total: this.#total,
      received: this.#received,
    });
  }

  report(): SyncReport {
    return {
      downloaded: this.#downloaded,
      folders: this.#folders,
      unchanged: this.unchanged,
      deleted: this.#deleted,
      failed: this.#failed,
      bytes: this.#bytes,
    };
  }

  #note(nombre: string, path: string, bytes: number): void {
    this.#done += 1;
    this.#bytes += bytes;
    this.#downloaded.push(nombre);
    this.#options.onFile?.({ type: "downloaded", nombre, path, bytes });
  }
}
