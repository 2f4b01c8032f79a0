// The small files of a sync: which of them travel together, and what is done about those that did not come so.

import { ConexionError } from "@fileshare/protocol";
import { resumableNames } from "../disk/paths.js";
import {
  Batch,
  BatchBuffers,
  type BatchFile,
  downloadBatch,
  isSmall,
  mostBytesOf,
  type NotSaved,
  noneSaved,
} from "../transfer/batch.js";
import type { DownloadEvent } from "../transfer/download.js";
import type { Transfers } from "../transfer/transfers.js";
import { foldersOf, type Wanted } from "./wanted.js";

/** How the files of a sync are fetched. */
export interface BatcherOptions {
  readonly fsync: boolean;
  readonly retries: number;
  readonly signal: AbortSignal;
  readonly onEvent: (nombre: string, event: DownloadEvent) => void;
}

/** What goes in batches, and what goes by itself. */
export interface Sorted {
  readonly batches: readonly Batch[];
  readonly others: readonly Wanted[];
}

/** Fetches small files, many at once. */
export class Batcher {
  readonly #transfers: Transfers;
  readonly #options: BatcherOptions;
  readonly #buffers = new BatchBuffers();
  /** One that is not full yet. */
  #waiting = new Batch();
  #underWay = 0;
  /** Folders that were looked into, and the journals of interrupted downloads that were found there. */
  readonly #folders = new Set<string>();
  readonly #journals = new Set<string>();

  constructor(transfers: Transfers, options: BatcherOptions) {
    this.#transfers = transfers;
    this.#options = options;
  }

  /** Notes the journals of a folder that was looked into already. */
  note(folder: string, journals: readonly string[]): void {
    this.#folders.add(folder);
    for (const journal of journals) this.#journals.add(journal);
  }

  /**
   * Tells which files go in batches: those that are small, and known, and of which no part is there. While batches are under
   * way, those that do not fill another wait for more: see `rest`.
   */
  async sort(wanted: readonly Wanted[]): Promise<Sorted> {
    if (!this.#transfers.extended || !this.#transfers.batches.given) return { batches: [], others: wanted };
    await this.#lookForJournals(wanted);
    const others: Wanted[] = [];
    const batches = this.#batched(wanted, others);
    if (this.#waiting.isFull || this.#underWay + batches.length === 0) batches.push(...this.rest());
    return { batches, others };
  }

  /** Files that wait for more of their kind, when no more come. */
  rest(): Batch[] {
    const batch = this.#waiting;
    this.#waiting = new Batch();
    return batch.length > 0 ? [batch] : [];
  }

  /** Puts the small files with those that wait, and gives the batches that have become full. */
  #batched(wanted: readonly Wanted[], others: Wanted[]): Batch[] {
    const full: Batch[] = [];
    const most = mostBytesOf(this.#transfers);
    for (let i = 0; i < wanted.length; i++) {
      const each = wanted[i] as Wanted;
      if (!isListedWhole(each) || each.byDigest || !isSmall(each) || this.#hasJournal(each.target)) {
        others.push(each);
        continue;
      }
      if (!this.#waiting.takes(each, most)) {
        full.push(this.#waiting);
        this.#waiting = new Batch();
      }
      this.#waiting.add(each);
    }
    return full;
  }

  /**
   * Fetches a batch. What is lost on the way is to be asked for by itself: there it is tried again as often as it may be.
   *
   * @throws what lost it, where nothing may be tried again
   */
  async fetch(batch: Batch, onBytes: (bytes: number) => void): Promise<NotSaved> {
    const { fsync, retries, signal, onEvent } = this.#options;
    // It may have turned out meanwhile that the server gives none.
    if (!this.#transfers.batches.given) return noneSaved(batch);
    this.#underWay += 1;
    try {
      return await downloadBatch(this.#transfers, batch, { buffers: this.#buffers, fsync, signal, onBytes });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ConexionError && retries === 0) throw error;
      for (const name of batch.names) onEvent(name, { type: "retry", error, waitMs: 0 });
      return noneSaved(batch);
    } finally {
      this.#underWay -= 1;
    }
  }

  async #lookForJournals(wanted: readonly Wanted[]): Promise<void> {
    const folders = foldersOf(wanted, this.#folders);
    if (folders.size === 0) return;
    for (const folder of folders) this.#folders.add(folder);
    for (const journal of await this.#transfers.disk.journals([...folders])) this.#journals.add(journal);
  }

  #hasJournal(target: string): boolean {
    return this.#journals.size > 0 && this.#journals.has(resumableNames(target).log);
  }
}

/** Whether all is known of a file that is needed to fetch it in a batch. */
function isListedWhole(wanted: Wanted): wanted is Wanted & BatchFile {
  const { size, modified, version } = wanted;
  return size !== undefined && modified !== undefined && version !== undefined;
}
