// A tree of the server in a local folder: what differs is fetched, page by page of the listing, while the next page is
// asked for; what the server does not have is removed, where that was asked for.

import { join, resolve, sep } from "node:path";
import { ConexionError } from "@fileshare/protocol";
import type { FileStats } from "../disk/disk.js";
import { isSameTime } from "../disk/times.js";
import { NoDigestError, TargetError } from "../errors.js";
import type { BatchFile } from "../transfer/batch.js";
import { type DetailsPage, fileAt, type RemoteDetails } from "../transfer/details.js";
import { remoteDigest } from "../transfer/digest.js";
import { type DownloadEvent, download } from "../transfer/download.js";
import { pathWithin } from "../transfer/target.js";
import type { Transfers } from "../transfer/transfers.js";
import { Collisions } from "./collisions.js";
import { type FilterOptions, filterOf } from "./filter.js";
import { Pool } from "./pool.js";
import { SmallFiles } from "./small-files.js";

/** How many files are under way at once: as many as a connection takes requests, and some to be saved. */
const FILES_UNDER_WAY = 256;

/** For how many of them a batch of small files counts; of one that did not come, so many are asked for at once. */
const BATCH_WEIGHT = 32;

/** What a sync may be told. */
export interface SyncOptions extends FilterOptions {
  /**
   * Removes files from the folder that the server does not have, and folders that become empty by it. Those that the patterns
   * leave out stay. Default false.
   */
  readonly delete?: boolean | undefined;
  /** Does nothing, and tells what would be done. Default false. */
  readonly dryRun?: boolean | undefined;
  /**
   * Compares files of the same size by their SHA-256 instead of their modification time: the server and this machine read
   * all of them. Default false.
   */
  readonly checksum?: boolean | undefined;
  /** As in a download. Default true. */
  readonly resume?: boolean | undefined;
  /** As in a download. Default false. */
  readonly fsync?: boolean | undefined;
  /** As in a download. Default 5. */
  readonly retries?: number | undefined;
  /** Told of each file that is done with. */
  readonly onFile?: ((file: SyncedFile) => void) | undefined;
  /** Told how far the whole has come. */
  readonly onProgress?: ((progress: SyncProgress) => void) | undefined;
  /** Told when the download of a file is picked up, starts over or is tried again. */
  readonly onEvent?: ((nombre: string, event: DownloadEvent) => void) | undefined;
  /** Gives the sync up. Files that are there stay, and the next sync goes on. */
  readonly signal?: AbortSignal | undefined;
}

/** What became of a file. */
export type SyncedFile =
  | { readonly type: "downloaded"; readonly nombre: string; readonly path: string; readonly bytes: number }
  | { readonly type: "deleted"; readonly path: string }
  | { readonly type: "failed"; readonly nombre: string; readonly error: unknown };

/** How far a sync has come. What the server has is only known when its listing is at its end. */
export interface SyncProgress {
  /** Files that were compared, and those of them that were the same. */
  readonly compared: number;
  readonly unchanged: number;
  /** Files to be fetched, and those that are there. */
  readonly files: number;
  readonly done: number;
  /** Bytes of the files to be fetched, and those that have arrived. */
  readonly total: number;
  readonly received: number;
}

/** What a sync has done, or would do. */
export interface SyncReport {
  readonly downloaded: readonly string[];
  /** How many files were there already. */
  readonly unchanged: number;
  /** Names of removed files, below the folder. */
  readonly deleted: readonly string[];
  /** Files that could not be saved, or removed, and why. */
  readonly failed: readonly { readonly nombre: string; readonly error: unknown }[];
  /** Bytes of what was downloaded. */
  readonly bytes: number;
}

/** Brings a folder to what the server has. */
export async function sync(
  transfers: Transfers,
  pages: AsyncIterable<DetailsPage>,
  folder: string,
  options: SyncOptions,
  signal: AbortSignal,
): Promise<SyncReport> {
  return new Sync(transfers, resolve(folder), options, signal).run(pages);
}

/** A file that is to be fetched. */
export interface Wanted {
  readonly details: RemoteDetails;
  /** Absolute paths of where it goes, and of the folder there. */
  readonly target: string;
  readonly folder: string;
  /** It is there in the same size: whether it is to be fetched is told by its digest. */
  readonly byDigest: boolean;
  /** Where that is the same, its time is to be mended. */
  readonly hasOtherTime: boolean;
}

/** A page of the listing, and what stands here. */
interface Looked {
  readonly page: DetailsPage;
  /** The files that are meant and may be saved here: their places in the page, and their paths in the folder. */
  readonly places: readonly number[];
  readonly paths: readonly string[];
  /** The files here of these paths; undefined where none can be. */
  readonly local: Promise<FileStats | undefined>;
}

const sizeOf = (files: readonly BatchFile[]): number => files.reduce((sum, { file }) => sum + file.size, 0);

class Sync {
  readonly #transfers: Transfers;
  readonly #folder: string;
  readonly #options: SyncOptions;
  readonly #signal: AbortSignal;
  readonly #isMeant: (name: string) => boolean;
  readonly #small: SmallFiles;
  /** Names of the server; only where what it does not have is removed. */
  readonly #remote = new Set<string>();
  /** Folders that were to be made; the error of one that could not be. */
  readonly #folders: Map<string, Error | undefined>;
  readonly #downloaded: string[] = [];
  readonly #failed: { nombre: string; error: unknown }[] = [];
  readonly #deleted: string[] = [];
  #collisions = new Collisions({ ignoresCase: false, ignoresForm: false });
  /** Nothing was there when it began. */
  #isEmpty = false;
  #compared = 0;
  #unchanged = 0;
  #files = 0;
  #done = 0;
  #total = 0;
  #received = 0;
  #bytes = 0;

  constructor(transfers: Transfers, folder: string, options: SyncOptions, signal: AbortSignal) {
    this.#transfers = transfers;
    this.#folder = folder;
    this.#folders = new Map([[folder, undefined]]);
    this.#options = options;
    this.#signal = signal;
    this.#isMeant = filterOf(options);
    const { fsync = false, retries = 5, onEvent = () => {} } = options;
    this.#small = new SmallFiles(transfers, { fsync, retries, signal, onEvent });
  }

  async run(pages: AsyncIterable<DetailsPage>): Promise<SyncReport> {
    const { dryRun = false } = this.#options;
    const listing = pages[Symbol.asyncIterator]();
    // It is asked for while the folder is made ready.
    const first = listing.next();
    first.catch(() => {});
    if (!dryRun) await this.#prepare();
    const pool = new Pool(FILES_UNDER_WAY);
    try {
      for await (const looked of this.#look(first, listing)) {
        const differing = this.#differing(looked, await looked.local);
        const wanted = dryRun ? differing : await this.#withFolders(differing);
        const { batches, others } = dryRun ? { batches: [], others: wanted } : await this.#small.sort(wanted);
        await this.#beginBatches(pool, batches);
        for (const each of others) await pool.run(() => this.#bring(each));
      }
      await this.#beginBatches(pool, this.#small.rest());
    } finally {
      await pool.end();
    }
    pool.throwIfFailed();
    this.#signal.throwIfAborted();
    if (this.#options.delete) await this.#delete(dryRun);
    return {
      downloaded: this.#downloaded,
      unchanged: this.#unchanged,
      deleted: this.#deleted,
      failed: this.#failed,
      bytes: this.#bytes,
    };
  }

  async #beginBatches(pool: Pool, batches: readonly (readonly BatchFile[])[]): Promise<void> {
    for (const batch of batches) await pool.run(() => this.#bringBatch(batch), BATCH_WEIGHT);
  }

  async #prepare(): Promise<void> {
    const { folding, isEmpty, journals } = await this.#transfers.disk.prepare(this.#folder);
    this.#small.note(this.#folder, journals);
    this.#collisions = new Collisions(folding);
    this.#isEmpty = isEmpty;
  }

  /** Has the files of each page looked at here while what is known of those before it is dealt with. */
  async *#look(
    first: Promise<IteratorResult<DetailsPage>>,
    listing: AsyncIterator<DetailsPage>,
  ): AsyncGenerator<Looked, void, undefined> {
    let before: Looked | undefined;
    for (let page = await first; !page.done; page = await listing.next()) {
      const looked = this.#lookAt(page.value);
      if (before) yield before;
      before = this.#isEmpty ? undefined : looked;
      // There is nothing to wait for.
      if (this.#isEmpty) yield looked;
    }
    if (before) yield before;
  }

  #lookAt(page: DetailsPage): Looked {
    this.#transfers.packsNames = page.packed;
    const candidates = this.#candidates(page);
    const local = this.#isEmpty
      ? Promise.resolve(undefined)
      : this.#transfers.disk.filesWithin(this.#folder, candidates.paths);
    // It is waited for later, or not any more.
    local.catch(() => {});
    return { page, ...candidates, local };
  }

  /** The files of a page that are meant, may be saved here, and are not known to be there as they are on the server. */
  #differing({ page, places, paths }: Looked, local: FileStats | undefined): Wanted[] {
    const top = this.#folder.endsWith(sep) ? this.#folder : this.#folder + sep;
    const wanted: Wanted[] = [];
    for (let i = 0; i < places.length; i++) {
      const place = places[i] as number;
      const size = page.sizes?.[place];
      const modified = page.modified?.[place];
      const isSameSize = local !== undefined && local.sizes[i] === size;
      const byDigest = isSameSize && this.#options.checksum === true;
      const isSameFile =
        isSameSize && modified !== undefined && isSameTime(modified, local.modified[i] as number);
      if (isSameFile && !byDigest) {
        this.#unchanged += 1;
        continue;
      }
      const target = top + paths[i];
      const end = target.lastIndexOf(sep);
      const folder = end < top.length ? this.#folder : target.slice(0, end);
      const details = fileAt(page, place);
      wanted.push({ details, target, folder, byDigest, hasOtherTime: !isSameFile });
      if (!byDigest) this.#want(details);
    }
    this.#tell();
    return wanted;
  }

  /** The files of a page that are meant and may be saved here: their places, and their paths in the folder. */
  #candidates({ names }: DetailsPage): Pick<Looked, "places" | "paths"> {
    const places: number[] = [];
    const paths: string[] = [];
    for (let place = 0; place < names.length; place++) {
      const name = names[place] as string;
      if (!this.#isMeant(name)) continue;
      this.#compared += 1;
      try {
        const path = pathWithin(name);
        const other = this.#collisions.note(name);
        if (other !== undefined) {
          throw new TargetError("UNSAFE_NAME", name, `here it is the same as ${JSON.stringify(other)}`);
        }
        if (this.#options.delete) this.#remote.add(name);
        places.push(place);
        paths.push(path);
      } catch (error) {
        this.#fail(name, error);
      }
    }
    return { places, paths };
  }

  /** Fetches a file, where it turns out to differ. */
  async #bring(wanted: Wanted): Promise<void> {
    const { details, target, byDigest } = wanted;
    if (byDigest) {
      if (await this.#isSameDigest(wanted)) return;
      this.#want(details);
      this.#tell();
    }
    if (this.#options.dryRun) this.#fetched(details, target, details.size ?? 0);
    else await this.#fetch(wanted);
  }

  /** Fetches small files at once, and those that did not come so one by one. */
  async #bringBatch(batch: readonly BatchFile[]): Promise<void> {
    let arrived = 0;
    const outcomes = await this.#small
      .fetch(batch, (bytes) => {
        arrived += bytes;
        this.#received += bytes;
        this.#tell();
      })
      .catch((error: unknown) => {
        this.#signal.throwIfAborted();
        if (error instanceof ConexionError) throw error;
        return batch.map(() => error as Error);
      });
    const left = batch.filter((_, i) => (outcomes[i] ?? "unserved") === "unserved");
    // What did not come so comes again; all the rest has arrived, whatever became of it.
    if (left.length > 0) this.#received += sizeOf(batch) - sizeOf(left) - arrived;
    for (const [i, { file, target }] of batch.entries()) {
      const outcome = outcomes[i] ?? "unserved";
      if (outcome === "saved") this.#fetched(file, target, file.size);
      else if (outcome !== "unserved") this.#fail(file.name, outcome);
    }
    this.#signal.throwIfAborted();
    const pool = new Pool(BATCH_WEIGHT);
    try {
      for (const { file, target } of left) await pool.run(() => this.#fetch({ details: file, target }));
    } finally {
      await pool.end();
    }
    pool.throwIfFailed();
  }

  #want({ size = 0 }: RemoteDetails): void {
    this.#files += 1;
    this.#total += size;
  }

  /** Whether there is nothing to fetch; also where that cannot be found out. What is the same gets the server's time. */
  async #isSameDigest({ details, target, hasOtherTime }: Wanted): Promise<boolean> {
    const { name, modified } = details;
    const { retries = 5 } = this.#options;
    try {
      const [theirs, ours] = await Promise.all([
        remoteDigest(this.#transfers, name, this.#signal, retries),
        this.#transfers.disk.digest(target, this.#signal),
      ]);
      if (theirs !== ours) return false;
      if (hasOtherTime && modified !== undefined && !this.#options.dryRun) {
        await this.#transfers.disk.setModified(target, modified);
      }
      this.#unchanged += 1;
      this.#tell();
    } catch (error) {
      this.#signal.throwIfAborted();
      if (error instanceof ConexionError || error instanceof NoDigestError) throw error;
      this.#fail(name, error);
    }
    return true;
  }

  /** Makes the folders that files go to. Gives the files whose folders are there: the others have failed. */
  async #withFolders(wanted: readonly Wanted[]): Promise<readonly Wanted[]> {
    const folders = new Set<string>();
    for (const { folder } of wanted) if (!this.#folders.has(folder)) folders.add(folder);
    if (folders.size > 0) {
      const paths = [...folders];
      const notMade = await this.#transfers.disk.makeFolders(this.#folder, paths);
      for (const [nth, path] of paths.entries()) this.#folders.set(path, notMade.get(nth));
    }
    return wanted.filter(({ details, folder }) => {
      const error = this.#folders.get(folder);
      if (error) this.#fail(details.name, error);
      return !error;
    });
  }

  async #fetch({ details, target }: Pick<Wanted, "details" | "target">): Promise<void> {
    const { name, size, modified, version } = details;
    const { resume = true, fsync = false, retries = 5, onEvent } = this.#options;
    let received = 0;
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
        onProgress: (now) => {
          this.#received += now - received;
          received = now;
          this.#tell();
        },
        onEvent: (event) => onEvent?.(name, event),
      });
      this.#fetched(details, target, bytes);
    } catch (error) {
      this.#signal.throwIfAborted();
      // A server that answers otherwise breaks off over this file alone.
      if (error instanceof ConexionError && !(await this.#transfers.answers(this.#signal))) throw error;
      this.#fail(name, error);
    }
  }

  #fetched({ name }: RemoteDetails, path: string, bytes: number): void {
    this.#done += 1;
    this.#bytes += bytes;
    this.#downloaded.push(name);
    this.#options.onFile?.({ type: "downloaded", nombre: name, path, bytes });
    this.#tell();
  }

  #fail(nombre: string, error: unknown): void {
    this.#failed.push({ nombre, error });
    this.#options.onFile?.({ type: "failed", nombre, error });
  }

  /** Removes what the server does not have. What could not be compared is kept, whatever it is. */
  async #delete(dryRun: boolean): Promise<void> {
    const { disk } = this.#transfers;
    const refused = new Set(this.#failed.map(({ nombre }) => nombre));
    const local = await disk.walk(this.#folder, { tidy: !dryRun });
    this.#signal.throwIfAborted();
    // A server of old tells nothing of what is in folders.
    const isTold = (name: string): boolean => this.#transfers.extended === true || !name.includes("/");
    const names = local.filter(
      (name) => !this.#remote.has(name) && !refused.has(name) && isTold(name) && this.#isMeant(name),
    );
    const paths = names.map((name) => join(this.#folder, ...name.split("/")));
    const notRemoved = dryRun ? undefined : await disk.remove(this.#folder, paths);
    for (const [nth, nombre] of names.entries()) {
      const error = notRemoved?.get(nth);
      if (error) this.#fail(nombre, error);
      else {
        this.#deleted.push(nombre);
        this.#options.onFile?.({ type: "deleted", path: paths[nth] as string });
      }
    }
  }

  #tell(): void {
    this.#options.onProgress?.({
      compared: this.#compared,
      unchanged: this.#unchanged,
      files: this.#files,
      done: this.#done,
      total: this.#total,
      received: this.#received,
    });
  }
}
