// Several small files from the server to the disk: asked for in one request, checked as one, and saved together. Whatever
// is not just as it was listed is left to the way on which files go one by one.

import type { Mensaje } from "@fileshare/protocol";
import { type Checksum, Disk, type RemoteFile } from "../disk/disk.js";
import { RefusedError } from "../errors.js";
import {
  BATCH_BYTES,
  BATCH_FILE_BYTES,
  BATCH_FILES,
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
export interface BatchFile {
  readonly file: RemoteFile;
  /** Absolute path. */
  readonly target: string;
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

/** What became of a file: it is saved, it cannot be saved, or it is to be asked for by itself. */
export type BatchOutcome = "saved" | "unserved" | Error;

/** Memory that batches arrive in, used again and again. It is shared with the thread that saves them. */
export class BatchBuffers {
  readonly #free: Uint8Array[] = [];

  take(): Uint8Array {
    return this.#free.pop() ?? new Uint8Array(new SharedArrayBuffer(BATCH_BYTES));
  }

  give(buffer: Uint8Array): void {
    this.#free.push(buffer);
  }
}

/** Whether a file is one for a batch. */
export function isSmall({ size }: Pick<RemoteFile, "size">): boolean {
  return size <= BATCH_FILE_BYTES;
}

/** Whether a batch takes no more files, however small they are. */
export function isFull(batch: readonly BatchFile[]): boolean {
  return batch.length === BATCH_FILES;
}

/** Puts small files into batches, each as much as is asked for at once. What is lost on the way costs one of them. */
export function batchesOf(transfers: Transfers, files: readonly BatchFile[]): BatchFile[][] {
  const most = Math.max(
    BATCH_FILE_BYTES,
    Math.min(transfers.batches.pace.bytes, transfers.rate.bytesPerSecond),
  );
  const batches: BatchFile[][] = [];
  let batch: BatchFile[] = [];
  let bytes = 0;
  let characters = 0;
  for (const each of files) {
    const { size, name } = each.file;
    const isTooMuch = bytes + size > most || characters + name.length > MOST_CHARACTERS;
    if (batch.length === 0 || isFull(batch) || isTooMuch) {
      batch = [];
      batches.push(batch);
      bytes = characters = 0;
    }
    batch.push(each);
    bytes += size;
    characters += name.length;
  }
  return batches;
}

/**
 * Fetches a batch. The outcomes are in the order of the files.
 *
 * @throws {RefusedError} when the server could not do it now
 * @throws {ReplyError} when the reply was damaged on its way
 * @throws {ChecksumError} when the bytes were
 * @throws {ConexionError} when the connection was lost
 */
export async function downloadBatch(
  transfers: Transfers,
  files: readonly BatchFile[],
  options: BatchOptions,
): Promise<BatchOutcome[]> {
  const { buffers, fsync, signal } = options;
  const outcomes = new Array<BatchOutcome>(files.length).fill("unserved");
  const buffer = buffers.take();
  try {
    const arrived = await ask(transfers, files, buffer, options);
    if (!arrived) return outcomes;
    const { reply, checksum } = arrived;
    const { arriving, content } = reply;
    signal.throwIfAborted();
    const saved = {
      targets: arriving.map(({ place }) => (files[place] as BatchFile).target),
      starts: Float64Array.from(arriving, ({ start }) => start),
      sizes: Float64Array.from(arriving, ({ place }) => (files[place] as BatchFile).file.size),
      modified: Float64Array.from(arriving, ({ place }) => (files[place] as BatchFile).file.modified),
    };
    const bytes = buffer.subarray(0, content.length);
    const notSaved = await transfers.disk.saveAll(saved, bytes, checksum, { fsync, signal });
    for (const [nth, { place }] of arriving.entries()) {
      outcomes[place] = notSaved.has(nth) ? (notSaved.get(nth) ?? "unserved") : "saved";
    }
    return outcomes;
  } finally {
    buffers.give(buffer);
  }
}

/** What has arrived, in the buffer; undefined where the server gives no files at once. */
async function ask(
  transfers: Transfers,
  files: readonly BatchFile[],
  buffer: Uint8Array,
  { signal, onBytes }: BatchOptions,
): Promise<{ reply: BatchReply; checksum: Checksum } | undefined> {
  const request = batchRequest(
    files.map(({ file }) => file),
    Disk.algorithms,
  );
  let started = 0;
  const receive = async (
    mensaje: Mensaje,
  ): Promise<{ reply: BatchReply; checksum: Checksum } | undefined> => {
    started = performance.now();
    const reply = readBatchReply(request, mensaje);
    if (!reply) return undefined;
    let at = 0;
    for await (const piece of reply.content) {
      await transfers.rate.pass(piece.length, signal);
      buffer.set(piece, at);
      at += piece.length;
      onBytes(piece.length);
    }
    return { reply, checksum: reply.end() };
  };
  const bytes = files.reduce((sum, { file }) => sum + file.size, 0);
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
