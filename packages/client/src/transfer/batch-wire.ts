// What is said on the wire of several small files at once (PROTOCOL.md, section 6.2.1): the request made, the reply checked.

import { Content, Mensaje, type PyValue } from "@fileshare/protocol";
import { quickSealOf } from "@fileshare/protocol/node";
import type { Checksum, RemoteFile } from "../disk/disk.js";
import { RefusedError, ReplyError } from "../errors.js";
import { bytesOf, checksumOf, damagedError, isCount, secondsOf } from "./remote.js";

/** The most bytes that a reply holds, by the protocol; and the most of one file in it. */
export const BATCH_BYTES: number = 1024 * 1024;
export const BATCH_FILE_BYTES: number = 64 * 1024;

/** The most files that a reply tells of. */
export const BATCH_FILES = 256;

/** Several small files that are asked for at once. */
export interface BatchRequest {
  /** As they were listed. */
  readonly files: readonly RemoteFile[];
  /** The seal of a reply with all of them, as they were listed. */
  readonly expected: string;
  /** The checksum algorithms that can be checked, preferred first. */
  readonly checksums: readonly string[];
}

/** A file that comes as it was listed, by its place among those that were asked for, and where its bytes begin. */
interface Arriving {
  readonly place: number;
  readonly start: number;
}

/** Bytes as they arrive, and what the server says of them. */
export interface BatchReply {
  /** Of the others nothing is to be used. */
  readonly arriving: readonly Arriving[];
  readonly content: Content;
  /**
   * What the server said of all the bytes.
   *
   * @throws {RefusedError} when it refused after all
   */
  readonly end: () => Checksum;
}

export function batchRequest(files: readonly RemoteFile[], checksums: readonly string[]): BatchRequest {
  return { files, expected: sealOfFiles(files, files), checksums };
}

/** @param packed whether the server takes names packed */
export function batchMensaje(
  { files, expected, checksums }: BatchRequest,
  id: number,
  packed: boolean,
): Mensaje {
  const [first = "", ...more] = files.map(({ name }) => name);
  const text = packed ? more.join("\n") : "";
  // Between names that hold line feeds others tell nothing.
  const isPacked = packed && text.split("\n").length === Math.max(1, more.length);
  const extras: [string, PyValue][] = [
    ["id", id],
    ["checksums", [...checksums]],
    ["expected", expected],
    ["more", isPacked ? text : more],
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
  const rows = isAsListed ? request.files : rowsOf(request, extras);
  const { arriving, total } = arrivingOf(request, rows);
  if (total !== content.length || total > BATCH_BYTES) {
    throw new ReplyError("The server's reply does not hold what it says");
  }
  return {
    arriving,
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
  if (reply.estado !== "ok") throw new RefusedError("descargar", `${files.length} files`, reply);
}

/** What a reply says of a file; a size of -1 means that it is not there. */
type Row = Pick<RemoteFile, "size" | "version">;

/** The rows of a reply in which not all is as it was listed. There may be fewer than files were asked for. */
function rowsOf({ files }: BatchRequest, extras: Mensaje["extras"]): Row[] {
  const sizes = listOf(extras.get("parts"), (part) => part === -1 || isCount(part)) as number[] | undefined;
  const versions = listOf(extras.get("versions"), (version) => typeof version === "string");
  const modified = listOf(extras.get("modified"), (seconds) => secondsOf(seconds) !== undefined);
  const count = sizes?.length ?? 0;
  if (!sizes || count > files.length || versions?.length !== count || modified?.length !== count) {
    throw new ReplyError("The server's reply does not say of what files it is");
  }
  const rows = sizes.map((size, i) => ({ size, version: versions[i] as string }));
  if (extras.get("seal") !== sealOfFiles(files, rows)) throw damagedError();
  return rows;
}

function arrivingOf({ files }: BatchRequest, rows: readonly Row[]): { arriving: Arriving[]; total: number } {
  const arriving: Arriving[] = [];
  let total = 0;
  for (const [place, { size, version }] of rows.entries()) {
    if (size < 0) continue;
    const listed = files[place] as RemoteFile;
    if (size === listed.size && version === listed.version) arriving.push({ place, start: total });
    total += size;
  }
  return { arriving, total };
}

function sealOfFiles(asked: readonly RemoteFile[], rows: readonly Row[]): string {
  const fields: (string | number)[] = [];
  for (const { name } of asked) fields.push(name);
  for (const { size } of rows) fields.push(size);
  for (const { version } of rows) fields.push(version);
  return quickSealOf(fields);
}

/** A list of which every item is as wanted. */
function listOf(value: PyValue | undefined, is: (item: PyValue) => boolean): readonly PyValue[] | undefined {
  return Array.isArray(value) && (value as PyValue[]).every(is) ? (value as PyValue[]) : undefined;
}
