// fileshare get NAME...

import { setMaxListeners } from "node:events";
import { ConexionError, printable } from "@fileshare/protocol";
import type { Cliente } from "../cliente.js";
import { RefusedError, ThreadError, UnreadableError } from "../errors.js";
import { isSameHere } from "../sync/collisions.js";
import type { DownloadEvent } from "../transfer/download.js";
import type { Downloaded } from "../transfer/options.js";
import { targetPath } from "../transfer/target.js";
import { checkFolder } from "../transfer/target-folder.js";
import { Budget, weightOf } from "./budget.js";
import { exitCodes } from "./exit-codes.js";
import type { TransferFlags } from "./flags.js";
import { getToStdout } from "./get-stdout.js";
import { isInterruption } from "./interrupt.js";
import { exitCodeOf, retryText } from "./messages.js";
import { type FindOptions, type WantedFile, type WantedFiles, wantedFiles } from "./names.js";
import { NoMatchError, NotOneError, RemoteFolderError } from "./not-found.js";
import { goOnText, writeError } from "./output.js";
import { isFolder } from "./remote-folder.js";
import type { Reporter, SavedFile } from "./reporter.js";
import { jsonReporter } from "./reporter-json.js";
import { quietReporter } from "./reporter-quiet.js";
import { filesText, type Lines, paceLine, sha256sumLine, textReporter } from "./reporter-text.js";
import { sameFilesIn } from "./same-files.js";
import { Screen } from "./screen.js";
import { Arrivals, Tally } from "./tally.js";
import { sizeText } from "./units.js";
import { DiffersError, Verifier } from "./verify.js";

export interface GetFlags extends TransferFlags {
  /** A folder, or `-` for stdout. */
  readonly output: string;
  readonly saveAs?: string | undefined;
}

/** Downloads files, many at once. What keeps one back alone does not end the rest; a lost connection does, or no thread. */
export async function get(
  cliente: Cliente,
  names: readonly string[],
  flags: GetFlags,
  signal: AbortSignal,
): Promise<number> {
  const { output, retries, maxListing, quiet } = flags;
  const find = (onEvent: FindOptions["onEvent"]): Promise<WantedFiles> =>
    wantedFiles(cliente, names, { retries, maxListing, onEvent, signal });
  if (output === "-") {
    const wanted = await find(quiet ? undefined : (event) => writeError(retryText(event)));
    return getToStdout(cliente, wanted, flags, signal);
  }
  return new Getting(cliente, flags, signal).run(find);
}

/** The same, of files that were found out. */
export function getFiles(
  cliente: Cliente,
  wanted: WantedFiles,
  flags: GetFlags,
  signal: AbortSignal,
): Promise<number> {
  return new Getting(cliente, flags, signal).run(async () => wanted);
}

class Getting {
  readonly #cliente: Cliente;
  readonly #flags: GetFlags;
  readonly #signal: AbortSignal;
  /** Ends all downloads: the command is interrupted, or the connection lost. */
  readonly #end = new AbortController();
  readonly #tally = new Tally();
  readonly #reporter: Reporter;
  readonly #verifier = new Verifier();
  readonly #cutOff: string[] = [];
  #exitCode: number = exitCodes.done;
  #downloaded = 0;
  #skipped = 0;
  #failed = 0;
  /** How many of these are of no single file that was expected. */
  #failedWhole = 0;
  #bytes = 0;
  #isResumable = false;

  constructor(cliente: Cliente, flags: GetFlags, signal: AbortSignal) {
    this.#cliente = cliente;
    this.#flags = flags;
    this.#signal = signal;
    // Each file that is compared listens by itself.
    setMaxListeners(0, this.#end.signal);
    this.#reporter = flags.json
      ? jsonReporter(this.#tally)
      : flags.quiet
        ? quietReporter
        : textReporter(new Screen({ toStderr: flags.checksum === true }), this.#tally, linesOf(flags));
  }

  async run(find: (onEvent: FindOptions["onEvent"]) => Promise<WantedFiles>): Promise<number> {
    const onInterrupt = (): void => this.#end.abort(this.#signal.reason);
    this.#signal.addEventListener("abort", onInterrupt, { once: true });
    if (this.#signal.aborted) onInterrupt();
    try {
      await checkFolder(this.#flags.output);
      const { files, unmatched, unreadable } = await find((event) => this.#reporter.event(undefined, event));
      const same = await sameFilesIn(
        this.#flags.output,
        files.map(({ name }) => name),
      );
      const wanted = same.size > 0 ? files.filter(({ name }) => !same.has(name)) : files;
      this.#expect(wanted, unmatched.length + same.size);
      for (const [name, other] of same) this.#fail(name, isSameHere(name, other), false);
      for (const pattern of unmatched) this.#fail(pattern, new NoMatchError(pattern), false);
      for (const folder of unreadable) this.#failFolder(folder);
      if (this.#flags.saveAs !== undefined && files.length > 1) throw new NotOneError(files.length);
      await this.#fetchAll(wanted);
    } catch (error) {
      if (!this.#signal.aborted) this.#failAll(error);
    }
    this.#signal.removeEventListener("abort", onInterrupt);
    const interrupted = isInterruption(this.#signal);
    if (this.#signal.aborted && !interrupted) this.#failAll(this.#signal.reason);
    for (const path of this.#cutOff) this.#isResumable ||= await this.#verifier.isResumable(path);
    await this.#verifier.close();
    this.#reporter.summary({
      downloaded: this.#downloaded,
      skipped: this.#skipped,
      deleted: 0,
      failed: this.#failed,
      left: this.#tally.files - this.#downloaded - this.#skipped - (this.#failed - this.#failedWhole),
      bytes: this.#bytes,
      arrived: this.#tally.arrived,
      seconds: this.#tally.seconds,
      dryRun: false,
      interrupted,
    });
    if (interrupted) writeError("Interrupted");
    if (this.#isResumable) writeError(goOnText);
    return interrupted ? exitCodes.interrupted : this.#exitCode;
  }

  /** @param others so many that have failed already */
  #expect(files: readonly WantedFile[], others: number): void {
    this.#tally.files = files.length + others;
    for (const { known } of files) {
      if (known?.size === undefined) this.#tally.unknown += 1;
      else this.#tally.total += known.size;
    }
  }

  async #fetchAll(files: readonly WantedFile[]): Promise<void> {
    const budget = new Budget();
    const underWay = new Set<Promise<void>>();
    for (const file of files) {
      const weight = weightOf(file.known?.size);
      await budget.take(weight);
      if (this.#end.signal.aborted) break;
      const fetching = this.#fetch(file).finally(() => {
        underWay.delete(fetching);
        budget.give(weight);
      });
      underWay.add(fetching);
    }
    await Promise.all(underWay);
  }

  async #fetch(file: WantedFile): Promise<void> {
    const { name } = file;
    const step = new Step(file, this.#tally, this.#reporter);
    try {
      const saved = await this.#save(file, step);
      step.end(saved.bytes);
      const { path, bytes, sha256 } = saved;
      const told: SavedFile = { name, path, bytes, ...(sha256 !== undefined && { sha256 }) };
      if (this.#flags.checksum && !this.#flags.json && sha256 !== undefined) {
        process.stdout.write(`${sha256sumLine(sha256, path)}\n`);
      }
      if (saved.skipped) {
        this.#skipped += 1;
        this.#reporter.skipped(told);
      } else {
        this.#downloaded += 1;
        this.#bytes += bytes;
        this.#reporter.done(told);
      }
    } catch (error) {
      step.end(0);
      // Whoever was the first to lose the connection has said so.
      if (this.#end.signal.aborted) this.#noteCutOff(name);
      else await this.#failFetch(name, error);
    }
  }

  async #failFetch(name: string, error: unknown): Promise<void> {
    if (error instanceof ConexionError || error instanceof ThreadError) this.#end.abort(error);
    const path = this.#pathOf(name);
    const resumable = path !== undefined && (await this.#verifier.isResumable(path));
    this.#isResumable ||= resumable;
    this.#fail(name, await this.#explained(name, error), resumable);
  }

  /** A folder that was asked for as a file is no file that is missing. */
  async #explained(name: string, error: unknown): Promise<unknown> {
    if (!(error instanceof RefusedError) || error.reason !== "NOT_FOUND") return error;
    const isThere = await isFolder(this.#cliente, name, this.#end.signal).catch(() => false);
    return isThere ? new RemoteFolderError(name) : error;
  }

  /** Downloads a file, and where its checksum is asked for compares it; one that differs is downloaded again, once. */
  async #save(file: WantedFile, step: Step): Promise<Downloaded & { readonly sha256?: string }> {
    const { signal } = this.#end;
    const downloaded = await this.#download(file, step, true);
    if (!this.#flags.checksum) return downloaded;
    const { nombre, path } = downloaded;
    const first = await this.#verifier.common(this.#cliente, nombre, path, signal);
    if (first !== undefined) return { ...downloaded, sha256: first };
    // It was there, of the same size and time; or it has changed on the server in the meantime.
    step.event({ type: "restarted" });
    const again = await this.#download({ name: nombre }, step, false);
    const second = await this.#verifier.common(this.#cliente, nombre, path, signal);
    if (second === undefined) throw new DiffersError(path);
    return { ...again, sha256: second };
  }

  #download({ name, known }: WantedFile, step: Step, skipIdentical: boolean): Promise<Downloaded> {
    const { output, saveAs, resume, fsync, retries } = this.#flags;
    return this.#cliente.descargarArchivo(name, {
      folder: output,
      saveAs,
      known,
      skipIdentical,
      resume,
      fsync,
      retries,
      onProgress: ({ received, total }) => step.progress(received, total),
      onEvent: (event) => step.event(event),
      signal: this.#end.signal,
    });
  }

  /** Notes that files may be missing which nobody can name. */
  #failFolder(folder: string): void {
    this.#failedWhole += 1;
    this.#fail(folder, new UnreadableError(folder), false);
  }

  /** Notes what keeps all files back. */
  #failAll(error: unknown): void {
    this.#failedWhole += 1;
    this.#fail(undefined, error, false);
  }

  #fail(name: string | undefined, error: unknown, resumable: boolean): void {
    this.#failed += 1;
    this.#exitCode = Math.max(this.#exitCode, exitCodeOf(error));
    this.#reporter.failed(name, error, resumable);
  }

  #noteCutOff(name: string): void {
    const path = this.#pathOf(name);
    if (path !== undefined) this.#cutOff.push(path);
  }

  #pathOf(name: string): string | undefined {
    try {
      return targetPath(this.#flags.output, this.#flags.saveAs ?? name);
    } catch {
      return undefined;
    }
  }
}

/** What is told of one file, in an order that makes sense: that it begins before what it begins with. */
class Step {
  readonly #name: string;
  readonly #tally: Tally;
  readonly #reporter: Reporter;
  readonly #arrivals: Arrivals;
  /** As it is counted in the tally. */
  #size: number | undefined;
  #begun = false;
  #resumed: DownloadEvent | undefined;

  constructor({ name, known }: WantedFile, tally: Tally, reporter: Reporter) {
    this.#name = name;
    this.#tally = tally;
    this.#reporter = reporter;
    this.#arrivals = new Arrivals(tally);
    this.#size = known?.size;
  }

  progress(received: number, total: number): void {
    this.#setSize(total);
    this.#arrivals.progress(received);
    if (!this.#begun) this.#reporter.begin(this.#name, total);
    this.#begun = true;
    if (this.#resumed) this.#reporter.event(this.#name, this.#resumed);
    this.#resumed = undefined;
    this.#reporter.progress(this.#name, received, total);
  }

  event(event: DownloadEvent): void {
    if (event.type === "resumed") {
      this.#arrivals.resumed(event.bytes);
      this.#resumed = event;
      return;
    }
    if (event.type === "restarted") this.#arrivals.restarted();
    this.#reporter.event(this.#name, event);
  }

  /** @param bytes that are there; 0 where it failed */
  end(bytes: number): void {
    this.#setSize(bytes);
    this.#arrivals.end(bytes);
    this.#tally.finished += 1;
  }

  #setSize(size: number): void {
    if (this.#size === undefined) this.#tally.unknown -= 1;
    this.#tally.total += size - (this.#size ?? 0);
    this.#size = size;
  }
}

function linesOf({ checksum }: GetFlags): Lines {
  return {
    done: ({ name, path, bytes }) => `${printable(name)}: ${sizeText(bytes)} -> ${printable(path)}`,
    skipped: ({ name, path }) => `${printable(name)}: is there already, skipped -> ${printable(path)}`,
    summary(summary) {
      const { downloaded, skipped, failed, left, interrupted } = summary;
      if (!process.stderr.isTTY || checksum || downloaded + skipped + failed + left < 2) return undefined;
      const parts = [`${filesText(downloaded)} downloaded`];
      if (skipped > 0) parts.push(`${skipped} skipped`);
      if (failed > 0) parts.push(`${failed} failed`);
      if (left > 0) parts.push(`${left} not ${interrupted ? "finished" : "tried"}`);
      return `${parts.join(", ")}; ${paceLine(summary)}`;
    },
  };
}
