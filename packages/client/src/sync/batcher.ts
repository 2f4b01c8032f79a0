// The small files of a sync: which of them travel together, and what is done about those that did not come so.

import { ConexionError } from "@fileshare/protocol";
import { resumableNames } from "../disk/paths.js";
import {
  BatchBuffers,
  type BatchFile,
  type BatchOutcome,
  batchesOf,
  downloadBatch,
  isFull,
  isSmall,
} from "../transfer/batch.js";
import type { DownloadEvent } from "../transfer/download.js";
import type { Transfers } from "../transfer/transfers.js";
import type { Wanted } from "./sync.js";

/** How many pages of a listing files wait for others to fill a batch with: where little has changed, a page has few. */
const MAX_PAGES_WAITED = 8;

/** How the files of a sync are fetched. */
export interface BatcherOptions {
  readonly fsync: boolean;
  readonly retries: number;
  readonly signal: AbortSignal;
  readonly onEvent: (nombre: string, event: DownloadEvent) => void;
}

/** What goes in batches, and what goes by itself. */
export interface Sorted {
  readonly batches: readonly (readonly BatchFile[])[];
  readonly others: readonly Wanted[];
}

/** Fetches small files, many at once. */
export class Batcher {
  readonly #transfers: Transfers;
  readonly #options: BatcherOptions;
  readonly #buffers = new BatchBuffers();
  /** Files that do not fill a batch yet, and how many pages they have waited for more. */
  #waiting: readonly BatchFile[] = [];
  #waited = 0;
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
   * Tells which files go in batches: those that are small, and known, and of which no part is there. Some may wait for those
   * of further pages: see `rest`.
   */
  async sort(wanted: readonly Wanted[]): Promise<Sorted> {
    if (!this.#transfers.extended || !this.#transfers.batches.given) return { batches: [], others: wanted };
    await this.#lookForJournals(wanted);
    const files: BatchFile[] = [...this.#waiting];
    const others: Wanted[] = [];
    for (const each of wanted) {
      const file = each.byDigest ? undefined : batchFileOf(each);
      if (file && isSmall(file.file) && !this.#hasJournal(each.target)) files.push(file);
      else others.push(each);
    }
    const batches = batchesOf(this.#transfers, files);
    this.#waited = batches.length > 1 ? 0 : this.#waited + 1;
    this.#waiting = [];
    const last = batches.at(-1);
    if (last && !isFull(last) && this.#waited < MAX_PAGES_WAITED) this.#waiting = batches.pop() ?? [];
    else this.#waited = 0;
    return { batches, others };
  }

  /** Files that wait for more of their kind, when no more come. */
  rest(): BatchFile[][] {
    const files = this.#waiting;
    this.#waiting = [];
    return batchesOf(this.#transfers, files);
  }

  /**
   * Fetches a batch. What is lost on the way is to be asked for by itself: there it is tried again as often as it may be.
   *
   * @throws what lost it, where nothing may be tried again
   */
  async fetch(files: readonly BatchFile[], onBytes: (bytes: number) => void): Promise<BatchOutcome[]> {
    const { fsync, retries, signal, onEvent } = this.#options;
    const unserved = (): BatchOutcome[] => files.map(() => "unserved");
    // It may have turned out meanwhile that the server gives none.
    if (!this.#transfers.batches.given) return unserved();
    try {
      return await downloadBatch(this.#transfers, files, { buffers: this.#buffers, fsync, signal, onBytes });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ConexionError && retries === 0) throw error;
      for (const { file } of files) onEvent(file.name, { type: "retry", error, waitMs: 0 });
      return unserved();
    }
  }

  async #lookForJournals(wanted: readonly Wanted[]): Promise<void> {
    const folders = new Set<string>();
    for (const { folder } of wanted) {
      if (!this.#folders.has(folder)) folders.add(folder);
    }
    if (folders.size === 0) return;
    for (const folder of folders) this.#folders.add(folder);
    for (const journal of await this.#transfers.disk.journals([...folders])) this.#journals.add(journal);
  }

  #hasJournal(target: string): boolean {
    return this.#journals.size > 0 && this.#journals.has(resumableNames(target).log);
  }
}

/** What is needed to fetch a file in a batch; undefined where the listing does not tell it. */
function batchFileOf({ details, target }: Wanted): BatchFile | undefined {
  const { name, size, modified, version } = details;
  if (size === undefined || modified === undefined || version === undefined) return undefined;
  return { file: { name, size, modified, version }, target };
}
