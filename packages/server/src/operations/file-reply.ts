// A file -> the Mensaje that brings it, or the part of it that was asked for.

import { Content, Mensaje, Trailer } from "@fileshare/protocol";
import { quickSealOf } from "@fileshare/protocol/node";
import { PyTuple, type PyValue } from "@fileshare/protocol/pickle";
import { type Checksum, type ChecksumAlgorithm, chooseChecksum } from "../checksums.js";
import { piecesOf } from "../storage/pieces.js";
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
  const { start, end, algorithm, extras } = await begin(file, asked, digest);
  const passing = new Passing(algorithm);
  if (algorithm) {
    const { name, digits } = algorithm;
    const placeholder = new PyTuple([name, "0".repeat(digits)]);
    extras.push(["checksum", new Trailer(placeholder, () => new PyTuple([name, passing.checksum]))]);
  }
  extras.push(["unchanged", new Trailer(true, () => passing.unchanged)]);
  return new Mensaje({ data: contentOf(file, start, end, passing), estado: "ok", extras });
}

/**
 * The same of a small file, in one piece: such replies are sent together.
 *
 * @throws as {@link partOfFile}
 */
export async function partOfSmall(
  small: SmallFile,
  asked: FileRequest,
  digest: () => Promise<Digest | undefined>,
): Promise<Mensaje> {
  const file = opened(small);
  if (small.bytes.length > MAX_BATCHED_BYTES) return partOfFile(file, asked, digest);
  const { start, end, algorithm, extras } = await begin(file, asked, digest);
  const data = small.bytes.subarray(start, end);
  if (algorithm) extras.push(["checksum", new PyTuple([algorithm.name, algorithm.of(data)])]);
  extras.push(["unchanged", true]);
  return new Mensaje({ data, estado: "ok", extras });
}

/** Checks what is asked for, and tells what it is. */
async function begin(
  file: StoredFile,
  asked: FileRequest,
  digest: () => Promise<Digest | undefined>,
): Promise<AskedRange & { algorithm: ChecksumAlgorithm | undefined; extras: [string, PyValue][] }> {
  if (asked.version !== undefined && asked.version !== file.version) throw changedError(file);
  const { start, end } = within(file, asked.range);
  const extras: [string, PyValue][] = [
    ["size", file.size],
    ["version", file.version],
    ["modified", float(file.modifiedSeconds ?? file.modified.getTime() / 1000)],
    ["range", new PyTuple([start, end])],
    ["seal", quickSealOf([asked.name, file.version, file.size, start, end])],
  ];
  if (asked.digest !== undefined) {
    const whole = await digest();
    if (whole) extras.push(["digest", new PyTuple(whole)]);
  }
  return { start, end, algorithm: await chooseChecksum(asked.checksums), extras };
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
  readonly #algorithm: ChecksumAlgorithm | undefined;
  #checksum: Checksum | undefined;

  constructor(algorithm: ChecksumAlgorithm | undefined) {
    this.#algorithm = algorithm;
  }

  get checksum(): string {
    return this.#checksum?.digest() ?? this.#algorithm?.of(new Uint8Array(0)) ?? "";
  }

  /** Content may be read more than once: in the old protocols it is measured first. */
  begin(): void {
    this.#checksum = this.#algorithm?.create();
  }

  update(piece: Uint8Array): void {
    this.#checksum?.update(piece);
  }
}

function contentOf(file: StoredFile, start: number, end: number, passing?: Passing): Content {
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    let left = end - start;
    passing?.begin();
    for await (const piece of piecesOf(file, start, end)) {
      left -= piece.length;
      passing?.update(piece);
      if (passing && left === 0) passing.unchanged = !((await file.changed?.()) ?? false);
      yield piece;
    }
  };
  return new Content(end - start, { open: pieces, lends: true });
}
