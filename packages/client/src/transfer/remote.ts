// What is said on the wire of a file and its bytes (PROTOCOL.md, section 6): requests made, replies read and checked.

import { Content, content as contentFrom, Mensaje, type PyValue } from "@fileshare/protocol";
import { quickSealOf } from "@fileshare/protocol/node";
import { PyFloat, PyTuple } from "@fileshare/protocol/pickle";
import type { Checksum, Range, RemoteFile } from "../disk/disk.js";
import { ChangedError, RefusedError, ReplyError } from "../errors.js";

/** A reply of so many bytes is had at once: what they are is known, wherever it stands. */
export const TOLD_BYTES: number = 32 * 1024;

/** Which bytes are asked for. */
export interface RangeRequest {
  readonly nombre: string;
  readonly range: Range;
  /** What the bytes must be of. Default: whichever version of the file there is. */
  readonly file?: RemoteFile | undefined;
  /** The checksum algorithms that can be checked, preferred first. */
  readonly checksums: readonly string[];
  /** The digest of the whole file that is asked for besides. */
  readonly digest?: string | undefined;
}

/** Bytes as they arrive, and what the server says of them. */
export interface RangeReply {
  /**
   * Undefined where the server is an old one, or an app answers in its place: it sends all, and tells nothing of it. Or it
   * says after the bytes what they are, and that was not known: then `end` tells whether they were all.
   */
  readonly file: RemoteFile | undefined;
  readonly range: Range;
  readonly content: Content;
  /** The algorithm and the digest of the whole file, null while it is being computed. */
  readonly digest: readonly [algorithm: string, value: string | null] | undefined;
  /**
   * What the server said after the bytes: their checksum, where it gave one.
   *
   * @throws {RefusedError} when it refused after all
   * @throws {ChangedError} when the file changed while it was sent
   * @throws {ReplyError} when the bytes turn out to be others than they were taken for
   */
  readonly end: () => Checksum | undefined;
}

export function rangeMensaje(request: RangeRequest, id: number): Mensaje {
  const { nombre, range, file, checksums, digest } = request;
  const extras: [string, PyValue][] = [
    ["id", id],
    ["range", new PyTuple([range.start, range.end])],
    ["checksums", [...checksums]],
  ];
  if (file) extras.push(["version", file.version]);
  if (digest !== undefined) extras.push(["digest", digest]);
  return new Mensaje({ operacion: "descargar", data: nombre, extras });
}

/**
 * Reads the reply to a request for a range.
 *
 * @throws {RefusedError} when the server refused
 * @throws {ChangedError} when the file has another version than the one that was asked for, or another size
 * @throws {ReplyError} when it answered something else, or other bytes
 */
export function readRangeReply(request: RangeRequest, reply: Mensaje): RangeReply {
  const { nombre } = request;
  const streaming = reply.data instanceof Content;
  if (!streaming || reply.estado !== null) checkEstado(nombre, reply);
  const content = bytesOf(reply);
  // What bytes these are may stand after them, as far as they are still arriving.
  const isTold = !streaming || tellsOfFile(reply);
  const told = isTold ? readAttributes(request, reply, content.length) : undefined;
  const taken = told ?? takenFor(request, content.length, isTold);
  return {
    ...taken,
    content,
    digest: digestOf(reply),
    end: () => {
      checkEstado(nombre, reply);
      const { file, range } = told ?? readAttributes(request, reply, content.length) ?? {};
      if (!file || !range) {
        // An old server in place of the one that told of the file.
        if (taken.file) throw new ChangedError(nombre);
        return undefined;
      }
      const isAll = range.start === 0 && range.end === file.size;
      if (!taken.file && !isAll)
        throw new ReplyError("The server said after the bytes that they are not all");
      if (reply.extras.get("unchanged") === false) throw new ChangedError(nombre);
      const checksum = checksumOf(reply);
      // It has crc32 at the least.
      if (
        reply.extras.get("unchanged") !== true ||
        !checksum ||
        !request.checksums.includes(checksum.algorithm)
      ) {
        throw new ReplyError("The server's reply has no checksum that was asked for");
      }
      return checksum;
    },
  };
}

/** What bytes are: of which file, and which of it. */
interface Told {
  readonly file: RemoteFile | undefined;
  readonly range: Range;
}

/** What the server says that the bytes are, checked; undefined where it tells nothing of it. */
function readAttributes(request: RangeRequest, reply: Mensaje, length: number): Told | undefined {
  const { nombre, file: known } = request;
  const file = fileOf(nombre, reply);
  if (!file) {
    // A handler of an app's own may answer with bytes alone: only the request is named then.
    if (!fileAttributes.some((name) => reply.extras.has(name))) return undefined;
    throw new ReplyError("The server's reply does not say of what file it is");
  }
  // A file of another size is another one, whatever its version.
  if (known && (file.version !== known.version || file.size !== known.size)) throw new ChangedError(nombre);
  const range = rangeOf(request, reply, file, length);
  checkSeal(request, reply, file, range);
  return { file, range };
}

/** What bytes are taken for where nothing is said of them: a whole file; or, until it is, what was asked for. */
function takenFor({ range: { start, end }, file }: RangeRequest, length: number, isTold: boolean): Told {
  if (isTold || !file || length > end - start) return { file: undefined, range: { start: 0, end: length } };
  return { file, range: { start, end: start + length } };
}

/** The server refuses with a reason, where it knows of reasons. */
function checkEstado(nombre: string, reply: Mensaje): void {
  if (reply.estado === "ok") return;
  if (reply.extras.get("reason") === "CHANGED") throw new ChangedError(nombre);
  throw new RefusedError("descargar", JSON.stringify(nombre), reply);
}

export function bytesOf(reply: Mensaje): Content {
  try {
    return contentFrom(reply.data as PyValue);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ReplyError(`The server's reply is not what was asked for: ${reason}`, { cause });
  }
}

/** Undefined where the reply tells nothing of the file: it comes from an old server. */
function fileOf(name: string, { extras }: Mensaje): RemoteFile | undefined {
  const version = extras.get("version");
  const size = extras.get("size");
  if (typeof version !== "string" || !isCount(size)) return undefined;
  return { name, version, size, modified: secondsOf(extras.get("modified")) ?? 0 };
}

function rangeOf(request: RangeRequest, reply: Mensaje, file: RemoteFile, length: number): Range {
  const [start, end] = pairOf(reply.extras.get("range")) ?? [];
  const wanted = Math.max(request.range.start, Math.min(request.range.end, file.size));
  const right =
    isCount(start) &&
    isCount(end) &&
    start === request.range.start &&
    end <= wanted &&
    end - start === length &&
    (length > 0 || wanted === start);
  if (!right) throw new ReplyError("The server's reply holds other bytes than were asked for");
  return { start, end };
}

/** The bytes are those that were asked for, of the file that was asked for. */
function checkSeal(
  { nombre }: RangeRequest,
  { extras }: Mensaje,
  file: RemoteFile,
  { start, end }: Range,
): void {
  if (extras.get("seal") === quickSealOf([nombre, file.version, file.size, start, end])) return;
  throw damagedError();
}

export function damagedError(): ReplyError {
  return new ReplyError("The server's reply was damaged on its way, or is to another request");
}

export function checksumOf({ extras }: Mensaje): Checksum | undefined {
  const [algorithm, value] = pairOf(extras.get("checksum")) ?? [];
  return typeof algorithm === "string" && typeof value === "string" ? { algorithm, value } : undefined;
}

function digestOf({ extras }: Mensaje): RangeReply["digest"] {
  const [algorithm, value] = pairOf(extras.get("digest")) ?? [];
  if (typeof algorithm !== "string" || !(typeof value === "string" || value === null)) return undefined;
  return [algorithm, value];
}

function pairOf(value: PyValue | undefined): readonly PyValue[] | undefined {
  const items: unknown = value instanceof PyTuple ? value.items : value;
  return Array.isArray(items) && items.length === 2 ? (items as PyValue[]) : undefined;
}

/** What a server says of a file, with its bytes. */
const fileAttributes = ["size", "version", "range", "seal"];

/** Whether a reply says of what file its bytes are, and which of it, as far as it has arrived. */
export function tellsOfFile({ extras }: Mensaje): boolean {
  return fileAttributes.every((name) => extras.has(name));
}

/** Whether a reply comes from a server that knows the extensions, as far as it has not been damaged on its way. */
export function isExtended({ extras }: Mensaje): boolean {
  return ["id", ...fileAttributes, "sizes", "versions", "next"].some((name) => extras.has(name));
}

/** Whether it is a number of bytes. */
export function isCount(value: PyValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** Seconds since 1970, as a Python float or int. */
export function secondsOf(value: PyValue | undefined): number | undefined {
  const seconds = value instanceof PyFloat ? value.value : value;
  return typeof seconds === "number" && Number.isFinite(seconds) ? seconds : undefined;
}
