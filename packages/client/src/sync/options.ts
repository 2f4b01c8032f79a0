// What a sync may be told, and what it tells.

import type { DownloadEvent } from "../transfer/download.js";
import type { FilterOptions } from "./filter.js";

/** What a sync may be told. It rejects with what one of the functions throws. */
export interface SyncOptions extends FilterOptions {
  /**
   * Removes files and empty folders from the folder that the server does not have, and with them folders that become empty by
   * it. What the patterns leave out stays, and so do folders that the server has, though they mean nothing in them, and all below
   * a folder that the server cannot look into. A file or folder in whose way something surplus stands is brought after that is
   * removed. Default false.
   */
  readonly delete?: boolean | undefined;
  /**
   * How many files and empty folders `delete` may remove: where the server does not have more, none is removed, and the sync ends
   * with a SurplusError when all the rest is done. A guard against a server that has come to share another folder, or an empty
   * one. Default any number.
   */
  readonly maxDelete?: number | undefined;
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
  /** As in a download, and for the listing. Default as there. */
  readonly retries?: number | undefined;
  /**
   * How many bytes of memory the names that the server lists may take, as far as the patterns mean them, and with `delete` the
   * folders of the others: they are kept until the listing is at its end. Default 1 GiB, some six million files, which Node's memory on a machine of 4 GiB holds; for more,
   * give Node more too (`--max-old-space-size`).
   */
  readonly maxListingBytes?: number | undefined;
  /** Told of each file that is done with. */
  readonly onFile?: ((file: SyncedFile) => void) | undefined;
  /** Told how far the whole has come. */
  readonly onProgress?: ((progress: SyncProgress) => void) | undefined;
  /**
   * Told when the download of a file is picked up, starts over or is tried again; and, without a name, when the listing is
   * tried again.
   */
  readonly onEvent?: ((nombre: string | undefined, event: DownloadEvent) => void) | undefined;
  /** Gives the sync up. Files that are there stay, and the next sync goes on. */
  readonly signal?: AbortSignal | undefined;
}

/** What became of a file, or of a folder in which there is nothing, or nothing any more. The names of folders end in `/`. */
export type SyncedFile =
  | { readonly type: "downloaded"; readonly nombre: string; readonly path: string; readonly bytes: number }
  | { readonly type: "folder"; readonly nombre: string; readonly path: string }
  | { readonly type: "deleted"; readonly nombre: string; readonly path: string }
  | { readonly type: "failed"; readonly nombre: string; readonly error: unknown };

/** How far a sync has come. What the server has is only known when its listing is at its end. */
export interface SyncProgress {
  /** Files that were compared, and those of them that were the same. */
  readonly compared: number;
  readonly unchanged: number;
  /** Files to be fetched, and those that are there. */
  readonly files: number;
  readonly done: number;
  /**
   * Bytes of the files to be fetched, as they were listed or, where a file has changed since, as it is; and those that have
   * arrived. Those of a file that changes while it comes are taken back, and so `received` may become less.
   */
  readonly total: number;
  readonly received: number;
}

/** What a sync has done, or would do. */
export interface SyncReport {
  readonly downloaded: readonly string[];
  /** Folders in which there is nothing that were made, with a `/` at their ends. */
  readonly folders: readonly string[];
  /** How many files were there already. */
  readonly unchanged: number;
  /** Names, below the folder, of removed files, and of removed folders with a `/` at their ends: each after what was in it. */
  readonly deleted: readonly string[];
  /** What could not be saved, removed, or looked into by the server, and why. The names of folders end in `/`. */
  readonly failed: readonly { readonly nombre: string; readonly error: unknown }[];
  /** Bytes of what was downloaded. */
  readonly bytes: number;
}
