// A tree of the server in a local folder: what differs is fetched, page by page of the listing, while the next page is
// asked for; what the server does not have is removed, where that was asked for.

import { setMaxListeners } from "node:events";
import { sep } from "node:path";
import { type FileStats, NO_FILE, type Obstacle } from "../disk/disk.js";
import { isSameTime } from "../disk/times.js";
import type { Batch } from "../transfer/batch.js";
import type { DetailsPage } from "../transfer/details.js";
import { listing } from "../transfer/listing.js";
import { ListingMemory } from "../transfer/listing-memory.js";
import { areCommon, isTooLong, pathWithin } from "../transfer/target.js";
import type { Transfers } from "../transfer/transfers.js";
import { Account } from "./account.js";
import { Batcher } from "./batcher.js";
import { Collisions, isSameHere } from "./collisions.js";
import { differingOf } from "./compare.js";
import { Fetcher } from "./fetcher.js";
import { filterOf, isAny } from "./filter.js";
import { Folders } from "./folders.js";
import { guarded } from "./guard.js";
import type { SyncOptions, SyncReport } from "./options.js";
import { Pool } from "./pool.js";
import { removeSurplus } from "./surplus.js";
import { Waiting } from "./waiting.js";
import { foldersOf, type Wanted } from "./wanted.js";

/** How many files are under way at once: as many as a connection takes requests, and some to be saved. */
const FILES_UNDER_WAY = 256;

/** For how many of them a batch of small files counts. */
const BATCH_WEIGHT = 32;

/**
 * Brings a folder to what the server has.
 *
 * @param folder an absolute path
 */
export async function sync(
  transfers: Transfers,
  folder: string,
  options: SyncOptions,
  signal: AbortSignal,
): Promise<SyncReport> {
  return new Sync(transfers, folder, options, signal).run();
}

/** A page of the listing, and what stands here. */
interface Looked {
  readonly page: DetailsPage;
  /** The files that are meant and may be saved here: their places in the page, where it is not all of them. */
  readonly places: readonly number[] | undefined;
  /** Their paths in the folder. */
  readonly paths: readonly string[];
  /** The files here of these paths; undefined where none can be. */
  readonly local: Promise<FileStats | undefined>;
}

class Sync {
  readonly #transfers: Transfers;
  readonly #folder: string;
  readonly #options: SyncOptions;
  readonly #given: AbortSignal;
  /** Ends all that is under way: it was given up, or something has ended the whole. */
  readonly #ending = new AbortController();
  readonly #isMeant: (name: string) => boolean;
  readonly #batcher: Batcher;
  readonly #fetcher: Fetcher;
  readonly #account: Account;
  readonly #folders: Folders;
  readonly #memory: ListingMemory;
  /** Folders that were to be made for files; the error of one that could not be. */
  readonly #made: Map<string, Error | undefined>;
  #hasUnmade = false;
  /** With `delete`, and in a dry run: files in whose way something stands that may be surplus. */
  readonly #waiting = new Waiting<Wanted>();
  #collisions = new Collisions({ ignoresCase: false, ignoresForm: false });
  /** By what the folder is known since it was made ready. */
  #place: string | undefined;
  /** Nothing was there when it began. */
  #isEmpty = false;

  constructor(transfers: Transfers, folder: string, given: SyncOptions, signal: AbortSignal) {
    const options = guarded(given, (error) => this.#ending.abort(error));
    this.#transfers = transfers;
    this.#folder = folder;
    this.#made = new Map([[folder, undefined]]);
    this.#options = options;
    this.#given = signal;
    // Each file listens by itself.
    setMaxListeners(0, this.#signal);
    this.#isMeant = filterOf(options);
    const { fsync = false, retries = 5, onEvent = () => {} } = options;
    this.#account = new Account(options);
    this.#memory = new ListingMemory(options.maxListingBytes);
    this.#folders = new Folders(transfers.disk, folder, this.#account, this.#memory, options);
    this.#batcher = new Batcher(transfers, { fsync, retries, signal: this.#signal, onEvent });
    this.#fetcher = new Fetcher(transfers, this.#batcher, this.#account, options, this.#signal);
  }

  get #signal(): AbortSignal {
    return this.#ending.signal;
  }

  async run(): Promise<SyncReport> {
    const onAbort = (): void => this.#ending.abort(this.#given.reason);
    this.#given.addEventListener("abort", onAbort, { once: true });
    if (this.#given.aborted) onAbort();
    try {
      return await this.#run();
    } catch (error) {
      // The next page may be on its way.
      this.#ending.abort(error);
      throw error;
    } finally {
      this.#given.removeEventListener("abort", onAbort);
    }
  }

  async #run(): Promise<SyncReport> {
    const { dryRun = false } = this.#options;
    const pages = this.#pages();
    // It is asked for while the folder is made ready.
    const first = pages.next();
    first.catch(() => {});
    if (dryRun) this.#collisions = new Collisions(await this.#transfers.disk.seenFolding(this.#folder));
    else await this.#prepare();
    await this.#pooled(async (pool) => {
      for await (const looked of this.#look(first, pages)) {
        const differing = this.#differing(looked, await looked.local);
        await this.#folders.bring(looked.page, this.#collisions, this.#signal);
        await this.#bringAll(pool, differing);
      }
    });
    if (this.#options.delete) {
      const gone = await this.#delete();
      await this.#bringWaiting(dryRun ? new Set(gone) : undefined);
    } else if (dryRun) await this.#bringWaiting(new Set());
    this.#signal.throwIfAborted();
    return this.#account.report();
  }

  /** Brings what has waited until what is surplus was removed. */
  async #bringWaiting(gone: ReadonlySet<string> | undefined): Promise<void> {
    await this.#folders.bringWaiting(gone, this.#signal);
    const { disk } = this.#transfers;
    await this.#pooled(async (pool) => {
      for await (const { free, blocked } of this.#waiting.freed(disk, this.#folder, gone, this.#signal)) {
        for (const [{ name }, why] of blocked) this.#account.fail(name, why);
        await this.#bringAll(pool, free);
      }
    });
  }

  /** Begins to bring files, and resolves when all of them are done with. */
  async #pooled(begin: (pool: Pool) => Promise<void>): Promise<void> {
    const pool = new Pool(FILES_UNDER_WAY);
    try {
      await begin(pool);
      await this.#beginBatches(pool, this.#batcher.rest());
    } finally {
      await pool.end();
    }
    pool.throwIfFailed();
    this.#signal.throwIfAborted();
  }

  async #bringAll(pool: Pool, differing: readonly Wanted[]): Promise<void> {
    const { dryRun = false } = this.#options;
    const wanted = dryRun ? differing : await this.#withFolders(differing);
    const { batches, others } = dryRun ? { batches: [], others: wanted } : await this.#batcher.sort(wanted);
    await this.#beginBatches(pool, batches);
    for (const each of others) await pool.run(() => this.#orEnd(this.#fetcher.bring(each)));
  }

  #pages(): AsyncIterator<DetailsPage> {
    const { retries, onEvent } = this.#options;
    return listing(this.#transfers, {
      recursive: true,
      folders: true,
      retries,
      onRetry: (event) => onEvent?.(undefined, event),
      linked: (act) => act(this.#signal),
    });
  }

  async #beginBatches(pool: Pool, batches: readonly Batch[]): Promise<void> {
    for (const batch of batches)
      await pool.run(() => this.#orEnd(this.#fetcher.bringBatch(batch)), BATCH_WEIGHT);
  }

  /** What a file's failure does not account for ends the whole, and at once: others would find out for as long. */
  async #orEnd(task: Promise<void>): Promise<void> {
    try {
      await task;
    } catch (error) {
      this.#ending.abort(error);
      throw error;
    }
  }

  async #prepare(): Promise<void> {
    const { place, folding, isEmpty, journals } = await this.#transfers.disk.prepare(this.#folder);
    this.#batcher.note(this.#folder, journals);
    this.#collisions = new Collisions(folding);
    this.#place = place;
    this.#isEmpty = isEmpty;
  }

  /** Has the files of each page looked at here while what is known of those before it is dealt with. */
  async *#look(
    first: Promise<IteratorResult<DetailsPage>>,
    pages: AsyncIterator<DetailsPage>,
  ): AsyncGenerator<Looked, void, undefined> {
    let before: Looked | undefined;
    for (let page = await first; !page.done; page = await pages.next()) {
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
    const foldersBefore = this.#collisions.folders;
    const candidates = this.#candidates(page);
    const { paths } = candidates;
    this.#memory.keep(
      "file",
      paths.reduce((sum, path) => sum + path.length, 0),
      paths.length,
    );
    this.#memory.keep("folder", 0, this.#collisions.folders - foldersBefore);
    const local = this.#isEmpty
      ? Promise.resolve(undefined)
      : this.#transfers.disk.filesWithin(this.#folder, paths);
    // It is waited for later, or not any more.
    local.catch(() => {});
    return { page, ...candidates, local };
  }

  /**
   * The files of a page that are meant, may be saved here, and are not known to be there as they are on the server; but for
   * those that are to wait.
   */
  #differing({ page, places, paths }: Looked, local: FileStats | undefined): Wanted[] {
    const top = this.#folder.endsWith(sep) ? this.#folder : this.#folder + sep;
    const obstacles = new Map(this.#options.delete || this.#options.dryRun ? local?.obstacles : undefined);
    const differing = differingOf(page, places, local, this.#options.checksum === true);
    this.#account.unchanged += paths.length - (differing?.length ?? paths.length);
    const wanted: Wanted[] = [];
    for (let nth = 0; nth < (differing ?? paths).length; nth++) {
      const i = differing ? (differing[nth] as number) : nth;
      const place = places ? (places[i] as number) : i;
      const size = page.sizes?.[place];
      const modified = page.modified?.[place];
      const localSize = local ? (local.sizes[i] as number) : NO_FILE;
      const byDigest = localSize === size && this.#options.checksum === true;
      const target = top + paths[i];
      const end = target.lastIndexOf(sep);
      const folder = end < top.length ? this.#folder : target.slice(0, end);
      const each = {
        name: page.names[place] as string,
        size,
        modified,
        version: page.versions?.[place],
        target,
        folder,
        replaces: localSize !== NO_FILE,
        byDigest,
        hasOtherTime: !isSameTime(
          modified ?? Number.NaN,
          local?.modified[i] ?? Number.NaN,
          local?.steps[i] ?? 0,
        ),
      };
      const obstacle = obstacles.get(i);
      if (obstacle === undefined) wanted.push(each);
      else this.#wait(each, paths[i] as string, obstacle);
      if (!byDigest) this.#account.want(size);
    }
    this.#account.tell();
    return wanted;
  }

  #wait(wanted: Wanted, path: string, obstacle: Obstacle): void {
    this.#memory.keep("details", wanted.name.length + path.length);
    this.#waiting.add(wanted, path, obstacle);
  }

  /** The files of a page that are meant and may be saved here: their places, and their paths in the folder. */
  #candidates({ names }: DetailsPage): Pick<Looked, "places" | "paths"> {
    if (this.#isMeant === isAny && areCommon(names) && this.#collisions.noteAll(names)) {
      this.#account.compared += names.length;
      return { places: undefined, paths: names };
    }
    const places: number[] = [];
    const paths: string[] = [];
    for (let place = 0; place < names.length; place++) {
      const name = names[place] as string;
      // What is longer than any path is refused, whatever the patterns say, which would look at it for long.
      if (!isTooLong(name) && !this.#isMeant(name)) {
        if (this.#options.delete) this.#collisions.noteOther(name, this.#memory);
        continue;
      }
      this.#account.compared += 1;
      try {
        const path = pathWithin(name);
        const other = this.#collisions.note(name);
        if (other !== undefined) throw isSameHere(name, other);
        places.push(place);
        paths.push(path);
      } catch (error) {
        this.#memory.keep("failure", name.length);
        this.#account.fail(name, error);
      }
    }
    return { places, paths };
  }

  /** Makes the folders that files go to. Gives the files whose folders are there: the others have failed. */
  async #withFolders(wanted: readonly Wanted[]): Promise<readonly Wanted[]> {
    const folders = foldersOf(wanted, this.#made);
    if (folders.size > 0) {
      const paths = [...folders];
      const notMade = await this.#transfers.disk.makeFolders(this.#folder, paths);
      for (const [nth, path] of paths.entries()) this.#made.set(path, notMade.get(nth));
      if (notMade.size > 0) this.#hasUnmade = true;
    }
    if (!this.#hasUnmade) return wanted;
    return wanted.filter(({ name, folder }) => {
      const error = this.#made.get(folder);
      if (error) this.#account.fail(name, error);
      return !error;
    });
  }

  /**
   * Removes what the server does not have, and gives its names. What could not be compared is kept, whatever it is.
   */
  async #delete(): Promise<readonly string[]> {
    const { dryRun = false, maxDelete = Number.POSITIVE_INFINITY } = this.#options;
    const refused = this.#account.failed;
    // A server of old tells nothing of what is in folders.
    const isTold = (name: string): boolean => this.#transfers.extended === true || !name.includes("/");
    const mayGo = (name: string): boolean =>
      isTold(name) && !refused.has(name) && this.#isMeant(name) && !this.#folders.isHidden(name);
    const hasFolder = (name: string): boolean => this.#collisions.hasFolder(name.slice(0, -1));
    return removeSurplus(this.#transfers.disk, this.#folder, this.#account, {
      isSurplus: (name) => !this.#collisions.hasFile(name) && mayGo(name),
      isSurplusFolder: (name) => this.#folders.areTold && !hasFolder(name) && mayGo(name),
      hasFolder,
      most: maxDelete,
      dryRun,
      place: this.#place,
      signal: this.#signal,
    });
  }
}
