// What a person, or a program, is told of downloads.

import type { DownloadEvent } from "../transfer/download.js";

/** A file that is there. */
export interface SavedFile {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  /** Where it was asked for and compared. */
  readonly sha256?: string | undefined;
}

/** How a command ended. */
export interface Summary {
  readonly downloaded: number;
  readonly skipped: number;
  readonly deleted: number;
  /** How many errors were told: of files, and of the whole. */
  readonly failed: number;
  /** Files that were not come to, as the connection was lost or the command interrupted. */
  readonly left: number;
  /** Bytes of the files that were downloaded. */
  readonly bytes: number;
  /** Bytes that came over the wire. */
  readonly arrived: number;
  readonly seconds: number;
  readonly dryRun: boolean;
  readonly interrupted: boolean;
}

/** Is told how downloads go. Names are the server's. */
export interface Reporter {
  begin(name: string, size: number): void;
  progress(name: string, received: number, total: number): void;
  /** How far all have come has changed. */
  overall(): void;
  /** @param name undefined where it is the listing that is tried again */
  event(name: string | undefined, event: DownloadEvent): void;
  done(file: SavedFile): void;
  skipped(file: SavedFile): void;
  /** A folder in which there is nothing. */
  made(name: string, path: string): void;
  deleted(name: string, path: string): void;
  /**
   * @param name undefined where it is no single file that failed
   * @param resumable something of it is kept
   */
  failed(name: string | undefined, error: unknown, resumable: boolean): void;
  /** The last. */
  summary(summary: Summary): void;
}
