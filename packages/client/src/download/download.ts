// From the content of a reply to a finished file.

import type { Content } from "@fileshare/protocol";
import { TargetError } from "../errors.js";
import { PartFile } from "./part-file.js";

/** How far a download has come. */
export interface Progress {
  readonly nombre: string;
  /** Bytes that have arrived. */
  readonly received: number;
  /** Bytes that there are in all. */
  readonly total: number;
}

/** What a download may be told. */
export interface DownloadOptions {
  /** The folder to save in; made if need be. Default `descargas`, as the protocol's first client has it. */
  readonly folder?: string | undefined;
  /** The name to save under, where it is to be another than the server's. */
  readonly saveAs?: string | undefined;
  /** Called when the download begins, with 0 received, and as bytes arrive. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Gives the download up; it rejects with the signal's reason and leaves nothing behind. */
  readonly signal?: AbortSignal | undefined;
}

/** A finished download. */
export interface Downloaded {
  readonly nombre: string;
  /** Where the file was saved. */
  readonly path: string;
  readonly bytes: number;
}

/**
 * Saves a content as a file that appears at the path when it is whole.
 *
 * @throws {TargetError} `NOT_WRITTEN` when the file system refuses
 * @throws what reading the content throws, or the reason of the signal where it aborted meanwhile
 */
export async function saveContent(
  content: Content,
  path: string,
  onReceived: (received: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  let part: PartFile | undefined;
  try {
    part = await onDisk(path, PartFile.create(path, content.length));
    let received = 0;
    onReceived(received);
    for await (const piece of content) {
      await onDisk(path, part.write(piece));
      received += piece.length;
      onReceived(received);
    }
    signal?.throwIfAborted();
    await onDisk(path, part.finish());
  } catch (error) {
    await Promise.allSettled([content.cancel(), part?.discard()]);
    throw error;
  }
}

async function onDisk<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TargetError("NOT_WRITTEN", path, reason, { cause });
  }
}
