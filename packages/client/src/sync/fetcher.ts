// The files of a sync that differ, or may: how each of them, or a batch of small ones, comes to stand in its place.

import { ConexionError } from "@fileshare/protocol";
import { NoDigestError, ThreadError } from "../errors.js";
import { type Batch, type BatchFile, type NotSaved, noneSaved } from "../transfer/batch.js";
import type { RemoteDetails } from "../transfer/details.js";
import { remoteDigest } from "../transfer/digest.js";
import { download } from "../transfer/download.js";
import type { Transfers } from "../transfer/transfers.js";
import type { Account } from "./account.js";
import type { Batcher } from "./batcher.js";
import type { SyncOptions } from "./options.js";
import { Pool } from "./pool.js";
import type { Wanted } from "./wanted.js";

/** Of a batch that did not come, so many files are asked for at once. */
const LEFT_UNDER_WAY = 32;

export class Fetcher {
  readonly #transfers: Transfers;
  readonly #batcher: Batcher;
  readonly #account: Account;
  readonly #options: SyncOptions;
  readonly #signal: AbortSignal;

  constructor(
    transfers: Transfers,
    batcher: Batcher,
    account: Account,
    options: SyncOptions,
    signal: AbortSignal,
  ) {
    this.#transfers = transfers;
    this.#batcher = batcher;
    this.#account = account;
    this.#options = options;
    this.#signal = signal;
  }

  /** Fetches a file, where it turns out to differ. */
  async bring(wanted: Wanted): Promise<void> {
    const { name, size, target, byDigest } = wanted;
    if (byDigest) {
      if (await this.#isSameDigest(wanted)) return;
      this.#account.want(size);
      this.#account.tell();
    }
    if (this.#options.dryRun) this.#account.fetched(name, target, size ?? 0);
    else await this.#fetch(wanted);
  }

  /** Fetches small files at once, and those that did not come so one by one. */
  async bringBatch(batch: Batch): Promise<void> {
    let arrived = 0;
    const notSaved = await this.#batcher
      .fetch(batch, (bytes) => {
        arrived += bytes;
        this.#account.arrive(bytes);
      })
      .catch((error: unknown) => {
        this.#signal.throwIfAborted();
        if (error instanceof ConexionError) throw error;
        return noneSaved(batch, error as Error);
      });
    this.#account.fetchedTogether(batch, notSaved);
    if (notSaved.size > 0) await this.#bringLeft(batch, notSaved, arrived);
    this.#signal.throwIfAborted();
  }

  async #bringLeft(batch: Batch, notSaved: NotSaved, arrived: number): Promise<void> {
    const left: BatchFile[] = [];
    for (const [place, error] of notSaved) {
      const file = batch.at(place);
      if (error) this.#account.fail(file.name, error);
      else left.push(file);
    }
    // What did not come so comes again; all the rest has arrived, whatever became of it.
    if (left.length > 0) {
      this.#account.arrive(batch.bytes - left.reduce((sum, { size }) => sum + size, 0) - arrived);
    }
    this.#signal.throwIfAborted();
    const pool = new Pool(LEFT_UNDER_WAY);
    try {
      for (const file of left) await pool.run(() => this.#fetch(file));
    } finally {
      await pool.end();
    }
    pool.throwIfFailed();
  }

  /** Whether there is nothing to fetch; also where that cannot be found out. What is the same gets the server's time. */
  async #isSameDigest({ name, modified, target, hasOtherTime }: Wanted): Promise<boolean> {
    const { retries } = this.#options;
    try {
      const [theirs, ours] = await Promise.all([
        remoteDigest(this.#transfers, name, this.#signal, retries),
        this.#transfers.disk.digest(target, this.#signal),
      ]);
      if (theirs !== ours) return false;
      if (hasOtherTime && modified !== undefined && !this.#options.dryRun) {
        await this.#transfers.disk.setModified(target, modified);
      }
      this.#account.unchanged += 1;
      this.#account.tell();
    } catch (error) {
      this.#signal.throwIfAborted();
      if (error instanceof ConexionError || error instanceof NoDigestError || error instanceof ThreadError)
        throw error;
      this.#account.fail(name, error);
    }
    return true;
  }

  async #fetch({
    name,
    size,
    modified,
    version,
    target,
  }: RemoteDetails & { readonly target: string }): Promise<void> {
    const { resume = true, fsync = false, retries, onEvent } = this.#options;
    let received = 0;
    let total = size ?? 0;
    const tell = (now: number, whole: number): void => {
      this.#account.arrive(now - received, whole - total);
      received = now;
      total = whole;
    };
    const isKnown = size !== undefined && modified !== undefined && version !== undefined;
    try {
      const { bytes } = await download(this.#transfers, {
        nombre: name,
        target,
        known: isKnown ? { name, size, modified, version } : undefined,
        resume,
        fsync,
        retries,
        signal: this.#signal,
        onProgress: (now, whole) => tell(now, whole || total),
        onEvent: (event) => onEvent?.(name, event),
      });
      tell(bytes, bytes);
      this.#account.fetched(name, target, bytes);
    } catch (error) {
      this.#signal.throwIfAborted();
      if (error instanceof ThreadError) throw error;
      // A server that answers otherwise breaks off over this file alone.
      if (error instanceof ConexionError && !(await this.#transfers.answers(this.#signal))) throw error;
      this.#account.fail(name, error);
    }
  }
}
