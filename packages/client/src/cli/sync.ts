// fileshare sync [FOLDER]

import { join, relative, resolve } from "node:path";
import { ConexionError, printable } from "@fileshare/protocol";
import type { Cliente } from "../cliente.js";
import type { SyncedFile, SyncProgress } from "../sync/options.js";
import type { DownloadEvent } from "../transfer/download.js";
import { exitCodes } from "./exit-codes.js";
import type { TransferFlags } from "./flags.js";
import { isInterruption } from "./interrupt.js";
import { exitCodeOf, messageOf } from "./messages.js";
import { goOnText, writeError } from "./output.js";
import type { Reporter, Summary } from "./reporter.js";
import { jsonReporter } from "./reporter-json.js";
import { quietReporter } from "./reporter-quiet.js";
import { filesText, type Lines, paceLine, textReporter } from "./reporter-text.js";
import { Screen } from "./screen.js";
import { Arrivals, Tally } from "./tally.js";
import { sizeText } from "./units.js";

export interface SyncFlags extends TransferFlags {
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  readonly delete?: boolean | undefined;
  readonly maxDelete?: number | undefined;
  readonly dryRun?: boolean | undefined;
}

/** Brings a folder to what the server has, and tells what was done. */
export async function sync(
  cliente: Cliente,
  folder: string,
  flags: SyncFlags,
  signal: AbortSignal,
): Promise<number> {
  return new Syncing(cliente, folder, flags, signal).run();
}

class Syncing {
  readonly #cliente: Cliente;
  readonly #folder: string;
  readonly #flags: SyncFlags;
  readonly #signal: AbortSignal;
  readonly #tally = new Tally();
  readonly #arrivals = new Arrivals(this.#tally);
  readonly #reporter: Reporter;
  #downloaded = 0;
  #unchanged = 0;
  #deleted = 0;
  #failed = 0;
  /** How many of these are of folders, and how many are connections that were lost over a file. */
  #failedFolders = 0;
  #lost = 0;
  #bytes = 0;

  constructor(cliente: Cliente, folder: string, flags: SyncFlags, signal: AbortSignal) {
    this.#cliente = cliente;
    this.#folder = folder;
    this.#flags = flags;
    this.#signal = signal;
    this.#reporter = flags.json
      ? jsonReporter(this.#tally, flags)
      : flags.quiet
        ? quietReporter
        : textReporter(new Screen(), this.#tally, lines);
  }

  async run(): Promise<number> {
    const { resume, retries, fsync, checksum, include, exclude, maxDelete, dryRun, maxListing } = this.#flags;
    let failure: unknown;
    try {
      await this.#cliente.sincronizar(this.#folder, {
        include,
        exclude,
        delete: this.#flags.delete,
        maxDelete,
        dryRun,
        checksum,
        resume,
        fsync,
        retries,
        maxListingBytes: maxListing,
        onFile: (file) => this.#noteFile(file),
        onProgress: (progress) => this.#noteProgress(progress),
        onEvent: (name, event) => this.#noteEvent(name, event),
        signal: this.#signal,
      });
    } catch (error) {
      failure = error;
    }
    const left = Math.max(0, this.#tally.files - this.#downloaded - (this.#failed - this.#failedFolders));
    const interrupted = isInterruption(this.#signal);
    if (failure !== undefined && !interrupted) {
      this.#failed += 1;
      this.#reporter.failed(undefined, failure, false);
    }
    this.#reporter.summary(this.#summary(left));
    return this.#end(failure);
  }

  #end(failure: unknown): number {
    if (failure === undefined) return this.#exitCode;
    const interrupted = isInterruption(this.#signal);
    if (interrupted) writeError(messageOf(failure));
    const goesOn = this.#signal.aborted || failure instanceof ConexionError;
    if (goesOn && this.#tally.arrived > 0) writeError(goOnText);
    return interrupted ? exitCodes.interrupted : exitCodeOf(failure);
  }

  /** Where the sync came to its end. */
  get #exitCode(): number {
    if (this.#failed === 0) return exitCodes.done;
    return this.#lost === this.#failed ? exitCodes.noConnection : exitCodes.failed;
  }

  #noteFile(file: SyncedFile): void {
    switch (file.type) {
      case "downloaded":
        this.#downloaded += 1;
        this.#bytes += file.bytes;
        this.#reporter.done({ name: file.nombre, path: this.#pathOf(file.path), bytes: file.bytes });
        break;
      case "folder":
        this.#reporter.made(file.nombre, this.#pathOf(file.path));
        break;
      case "deleted":
        this.#deleted += 1;
        this.#reporter.deleted(file.nombre, this.#pathOf(file.path));
        break;
      case "failed":
        this.#failed += 1;
        if (file.nombre.endsWith("/")) this.#failedFolders += 1;
        if (file.error instanceof ConexionError) this.#lost += 1;
        this.#reporter.failed(file.nombre, file.error, false);
        break;
    }
  }

  #noteProgress({ unchanged, files, done, total, received }: SyncProgress): void {
    this.#unchanged = unchanged;
    this.#tally.files = files;
    this.#tally.finished = done;
    this.#tally.total = total;
    this.#arrivals.progress(received);
    if (files > 0) this.#reporter.overall();
  }

  #noteEvent(name: string | undefined, event: DownloadEvent): void {
    if (event.type === "resumed") this.#arrivals.resumed(event.bytes);
    this.#reporter.event(name, event);
  }

  /** As get has it: from the folder as it was given. */
  #pathOf(path: string): string {
    return join(this.#folder, relative(resolve(this.#folder), path));
  }

  #summary(left: number): Summary {
    return {
      downloaded: this.#downloaded,
      skipped: this.#unchanged,
      deleted: this.#deleted,
      failed: this.#failed,
      left,
      bytes: this.#bytes,
      arrived: this.#tally.arrived,
      seconds: this.#tally.seconds,
      dryRun: this.#flags.dryRun === true,
      interrupted: isInterruption(this.#signal),
    };
  }
}

const lines: Lines = {
  done: ({ name }) => printable(name),
  skipped: () => undefined,
  summary(summary) {
    const { downloaded, skipped, deleted, failed, bytes, dryRun } = summary;
    const would = dryRun ? "would be " : "";
    const parts = [`${filesText(downloaded)} ${would}downloaded`, `${skipped} unchanged`];
    if (deleted > 0) parts.push(`${deleted} ${would}deleted`);
    if (failed > 0) parts.push(`${failed} failed`);
    return `${parts.join(", ")}; ${dryRun ? `${sizeText(bytes)} (dry run)` : paceLine(summary)}`;
  },
};
