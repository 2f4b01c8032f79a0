// The file work of a Cliente, done on a thread of its own: the app's is never kept waiting.

import { resolve } from "node:path";
import { algorithms, type Checksum } from "./checksum.js";
import { fromFailure, fromFailures } from "./failure.js";
import type { FileStats, LocalTree, Removal, Stats } from "./folders.js";
import type { Folding } from "./folding.js";
import type { Interrupted } from "./interrupted.js";
import type { RemoteFile } from "./journal.js";
import { Part } from "./part.js";
import type { Prepared } from "./prepare.js";
import type { Range } from "./ranges.js";
import type { FileColumns } from "./save-all.js";
import { Thread } from "./thread.js";

export type { Checksum } from "./checksum.js";
export { type FileStats, type Kind, NO_FILE, type Stats } from "./folders.js";
export type { Folding } from "./folding.js";
export type { RemoteFile } from "./journal.js";
export { inTheWay, type Obstacle } from "./obstacle.js";
export type { Part, Segment } from "./part.js";
export type { Prepared } from "./prepare.js";
export type { Range } from "./ranges.js";
export type { FileColumns } from "./save-all.js";

/** How a file is saved. */
export interface SaveOptions {
  /** Whether it is waited until the disk has the file. Otherwise a power cut may take what was just saved. */
  readonly fsync: boolean;
  /**
   * Whether an earlier download is picked up, and what is recorded of this one kept for a later. Needs a version: with "" for
   * it nothing is.
   */
  readonly resume: boolean;
}

/**
 * Does file work on a thread, which is started when first needed, and keeps the process alive only while there is something
 * to do. Paths may hold lone surrogates for bytes that are not UTF-8 (PROTOCOL.md 6.4). All reject with a TargetError when
 * the file system refuses, and with a ThreadError when the thread cannot be started.
 */
export class Disk {
  /** Checksums that it can compare, preferred first: what a request offers. */
  static get algorithms(): readonly string[] {
    return algorithms();
  }

  #thread: Thread | undefined;
  #closed = false;
  #droppables = 0;

  /**
   * Starts the thread now, so that what is asked first need not wait for that.
   *
   * @throws {ThreadError} where that is known at once to be impossible
   */
  start(): void {
    this.#started();
  }

  /** Begins a download to that path, or picks it up. Where another is under way to it, that one is not touched. */
  async begin(target: string, file: RemoteFile, { fsync, resume }: SaveOptions): Promise<Part> {
    const path = absolute(target);
    const thread = this.#started();
    const begun = await thread.ask("begin", path, path, plain(file), resume);
    return new Part(thread, path, file.size, fsync, begun);
  }

  /**
   * What an interrupted download to that path left, as it was recorded; it is not touched, and whether it is all there is
   * found out by `begin`. A download that is under way is told as well.
   */
  async pending(target: string): Promise<{ file: RemoteFile; have: readonly Range[] } | undefined> {
    const path = absolute(target);
    return this.#started().ask("pending", path, path);
  }

  /**
   * Saves a small file whole. Many calls in one tick travel together.
   *
   * @param bytes not to be changed until it resolves
   * @throws {ChecksumError} when the checksum is another
   * @throws {RangeError} when there are not as many bytes as the file has
   */
  async save(
    target: string,
    file: RemoteFile,
    bytes: Uint8Array,
    checksum: Checksum | undefined,
    { fsync }: SaveOptions,
  ): Promise<void> {
    const path = absolute(target);
    await this.#started().ask("save", path, path, plain(file), checksum, fsync, bytes);
  }

  /**
   * Saves small files whole, whose bytes came together. What interrupted downloads to the same paths have left stays.
   *
   * @param bytes of all of them; not to be changed until it resolves
   * @param checksum of all the bytes
   * @param options.signal gives up what still has to wait for the disk
   * @returns why files could not be saved, by their place in the columns, and nothing for those that were given up: the
   *   others are there
   * @throws {ChecksumError} when the checksum is another: none is saved
   */
  async saveAll(
    { targets, ...columns }: FileColumns,
    bytes: Uint8Array,
    checksum: Checksum,
    { fsync, signal }: Pick<SaveOptions, "fsync"> & { readonly signal?: AbortSignal | undefined },
  ): Promise<ReadonlyMap<number, Error | undefined>> {
    const packed = { targets: targets.join("\0"), ...columns };
    const path = targets[0] ?? "";
    const notSaved = await this.#droppable(signal, (thread, number) =>
      thread.ask("saveAll", path, packed, checksum, fsync, number, bytes),
    );
    return new Map(notSaved.map(([nth, failure]) => [nth, failure && fromFailure(failure)]));
  }

  /** Removes from a folder, the first time, what killed processes have left of downloads that nobody can go on with. */
  async tidy(folder: string): Promise<void> {
    await this.#started().ask("tidy", folder, absolute(folder));
  }

  /** Removes what an interrupted download of that file to that path left, if anything: the file is gone from the server. */
  async forget(target: string, nombre: string): Promise<void> {
    await this.#started().ask("forget", target, absolute(target), nombre);
  }

  /** The names of all that is in folders, links too; undefined of one that cannot be read. */
  async namesIn(folders: readonly string[]): Promise<(string[] | undefined)[]> {
    return this.#started().ask("namesIn", folders[0] ?? "", folders.map(absolute));
  }

  /** Which files in folders belong to downloads that were interrupted, or are under way: their journals' paths. */
  async journals(folders: readonly string[]): Promise<string[]> {
    return this.#started().ask("journals", folders[0] ?? "", folders.map(absolute));
  }

  /** What stands at each of the paths; links are not followed, and what cannot be looked at counts as not there. */
  async stat(paths: readonly string[]): Promise<Stats> {
    return this.#started().ask("stat", paths[0] ?? "", paths.map(absolute));
  }

  /**
   * The regular files below a folder of those paths, and what stands in the way of such. No path is empty, or holds a NUL; one
   * that ends in a separator is a folder's.
   */
  async filesWithin(folder: string, paths: readonly string[]): Promise<FileStats> {
    return this.#started().ask("filesWithin", folder, absolute(folder), paths.join("\0"));
  }

  /** Makes a folder where it is not there, and tells what is to be known before much is saved in it. */
  async prepare(folder: string): Promise<Prepared> {
    return this.#started().ask("prepare", folder, absolute(folder));
  }

  /** Which names are one file in a folder, which need not be there. */
  async folding(folder: string): Promise<Folding> {
    return this.#started().ask("folding", folder, absolute(folder));
  }

  /** The same as far as it can be told without making a file there: else no names are one. */
  async seenFolding(folder: string): Promise<Folding> {
    return this.#started().ask("seenFolding", folder, absolute(folder));
  }

  /**
   * Makes folders, and those above them. Those that are there are left alone.
   *
   * @param top the one that the others are in. It may be reached by links; what is below it may not, as a name is a peer's
   * @returns why folders could not be made, by their place
   */
  async makeFolders(top: string, paths: readonly string[]): Promise<ReadonlyMap<number, Error>> {
    return fromFailures(await this.#started().ask("makeFolders", top, absolute(top), paths.map(absolute)));
  }

  /**
   * What stands below a folder. Links are neither told nor followed. A folder that is not there has nothing.
   *
   * @param options.tidy whether what killed processes have left is removed
   */
  async walk(folder: string, { tidy = false }: { readonly tidy?: boolean } = {}): Promise<LocalTree> {
    return this.#started().ask("walk", folder, absolute(folder), tidy);
  }

  /**
   * Removes files and empty folders below a folder, and what folders become empty by it. What is not there is no error.
   *
   * @returns why they could not be removed, by their place among the files and the folders behind them
   * @throws {TargetError} `REPLACED` where a `place` was given, and the folder is another
   */
  async remove(
    top: string,
    { files, emptyFolders = [], kept = [], place }: Removal,
  ): Promise<ReadonlyMap<number, Error>> {
    const removal = {
      files: files.map(absolute),
      emptyFolders: emptyFolders.map(absolute),
      kept: kept.map(absolute),
      place,
    };
    return fromFailures(await this.#started().ask("remove", top, absolute(top), removal));
  }

  /** Of what files of the server journals tell; of those that are damaged, or cannot be read, nothing. */
  async interrupted(journals: readonly string[]): Promise<Interrupted[]> {
    return this.#started().ask("interrupted", journals[0] ?? "", journals.map(absolute));
  }

  /**
   * Removes what is left of downloads below a folder, but for those that somebody is at work with, and what folders become empty
   * by it.
   *
   * @throws {TargetError} `REPLACED` where a `place` was given, and the folder is another
   */
  async dropInterrupted(
    top: string,
    all: readonly Interrupted[],
    { kept = [], place }: Pick<Removal, "kept" | "place"> = {},
  ): Promise<void> {
    const staying = { kept: kept.map(absolute), place };
    await this.#started().ask("dropInterrupted", top, absolute(top), all, staying);
  }

  /**
   * Looks whether a folder is still the one that was prepared.
   *
   * @throws {TargetError} `REPLACED` where it is not
   */
  async checkPlace(folder: string, place: string): Promise<void> {
    await this.#started().ask("checkPlace", folder, absolute(folder), place);
  }

  /** Gives a file that time, in seconds since 1970, as far as the file system takes it. A link is left alone. */
  async setModified(path: string, modified: number): Promise<void> {
    await this.#started().ask("setModified", path, absolute(path), modified);
  }

  /**
   * The SHA-256 of the file at that path, in lower-case hexadecimal. Other work is done meanwhile.
   *
   * @param signal gives it up: it rejects with the signal's reason
   */
  async digest(path: string, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    try {
      return await this.#droppable(signal, (thread, number) =>
        thread.ask("digest", path, absolute(path), number),
      );
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  }

  /** Keeps the parts that are under way and ends the thread. Nothing can be asked afterwards. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#thread?.close();
  }

  /** Asks for what takes long, and has the thread drop it when the signal aborts. */
  async #droppable<T>(
    signal: AbortSignal | undefined,
    ask: (thread: Thread, number: number) => Promise<T>,
  ): Promise<T> {
    const thread = this.#started();
    this.#droppables += 1;
    const number = this.#droppables;
    const drop = (): void => void thread.ask("drop", "", number).catch(() => {});
    signal?.addEventListener("abort", drop, { once: true });
    try {
      return await ask(thread, number);
    } finally {
      signal?.removeEventListener("abort", drop);
    }
  }

  #started(): Thread {
    if (this.#closed) throw new Error("The disk is closed");
    if (!this.#thread?.isAlive) this.#thread = new Thread();
    return this.#thread;
  }
}

/** Taken now: the working directory is the process's, and may change meanwhile. */
const absolute = (path: string): string => resolve(path);

/** Only what can be sent to a thread. */
function plain({ name, version, size, modified }: RemoteFile): RemoteFile {
  return { name, version, size, modified };
}
