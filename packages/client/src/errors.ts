// What a client throws, besides the ConexionError of a connection that is gone.

import type { Mensaje } from "@fileshare/protocol";

/** How much of a reason is told in a message: those that there are have less. */
const MOST_REASON = 100;

/**
 * The server said no: it answered with another `estado` than "ok" (there is no such file, say). The connection is still
 * usable.
 */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly code = "REFUSED";
  readonly operacion: string;
  /** The server's answer: an operation of an app's own may tell more in its `data` or `extras`. */
  readonly reply: Mensaje;

  /** @param what the file, in quotes, or the files that were asked for; nothing where only the app knows what it asks for */
  constructor(operacion: string, what: string | undefined, reply: Mensaje) {
    super(refusal(operacion, what, reasonOf(reply)));
    this.operacion = operacion;
    this.reply = reply;
  }

  /** Why, where the server says so: NOT_FOUND, FORBIDDEN, ... (see PROTOCOL.md). */
  get reason(): string | undefined {
    return reasonOf(this.reply);
  }

  /** What the server gave as the reply's `estado`. */
  get estado(): string | null {
    return this.reply.estado;
  }
}

function reasonOf(reply: Mensaje): string | undefined {
  const reason = reply.extras.get("reason");
  return typeof reason === "string" ? reason : undefined;
}

function refusal(operacion: string, what: string | undefined, reason: string | undefined): string {
  // What an operation of an app's own means by a reason, only the app knows.
  if (what !== undefined && reason === "NOT_FOUND" && operacion === "descargar")
    return `The server has no file ${what}`;
  if (what !== undefined && reason === "FORBIDDEN") return `The server must not read ${what}`;
  if (what !== undefined && reason === "FAILED") return `The server failed to give ${what}`;
  const refused = `The server refused ${what ?? `operation ${JSON.stringify(operacion)}`}`;
  return reason === undefined ? refused : `${refused}: ${reason.slice(0, MOST_REASON)}`;
}

/** A file changed on the server while it was downloaded, each time that it was begun again. */
export class ChangedError extends Error {
  override readonly name = "ChangedError";
  readonly code = "CHANGED";
  readonly nombre: string;

  constructor(nombre: string) {
    super(`The file ${JSON.stringify(nombre)} changed while it was downloaded`);
    this.nombre = nombre;
  }
}

/** The server gives no digests of files: it is an old one, or has not the algorithm. */
export class NoDigestError extends Error {
  override readonly name = "NoDigestError";
  readonly code = "NO_DIGEST";
  readonly nombre: string;

  constructor(nombre: string) {
    super(`The server gives no SHA-256 of ${JSON.stringify(nombre)}`);
    this.nombre = nombre;
  }
}

/** The server cannot look into one of its folders: what is below it is not known. */
export class UnreadableError extends Error {
  override readonly name = "UnreadableError";
  readonly code = "UNREADABLE";
  /** The folder's name, with a `/` at its end. */
  readonly nombre: string;

  constructor(nombre: string) {
    super(`The server cannot look into its folder ${JSON.stringify(nombre)}`);
    this.nombre = nombre;
  }
}

/** The server's answer is no reply to what was asked. `cause` tells more. The next request is made on a new connection. */
export class ReplyError extends Error {
  override readonly name = "ReplyError";
  readonly code = "BAD_REPLY";
}

/**
 * The server lists more names than may be held in memory until the listing is at its end. Nothing was removed for what it does
 * not list. The client is still usable.
 */
export class ListingError extends Error {
  override readonly name = "ListingError";
  readonly code = "LISTING_TOO_LONG";
  /** How many bytes they may take. */
  readonly maxListingBytes: number;

  constructor(maxListingBytes: number) {
    super(
      `The server lists more names than fit into ${maxListingBytes} bytes of memory: maxListingBytes says how many they may take`,
    );
    this.maxListingBytes = maxListingBytes;
  }
}

/** A sync would remove more than it may: it has removed nothing. */
export class SurplusError extends Error {
  override readonly name = "SurplusError";
  readonly code = "TOO_MANY_TO_DELETE";
  /** How many files and empty folders the server does not have, and how many may be removed. */
  readonly surplus: number;
  readonly maxDelete: number;

  constructor(surplus: number, maxDelete: number) {
    super(
      `The server does not have ${surplus} files and folders that are here: maxDelete lets ${maxDelete} be removed, and none was`,
    );
    this.surplus = surplus;
    this.maxDelete = maxDelete;
  }
}

/**
 * Why a download cannot be saved, or a file removed, or a folder looked into:
 * - `UNSAFE_NAME`: the name could mean something else than a file in the folder: a link leads out of it, say
 * - `BAD_NAME`: the file system does not take such a name: it is too long, say
 * - `IS_FOLDER`: a folder stands where the file would go
 * - `NO_SPACE`: the file system, or what the user may have of it, is full
 * - `NO_PERMISSION`: the user may not write there, or the file system is read-only
 * - `REPLACED`: the folder of a sync is not the one any more that it was when the sync began: nothing more is removed
 * - `NOT_WRITTEN`: the file system refused for another reason
 *
 * Where the file system refused, `cause` is its error.
 */
export type TargetErrorCode =
  | "UNSAFE_NAME"
  | "BAD_NAME"
  | "IS_FOLDER"
  | "NO_SPACE"
  | "NO_PERMISSION"
  | "REPLACED"
  | "NOT_WRITTEN";

/** What the file system was to do: `read` is to look into a folder, to find out what may be removed from it. */
export type TargetVerb = "save" | "delete" | "read";

/**
 * A download cannot be saved where it should go: nothing is left of it there. Or a sync cannot remove a file that the server
 * does not have, or look into a folder to find out. The client is still usable.
 */
export class TargetError extends Error {
  override readonly name = "TargetError";
  readonly code: TargetErrorCode;
  /** What could not be done. */
  readonly verb: TargetVerb;
  /** The name, or the path, that cannot be written. */
  readonly path: string;

  constructor(
    code: TargetErrorCode,
    path: string,
    reason: string,
    { verb = "save", ...options }: ErrorOptions & { readonly verb?: TargetVerb | undefined } = {},
  ) {
    super(`Cannot ${verb} ${JSON.stringify(path)}: ${reason}`, options);
    this.code = code;
    this.verb = verb;
    this.path = path;
  }
}

/**
 * The thread that does the work with files cannot be started: its file does not stand beside a bundle, say, or Node may start no
 * threads. The message says what to do, `cause` is Node's error. Nothing was saved. The client is still usable.
 */
export class ThreadError extends Error {
  override readonly name = "ThreadError";
  readonly code = "NO_THREAD";

  constructor(reason: string, options?: ErrorOptions) {
    super(`Cannot start the thread for files: ${reason}`, options);
  }
}

/**
 * Bytes are not those that the server sent, or that it read: their checksum is another. They were not saved; but what a
 * stream has given was, up to 256 MiB of it, not checked yet.
 */
export class ChecksumError extends Error {
  override readonly name = "ChecksumError";
  readonly code = "CHECKSUM";
  /** Where the bytes would have gone; of a stream, the file's name on the server. */
  readonly path: string;

  constructor(path: string, reason: string, verb: "save" | "read" = "save") {
    super(`Cannot ${verb} ${JSON.stringify(path)}: ${reason}`);
    this.path = path;
  }
}
