// What a download may be told, and what it tells.

import type { RemoteDetails } from "./details.js";
import type { DownloadEvent } from "./download.js";

/** How far a download has come. */
export interface Progress {
  readonly nombre: string;
  /** Bytes that are there: those of an earlier run that was cut off too. It goes back where bytes have to come again. */
  readonly received: number;
  /** Bytes that there are in all. */
  readonly total: number;
}

/** What a download may be told. */
export interface DownloadOptions {
  /** The folder to save in; made if need be, when the server gives the file. Default `descargas`, as the protocol's first client has it. */
  readonly folder?: string | undefined;
  /** The name to save under, where it is to be another than the server's. */
  readonly saveAs?: string | undefined;
  /**
   * What a listing said of the file: it need not be asked again, so that many files go at once, and one that is there is
   * skipped without a request. One that has changed since is noticed. Default: the server is asked.
   */
  readonly known?: RemoteDetails | undefined;
  /**
   * Whether what an interrupted download left is picked up, and left by this one where it fails for want of a connection,
   * or is given up: hidden files beside the target, which the next download to it uses and removes. Default true.
   */
  readonly resume?: boolean | undefined;
  /**
   * Whether nothing is fetched where a file of the same size and modification time is there already. Default true. A
   * server that does not tell these sends the file anyhow.
   */
  readonly skipIdentical?: boolean | undefined;
  /** Whether the file and its folder are on the disk itself when it appears, to outlast a power cut. Default false. */
  readonly fsync?: boolean | undefined;
  /**
   * How often in a row a lost connection, or damaged bytes, may be tried again while nothing comes forward. Default 5: some
   * six seconds; but 0 until the server has shown that it can send parts of a file, as one of old may end the connection
   * to refuse. One that says nothing to the first request is asked first which it is.
   */
  readonly retries?: number | undefined;
  /** Called when the download begins, with what is there already, and as bytes arrive. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Called when it is picked up, starts over or is tried again. */
  readonly onEvent?: ((event: DownloadEvent) => void) | undefined;
  /** Gives the download up; it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A finished download. */
export interface Downloaded {
  readonly nombre: string;
  /** Where the file was saved, from the folder as it was given. */
  readonly path: string;
  readonly bytes: number;
  /** How many of them an earlier run had left. */
  readonly resumed: number;
  /** Whether the file was there already, and nothing was fetched. */
  readonly skipped: boolean;
}
