// One file from the server to the disk: what is missing is asked for in ranges, checked, and recorded as it comes; what is
// lost on the way is asked for again.

import { setMaxListeners } from "node:events";
import type { Mensaje } from "@fileshare/protocol";
import { Disk, type Part, type Range, type RemoteFile, type Segment } from "../disk/disk.js";
import { isSameTime } from "../disk/times.js";
import { ChangedError, RefusedError, TargetError } from "../errors.js";
import { retryingFile } from "./file-retry.js";
import type { Link } from "./link.js";
import { Missing } from "./missing.js";
import { type RangeReply, type RangeRequest, rangeMensaje, readRangeReply, TOLD_BYTES } from "./remote.js";
import { ALONE_AFTER, type RetryEvent } from "./retry.js";
import type { Transfers } from "./transfers.js";

/** How often a file may change while it is asked for before it is given up. */
export const MOST_CHANGES = 5;

/** Up to this many bytes, a file is asked for and saved whole. Its reply is held in memory. */
const SMALL_BYTES = 64 * 1024;

/** How many pieces may be on their way to the disk, for each range, while the next ones arrive. */
const PIECES_UNDER_WAY = 3;

/** A file that is there. */
export interface LocalFile {
  /** Bytes. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly modified: number;
  /** In what steps such a time is kept there, in seconds; 0 where it is kept exactly. */
  readonly step: number;
}

/** What happens to a download, besides its progress. */
export type DownloadEvent =
  /** Bytes of an interrupted download are there already: so many. */
  | { readonly type: "resumed"; readonly bytes: number }
  /** The file has changed on the server, or what was there of it was damaged: it is fetched from its start. */
  | { readonly type: "restarted" }
  /** Something failed, and is tried again: told once, though several ranges of the file fail by it, and wait each by itself. */
  | RetryEvent;

/** What is to be downloaded, and how. */
export interface DownloadJob {
  readonly nombre: string;
  /** Absolute path. */
  readonly target: string;
  /** Makes the folder that it is in; undefined where that is there. */
  readonly makeFolder?: (() => Promise<void>) | undefined;
  /** What is known of the file from a listing. */
  readonly known?: RemoteFile | undefined;
  /** What is at the target: nothing is fetched where the server's is the same. */
  readonly existing?: LocalFile | undefined;
  readonly resume: boolean;
  readonly fsync: boolean;
  /** How often in a row it may fail, with nothing coming forward meanwhile. */
  readonly retries: number | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (received: number, total: number) => void;
  readonly onEvent: (event: DownloadEvent) => void;
}

/** What was downloaded. */
export interface DownloadResult {
  readonly bytes: number;
  /** Bytes that an earlier run had left. */
  readonly resumed: number;
  /** The file was there already. */
  readonly skipped: boolean;
}

/** Downloads a file, from its start again where it changes meanwhile. */
export async function download(transfers: Transfers, job: DownloadJob): Promise<DownloadResult> {
  let { known } = job;
  for (let changes = 0; ; changes++) {
    try {
      return await new Download(transfers, job, known).run();
    } catch (error) {
      if (!(error instanceof ChangedError) || changes >= MOST_CHANGES) throw error;
      job.signal.throwIfAborted();
      job.onEvent({ type: "restarted" });
      known = undefined;
    }
  }
}

/** One version of a file on its way. */
class Download {
  readonly #transfers: Transfers;
  readonly #job: DownloadJob;
  #file: RemoteFile | undefined;
  #part: Part | undefined;
  #beginning: Promise<Part> | undefined;
  #missing = new Missing([]);
  /** Bytes on disk that were checked, and bytes that arrived of ranges that are not at their end. */
  #recorded = 0;
  #arrived = 0;
  #resumed = 0;
  /** What the file system refused. Whatever else fails from then on is not told: nothing is tried again. */
  #refusal: TargetError | undefined;
  #saved = false;
  #skipped = false;
  /** Whether what is asked for next may break the connection. */
  #alone = false;
  /** The failure that was told last: all that a lost connection takes with it fails by the same one. */
  #told: unknown;

  constructor(transfers: Transfers, job: DownloadJob, known: RemoteFile | undefined) {
    this.#transfers = transfers;
    this.#job = job;
    this.#file = known;
  }

  async run(): Promise<DownloadResult> {
    try {
      await this.#first();
      if (this.#resumed > 0 && this.#missing.bytes === 0) await this.#confirm();
      await this.#rest();
      const { size } = this.#file as RemoteFile;
      this.#job.signal.throwIfAborted();
      if (!this.#saved && !this.#skipped) await this.#part?.finish();
      return { bytes: size, resumed: this.#resumed, skipped: this.#skipped };
    } catch (error) {
      await this.#leave(error);
      this.#job.signal.throwIfAborted();
      throw error;
    }
  }

  /** Asks for the first bytes that are missing, and so learns what the file is. */
  async #first(): Promise<void> {
    const { resume, target, nombre, signal } = this.#job;
    const mayBePart = resume && (this.#file?.size ?? Number.POSITIVE_INFINITY) > SMALL_BYTES;
    const pending = mayBePart ? await this.#transfers.disk.pending(target) : undefined;
    if (pending?.file.name === nombre && (!this.#file || pending.file.version === this.#file.version)) {
      this.#file = pending.file;
      await this.#begin(pending.file);
      return;
    }
    // Before the server has given any of it, no folder is made for it.
    if (this.#file && this.#file.size > SMALL_BYTES && !this.#job.makeFolder) {
      await this.#begin(this.#file);
      return;
    }
    await this.#retrying(async () => {
      // Of what has begun, the rest is fetched below. An old server sends it from its start again.
      if (this.#part && this.#file?.version) return;
      await this.#fetch({ start: 0, end: this.#firstEnd() }, signal);
    }, signal);
  }

  /** Where the first range ends. */
  #firstEnd(): number {
    const { pace } = this.#transfers;
    return this.#file?.version ? Math.min(this.#file.size, pace.bytes) : this.#firstBytes();
  }

  /** How many bytes to ask for of a file that is not known. */
  #firstBytes(): number {
    if (this.#transfers.tellsLate) return TOLD_BYTES;
    // Where nothing may have to be fetched, little is asked for.
    return this.#job.existing ? SMALL_BYTES : this.#transfers.pace.bytes;
  }

  /** Asks whether the file is still that of which all is there. */
  async #confirm(): Promise<void> {
    const { nombre, signal } = this.#job;
    const request = this.#request({ start: 0, end: 0 });
    await this.#retrying(
      () =>
        this.#transfers.ask(
          (id) => rangeMensaje(request, id),
          async (mensaje) => {
            const reply = readRangeReply(request, mensaje);
            if (!reply.file) throw new ChangedError(nombre);
            await reply.content.bytes();
            reply.end();
          },
          { bytes: 0, signal },
        ),
      signal,
    );
  }

  /** Fetches what is still missing, several ranges at once. */
  async #rest(): Promise<void> {
    if (this.#missing.bytes === 0) return;
    const { signal } = this.#job;
    signal.throwIfAborted();
    const given = new AbortController();
    setMaxListeners(0, given.signal);
    const giveUp = (): void => given.abort(signal.reason);
    signal.addEventListener("abort", giveUp, { once: true });
    const work = async (): Promise<void> => {
      try {
        while (this.#missing.bytes > 0) await this.#retrying(() => this.#next(given.signal), given.signal);
      } catch (error) {
        // What the others have asked for arrives still, as `#saveRange` says.
        if (error !== this.#refusal) given.abort(error);
      }
    };
    const count = Math.min(
      this.#transfers.ranges,
      Math.ceil(this.#missing.bytes / this.#transfers.pace.bytes),
    );
    await Promise.all(Array.from({ length: count }, work));
    signal.removeEventListener("abort", giveUp);
    signal.throwIfAborted();
    if (this.#refusal) throw this.#refusal;
    given.signal.throwIfAborted();
  }

  /** Fetches the next range that is missing. */
  async #next(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#refusal) throw this.#refusal;
    const range = this.#missing.take(this.#transfers.pace.bytes);
    if (!range) return;
    try {
      const { end } = await this.#fetch(range, signal);
      // Not before all is known to be right with the reply: another one may take it at once.
      this.#missing.putBack({ start: end, end: range.end });
    } catch (error) {
      this.#missing.putBack(range);
      // What was wrong with the reply may have stood behind bytes that are right.
      for (const recorded of this.#part?.recorded ?? []) this.#missing.remove(recorded);
      throw this.#refusal ?? error;
    }
  }

  async #retrying(attempt: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const { onEvent, retries } = this.#job;
    await retryingFile(this.#transfers, attempt, {
      retries,
      signal,
      progress: () => this.#recorded,
      onRetry: (error, waitMs, failures) => {
        this.#alone = failures >= ALONE_AFTER;
        this.#transfers.pace.lost();
        if (error === this.#told) return;
        this.#told = error;
        onEvent({ type: "retry", error, waitMs });
      },
    });
  }

  /** Asks for a range and saves what comes, which may be less of it: that is given. */
  async #fetch(range: Range, signal: AbortSignal): Promise<Range> {
    const request = this.#request(range);
    const came = await this.#transfers.ask(
      (id) => rangeMensaje(request, id),
      (reply, link) => this.#receive(request, reply, link),
      { bytes: range.end - range.start, signal, alone: this.#alone },
    );
    this.#alone = false;
    return came;
  }

  #request(range: Range): RangeRequest {
    const file = this.#file?.version ? this.#file : undefined;
    return { nombre: this.#job.nombre, range, file, checksums: Disk.algorithms };
  }

  async #receive(request: RangeRequest, mensaje: Mensaje, link: Link): Promise<Range> {
    const reply = readRangeReply(request, mensaje);
    // What came of a file of which nothing was told cannot be gone on with.
    if (!this.#file?.version) await this.#startOver();
    const file = reply.file ?? this.#oldFile(reply.content.length);
    this.#file = file;
    if (!this.#beginning && isSame(file, this.#job.existing)) {
      this.#skipped = true;
      return reply.range;
    }
    if (!this.#beginning && file.size <= SMALL_BYTES && reply.content.length === file.size) {
      await this.#saveWhole(file, reply);
      return reply.range;
    }
    const part = await this.#begin(file);
    await this.#saveRange(part, reply, link);
    // Of the first it was not known before what it would be of.
    this.#missing.remove(reply.range);
    return reply.range;
  }

  /** What can be said of a file that an old server sends: nothing that would let it be picked up where it was cut. */
  #oldFile(size: number): RemoteFile {
    const { nombre } = this.#job;
    if (this.#file?.version) throw new ChangedError(nombre);
    return { name: nombre, version: "", size, modified: Date.now() / 1000 };
  }

  async #startOver(): Promise<void> {
    await this.#part?.discard();
    this.#part = this.#beginning = undefined;
  }

  async #saveWhole(file: RemoteFile, reply: RangeReply): Promise<void> {
    const { target, fsync, resume, onProgress, signal } = this.#job;
    onProgress(0, file.size);
    const bytes = await reply.content.bytes();
    const checksum = reply.end();
    await this.#transfers.rate.pass(bytes.length, signal);
    if (file.size > 0) onProgress(file.size, file.size);
    signal.throwIfAborted();
    await this.#job.makeFolder?.();
    await this.#transfers.disk.save(target, file, bytes, checksum, { fsync, resume });
    this.#saved = true;
  }

  #begin(file: RemoteFile): Promise<Part> {
    this.#beginning ??= this.#beginPart(file);
    return this.#beginning;
  }

  async #beginPart(file: RemoteFile): Promise<Part> {
    const { target, fsync, resume, onEvent } = this.#job;
    await this.#job.makeFolder?.();
    const part = await this.#transfers.disk.begin(target, file, { fsync, resume });
    this.#part = part;
    this.#missing = new Missing([{ start: 0, end: file.size }]);
    for (const range of part.have) this.#missing.remove(range);
    this.#resumed = this.#recorded = file.size - this.#missing.bytes;
    if (part.startedOver) onEvent({ type: "restarted" });
    if (this.#resumed > 0) onEvent({ type: "resumed", bytes: this.#resumed });
    this.#tell();
    return part;
  }

  async #saveRange(part: Part, reply: RangeReply, { buffers }: Link): Promise<void> {
    const { start, end } = reply.range;
    const segment = part.segment(start, end, reply.file ? Disk.algorithms[0] : undefined);
    const started = performance.now();
    let arrived = 0;
    const underWay: Promise<void>[] = [];
    try {
      for await (const piece of reply.content.lend()) {
        // To cut the connection instead would cost other requests on it theirs, and them be told of first.
        if (this.#refusal) continue;
        await this.#transfers.rate.pass(piece.length, this.#job.signal);
        const writing = write(segment, piece, buffers.hold(piece));
        // It may fail while the next piece is awaited; whoever comes to it hears of it.
        writing.catch((error: unknown) => this.#noteRefusal(error));
        underWay.push(writing);
        if (underWay.length > PIECES_UNDER_WAY) await underWay.shift()?.catch(this.#readOn);
        arrived += piece.length;
        this.#arrived += piece.length;
        this.#tell();
      }
      await Promise.all(underWay);
      if (this.#refusal) throw this.#refusal;
      const checksum = reply.end();
      await segment.end(checksum);
      this.#recorded += end - start;
      this.#transfers.pace.took(end - start, performance.now() - started);
    } catch (error) {
      this.#noteRefusal(error);
      await Promise.allSettled(underWay);
      segment.abandon();
      throw error;
    } finally {
      this.#arrived -= arrived;
    }
  }

  #noteRefusal(error: unknown): void {
    if (error instanceof TargetError) this.#refusal ??= error;
  }

  readonly #readOn = (error: unknown): void => {
    if (!this.#refusal) throw error;
  };

  #tell(): void {
    this.#job.onProgress(this.#recorded + this.#arrived, this.#file?.size ?? 0);
  }

  /** What was recorded stays for a later run, unless it is of no use: then nothing is left. */
  async #leave(error: unknown): Promise<void> {
    const part = this.#part ?? (await this.#beginning?.catch(() => undefined));
    if (error instanceof RefusedError && error.reason === "NOT_FOUND") {
      // What is there of it will never be more.
      await part?.discard().catch(() => {});
      await this.#transfers.disk.forget(this.#job.target, this.#job.nombre).catch(() => {});
      return;
    }
    if (!part) return;
    const useless = error instanceof ChangedError || error instanceof TargetError;
    await (useless ? part.discard() : part.keep()).catch(() => {});
  }
}

/** Whether a local file is taken for that of the server: of the same size and time. */
export function isSame(file: Pick<RemoteFile, "size" | "modified">, local: LocalFile | undefined): boolean {
  return local?.size === file.size && isSameTime(file.modified, local.modified, local.step);
}

async function write(segment: Segment, piece: Uint8Array, release: () => void): Promise<void> {
  try {
    await segment.write(piece);
  } finally {
    release();
  }
}
