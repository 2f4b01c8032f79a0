// Several small files from the server to the disk: asked for in one request, checked as one, and saved together. Whatever
// is not just as it was listed is left to the way on which files go one by one.

import type { Mensaje } from "@fileshare/protocol";
import { type Checksum, Disk, type RemoteFile } from "../disk/disk.js";
import { RefusedError } from "../errors.js";
import {
  BATCH_BYTES,
  BATCH_FILE_BYTES,
  BATCH_FILES,
  type BatchColumns,
  type BatchReply,
  batchMensaje,
  batchRequest,
  readBatchReply,
} from "./batch-wire.js";
import { isPassing } from "./retry.js";
import type { Transfers } from "./transfers.js";

/** How many characters the names in a request may have: it must fit into what a server takes. */
const MOST_CHARACTERS = 64 * 1024;

/** A file that was listed, and where it goes. */
export interface BatchFile extends RemoteFile {
  /** Absolute path. */
  readonly target: string;
  /** Whether a file may stand there. */
  readonly replaces: boolean;
}

/** Small files that are fetched together, as columns: in their thousands, each as an object would take longer than its bytes. */
export class Batch implements BatchColumns {
  readonly names: string[] = [];
  readonly sizes: number[] = [];
  readonly modified: number[] = [];
  readonly versions: string[] = [];
  /** Absolute paths of where they go. */
  readonly targets: string[] = [];
  /** Whether files may stand at some of these. */
  replaces = false;
  /** Of all of them. */
  bytes = 0;
  #characters = 0;

  get length(): number {
    return this.names.length;
  }

  /** Whether it takes no more files, however small they are. */
  get isFull(): boolean {
    return this.length === BATCH_FILES;
  }

  /** Whether it takes one more file, where it is to have so many bytes at the most. Into an empty one each goes. */
  takes({ size, name }: RemoteFile, mostBytes: number): boolean {
    if (this.length === 0) return true;
    return (
      !this.isFull && this.bytes + size <= mostBytes && this.#characters + name.length <= MOST_CHARACTERS
    );
  }

  add({ name, size, modified, version, target, replaces }: BatchFile): void {
    this.names.push(name);
    this.sizes.push(size);
    this.modified.push(modified);
    this.versions.push(version);
    this.targets.push(target);
    if (replaces) this.replaces = true;
    this.bytes += size;
    this.#characters += name.length;
  }

  /** A file of them, by its place. */
  at(place: number): BatchFile {
    return {
      name: this.names[place] as string,
      size: this.sizes[place] as number,
      modified: this.modified[place] as number,
      version: this.versions[place] as string,
      target: this.targets[place] as string,
      replaces: this.replaces,
    };
  }
}

/** How a batch is fetched. */
export interface BatchOptions {
  /** Where its bytes are put until they are saved. */
  readonly buffers: BatchBuffers;
  readonly fsync: boolean;
  readonly signal: AbortSignal;
  /** Told of bytes as they arrive. */
  readonly onBytes: (bytes: number) => void;
}

/** Which files were not saved, by their place: why they cannot be; nothing for those that are to be asked for by themselves. */
export type NotSaved = ReadonlyMap<number, Error | undefined>;

/** Memory that batches arrive in, used again and again. It is shared with the thread that saves them. */
export class BatchBuffers {
  readonly #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.from(new SharedArrayBuffer(BATCH_BYTES));
  }

  give(buffer: Buffer): void {
    this.#free.push(buffer);
  }
}

/** Whether a file is one for a batch. */
export function isSmall({ size }: Pick<RemoteFile, "size">): boolean {
  return size <= BATCH_FILE_BYTES;
}

/** How many bytes are asked for at once: what is lost on the way costs one batch. */
export function mostBytesOf({ batches, rate }: Transfers): number {
  return Math.max(BATCH_FILE_BYTES, Math.min(batches.pace.bytes, rate.bytesPerSecond));
}

/**
 * Fetches a batch.
 *
 * @throws {RefusedError} when the server could not do it now
 * @throws {ReplyError} when the reply was damaged on its way
 * @throws {ChecksumError} when the bytes were
 * @throws {ConexionError} when the connection was lost
 */
export async function downloadBatch(
  transfers: Transfers,
  batch: Batch,
  options: BatchOptions,
): Promise<NotSaved> {
  const { buffers, fsync, signal } = options;
  const buffer = buffers.take();
  try {
    const arrived = await ask(transfers, batch, buffer, options);
    if (!arrived) return noneSaved(batch);
    const { reply, checksum } = arrived;
    const { places, starts, content } = reply;
    signal.throwIfAborted();
    const files = {
      targets: picked(batch.targets, places),
      starts,
      sizes: new Float64Array(picked(batch.sizes, places)),
      modified: new Float64Array(picked(batch.modified, places)),
      replaces: batch.replaces,
    };
    const bytes = buffer.subarray(0, content.length);
    const notSaved = await transfers.disk.saveAll(files, bytes, checksum, { fsync, signal });
    return places ? withoutOthers(batch, places, notSaved) : notSaved;
  } finally {
    buffers.give(buffer);
  }
}

/** None of them is, for that reason; without one, each is to be asked for by itself. */
export function noneSaved({ names }: Batch, why?: Error): NotSaved {
  return new Map(names.map((_, place) => [place, why]));
}

/** What of a column stands at those places; all of it where there are none. */
function picked<T>(column: readonly T[], places: readonly number[] | undefined): readonly T[] {
  return places ? places.map((place) => column[place] as T) : column;
}

/** What was not saved of those at some places of a batch, and all that stand at others. */
function withoutOthers(batch: Batch, places: readonly number[], notSaved: NotSaved): NotSaved {
  const all = new Map(noneSaved(batch));
  for (const [nth, place] of places.entries()) {
    if (notSaved.has(nth)) all.set(place, notSaved.get(nth));
    else all.delete(place);
  }
  return all;
}

/** What has arrived, in the buffer; undefined where the server gives no files at once. */
async function ask(
  transfers: Transfers,
  batch: Batch,
  buffer: Buffer,
  { signal, onBytes }: BatchOptions,
): Promise<{ reply: BatchReply; checksum: Checksum } | undefined> {
  const request = batchRequest(batch, Disk.algorithms);
  let started = 0;
  const receive = async (
    mensaje: Mensaje,
  ): Promise<{ reply: BatchReply; checksum: Checksum } | undefined> => {
    started = performance.now();
    const reply = readBatchReply(request, mensaje);
    if (!reply) return undefined;
    let at = 0;
    for await (const piece of reply.content.lend()) {
      await transfers.rate.pass(piece.length, signal);
      // To set() what is not aligned into shared memory takes ten times as long.
      buffer.fill(piece, at, at + piece.length);
      at += piece.length;
      onBytes(piece.length);
    }
    return { reply, checksum: reply.end() };
  };
  const { bytes } = batch;
  const { batches } = transfers;
  try {
    const arrived = await transfers.ask((id) => batchMensaje(request, id, transfers.packsNames), receive, {
      bytes,
      signal,
    });
    if (arrived) batches.arrived(bytes, performance.now() - started);
    else batches.refused();
    return arrived;
  } catch (error) {
    signal.throwIfAborted();
    // One that knows of batches says in its reply which files it cannot give.
    if (error instanceof RefusedError && !isPassing(error)) {
      batches.refused();
      return undefined;
    }
    batches.lost(error);
    throw error;
  }
}
