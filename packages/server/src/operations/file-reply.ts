// A file -> the Mensaje that brings it, or the part of it that was asked for.

import { Content, Mensaje, Trailer } from "@fileshare/protocol";
import { PyTuple, type PyValue } from "@fileshare/protocol/pickle";
import { type Checksum, chooseChecksum } from "../checksums.js";
import type { SmallFile, StoredFile } from "../storage/storage.js";
import type { AskedRange, FileRequest } from "./attributes.js";
import { RefusedError } from "./handler.js";
import { float } from "./listar.js";

/** The most bytes of one reply with a range. In the text of protocol 0, a byte may take six: it fits into a frame. */
const MAX_RANGE_BYTES = 512 * 1024 * 1024;

/**
 * Up to this many bytes content is sent with others of its kind. Its attributes stand after it then, which makes no
 * difference to a receiver that has all of it at once.
 */
const MAX_BATCHED_BYTES = 32 * 1024;

/** The whole of a file, as every peer takes it. */
export function wholeFile(file: StoredFile): Mensaje {
  return new Mensaje({ data: contentOf(file, 0, file.size), estado: "ok" });
}

/** The digest of a whole file; null while it is computed. */
export type Digest = readonly [algorithm: string, digits: string | null];

/**
 * What was asked for of a file.
 *
 * @param digest its digest, where one is asked for and can be given
 * @throws {RefusedError} `CHANGED`, `BAD_RANGE`
 */
export async function partOfFile(
  file: StoredFile,
  asked: FileRequest,
  digest: () => Promise<Digest | undefined>,
): Promise<Mensaje> {
  if (asked.version !== undefined && asked.version !== file.version) throw changedError(file);
  const { start, end } = within(file, asked.range);
  const createChecksum = await chooseChecksum(asked.checksums);
  const extras: [string, PyValue][] = [
    ["size", file.size],
    ["version", file.version],
    ["modified", float(file.modifiedSeconds ?? file.modified.getTime() / 1000)],
    ["range", new PyTuple([start, end])],
  ];
  const whole = await digest();
  if (whole) extras.push(["digest", new PyTuple(whole)]);
  const passing = new Passing(createChecksum);
  if (createChecksum) {
    const { algorithm, digits } = createChecksum();
    const placeholder = new PyTuple([algorithm, "0".repeat(digits)]);
    extras.push(["checksum", new Trailer(placeholder, () => new PyTuple([algorithm, passing.checksum]))]);
  }
  extras.push(["unchanged", new Trailer(true, () => passing.unchanged)]);
  return new Mensaje({ data: contentOf(file, start, end, passing), estado: "ok", extras });
}

/** The refusal of a request for a file that is another one by now. */
export function changedError(now: StoredFile | undefined, options?: ErrorOptions): RefusedError {
  return new RefusedError("The file does not have the version that was asked for", {
    ...options,
    reason: "CHANGED",
    extras: now && [
      ["version", now.version],
      ["size", now.size],
    ],
  });
}

/** Content that is short may be sent with others: in one piece, its attributes known. */
export async function batched(reply: Mensaje): Promise<Mensaje> {
  const { data, estado, extras } = reply;
  if (!(data instanceof Content) || data.length > MAX_BATCHED_BYTES) return reply;
  return new Mensaje({ data: await data.bytes(), estado, extras });
}

/** A small file as if it was open. */
export function opened({ bytes, version, modified }: SmallFile): StoredFile {
  const close = async (): Promise<void> => {};
  return {
    size: bytes.length,
    version,
    modified: new Date(modified * 1000),
    modifiedSeconds: modified,
    async *read(start, end) {
      if (end > start) yield bytes.subarray(start, end);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Thrown by content that turns out shorter than the file was. */
export class ShorterError extends Error {
  override readonly name = "ShorterError";
}

/** @throws {RefusedError} `BAD_RANGE` */
function within({ size }: StoredFile, { start, end }: AskedRange): AskedRange {
  if (start < 0 || start > size || end < start) {
    throw new RefusedError("The range is none of the file's", {
      reason: "BAD_RANGE",
      extras: [["size", size]],
    });
  }
  return { start, end: Math.min(end, size, start + MAX_RANGE_BYTES) };
}

/** What is known of content once it has gone by. */
class Passing {
  unchanged = true;
  readonly #create: (() => Checksum) | undefined;
  #checksum: Checksum | undefined;

  constructor(create: (() => Checksum) | undefined) {
    this.#create = create;
    this.begin();
  }

  get checksum(): string {
    return this.#checksum?.digest() ?? "";
  }

  /** Content may be read more than once: in the old protocols it is measured first. */
  begin(): void {
    this.#checksum = this.#create?.();
  }

  update(piece: Uint8Array): void {
    this.#checksum?.update(piece);
  }
}

function contentOf(file: StoredFile, start: number, end: number, passing?: Passing): Content {
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    let left = end - start;
    passing?.begin();
    for await (const piece of file.read(start, end)) {
      left -= piece.length;
      passing?.update(piece);
      if (passing && left === 0) passing.unchanged = !((await file.changed?.()) ?? false);
      yield piece;
    }
    if (left > 0) throw new ShorterError("The file has become shorter");
  };
  return new Content(end - start, { open: pieces });
}
