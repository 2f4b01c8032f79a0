// What is said on the wire of several small files at once (PROTOCOL.md, section 6.2.1): the request made, the reply checked.

import { Content, Mensaje, type PyValue } from "@fileshare/protocol";
import { quickSealOf } from "@fileshare/protocol/node";
import type { Checksum } from "../disk/disk.js";
import { RefusedError, ReplyError } from "../errors.js";
import { bytesOf, checksumOf, damagedError, isCount, secondsOf } from "./remote.js";

/** The most bytes that a reply holds, by the protocol; and the most of one file in it. */
export const BATCH_BYTES: number = 1024 * 1024;
export const BATCH_FILE_BYTES: number = 64 * 1024;

/** The most files that a reply tells of. */
export const BATCH_FILES = 256;

/** Files as they were listed. */
export interface BatchColumns {
  readonly names: readonly string[];
  readonly sizes: readonly number[];
  readonly versions: readonly string[];
}

/** Several small files that are asked for at once. */
export interface BatchRequest {
  readonly files: BatchColumns;
  /** The seal of a reply with all of them, as they were listed. */
  readonly expected: string;
  /** The checksum algorithms that can be checked, preferred first. */
  readonly checksums: readonly string[];
}

/** Bytes as they arrive, and what the server says of them. */
export interface BatchReply {
  /** Which files come as they were listed, by their places among those that were asked for; undefined where all do. */
  readonly places: readonly number[] | undefined;
  /** Where the bytes of each of these begin. Of what stands between them nothing is to be used. */
  readonly starts: Float64Array;
  readonly content: Content;
  /**
   * What the server said of all the bytes.
   *
   * @throws {RefusedError} when it refused after all
   */
  readonly end: () => Checksum;
}

export function batchRequest(files: BatchColumns, checksums: readonly string[]): BatchRequest {
  return { files, expected: sealOfFiles(files.names, files), checksums };
}

/** @param packed whether the server takes names packed */
export function batchMensaje(
  { files, expected, checksums }: BatchRequest,
  id: number,
  packed: boolean,
): Mensaje {
  const first = files.names[0] ?? "";
  const more = files.names.slice(1);
  // Between names that hold line feeds others tell nothing.
  const isPacked = packed && !more.join("").includes("\n");
  const extras: [string, PyValue][] = [
    ["id", id],
    ["checksums", [...checksums]],
    ["expected", expected],
    ["more", isPacked ? more.join("\n") : more],
  ];
  return new Mensaje({ operacion: "descargar", data: first, extras });
}

/**
 * Reads the reply to a request for several files; undefined where the server gives only one at a time.
 *
 * @throws {RefusedError} when the server refused
 * @throws {ReplyError} when it answered something else, or it was damaged on its way
 */
export function readBatchReply(request: BatchRequest, reply: Mensaje): BatchReply | undefined {
  const { extras } = reply;
  const streaming = reply.data instanceof Content;
  if (!streaming || reply.estado !== null) checkEstado(request, reply);
  const content = bytesOf(reply);
  const isAsListed = extras.get("seal") === request.expected;
  if (!isAsListed && !extras.has("parts")) {
    // A seal without the range that belongs to it was damaged.
    if (extras.has("seal") && !extras.has("range")) throw damagedError();
    return undefined;
  }
  const { places, starts, total } = isAsListed
    ? { places: undefined, ...startsOf(request.files.sizes) }
    : arrivingOf(request, rowsOf(request, extras));
  if (total !== content.length || total > BATCH_BYTES) {
    throw new ReplyError("The server's reply does not hold what it says");
  }
  return {
    places,
    starts,
    content,
    end: () => {
      checkEstado(request, reply);
      const checksum = checksumOf(reply);
      if (checksum && request.checksums.includes(checksum.algorithm)) return checksum;
      throw new ReplyError("The server's reply has no checksum that was asked for");
    },
  };
}

/** Whatever the reason, it is that of all of them. */
function checkEstado({ files }: BatchRequest, reply: Mensaje): void {
  if (reply.estado !== "ok") throw new RefusedError("descargar", `${files.names.length} files`, reply);
}

/** What a reply says of files; a size of -1 means that it is not there. */
type Rows = Omit<BatchColumns, "names">;

/** The rows of a reply in which not all is as it was listed. There may be fewer than files were asked for. */
function rowsOf({ files: { names } }: BatchRequest, extras: Mensaje["extras"]): Rows {
  const sizes = listOf(extras.get("parts"), (part) => part === -1 || isCount(part)) as number[] | undefined;
  const versions = listOf(extras.get("versions"), (version) => typeof version === "string") as
    | string[]
    | undefined;
  const modified = listOf(extras.get("modified"), (seconds) => secondsOf(seconds) !== undefined);
  const count = sizes?.length ?? 0;
  if (!sizes || count > names.length || versions?.length !== count || modified?.length !== count) {
    throw new ReplyError("The server's reply does not say of what files it is");
  }
  const rows = { sizes, versions };
  if (extras.get("seal") !== sealOfFiles(names, rows)) throw damagedError();
  return rows;
}

/** Which of the files come as they were listed, and where. */
function arrivingOf(
  { files }: BatchRequest,
  { sizes, versions }: Rows,
): { places: number[]; starts: Float64Array; total: number } {
  const places: number[] = [];
  const all = startsOf(sizes.map((size) => Math.max(0, size)));
  for (const [place, size] of sizes.entries()) {
    if (size === files.sizes[place] && versions[place] === files.versions[place]) places.push(place);
  }
  return {
    places,
    starts: Float64Array.from(places, (place) => all.starts[place] as number),
    total: all.total,
  };
}

function startsOf(sizes: readonly number[]): { starts: Float64Array; total: number } {
  const starts = new Float64Array(sizes.length);
  let total = 0;
  for (let place = 0; place < sizes.length; place++) {
    starts[place] = total;
    total += sizes[place] as number;
  }
  return { starts, total };
}

/** Fields are sealed with line feeds between them: each column goes as one. */
function sealOfFiles(names: readonly string[], { sizes, versions }: Rows): string {
  const columns = sizes.length === 0 ? [names] : [names, sizes, versions];
  return quickSealOf(columns.map((column) => column.join("\n")));
}

/** A list of which every item is as wanted. */
function listOf(value: PyValue | undefined, is: (item: PyValue) => boolean): readonly PyValue[] | undefined {
  return Array.isArray(value) && (value as PyValue[]).every(is) ? (value as PyValue[]) : undefined;
}
