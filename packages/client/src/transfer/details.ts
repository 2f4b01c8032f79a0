// The listing with details, page by page.

import { Mensaje, type PyValue } from "@fileshare/protocol";
import { quickSealOf } from "@fileshare/protocol/node";
import { PyTuple } from "@fileshare/protocol/pickle";
import { RefusedError, ReplyError } from "../errors.js";
import { isCount, isExtended, secondsOf } from "./remote.js";

/** What a listing can tell of a file, besides its name. */
export type Detail = "size" | "modified" | "version";

/** The attribute of a reply that has it of all files. */
const columns: Readonly<Record<Detail, string>> = {
  size: "sizes",
  modified: "modified",
  version: "versions",
};

/** A server gives as many names as it likes, and no more than that; nor are more taken that came packed. */
const MOST_NAMES = 65_536;

/** What is asked for. */
export interface DetailsRequest {
  readonly recursive: boolean;
  /** Folders too: those in which there is nothing, and those that the server cannot look into, which fail it otherwise. */
  readonly folders: boolean;
  readonly details: readonly Detail[];
  /** Whether all are asked for by one word, which a server knows that takes no list of them. */
  readonly byWord: boolean;
  /** How many names there may be at the most; undefined for as many as the server gives. */
  readonly limit: number | undefined;
  /** Where the page begins: the `next` of the one before. */
  readonly after: string | undefined;
  /** Whether there was a page before: then this is to be one as well, or it would be taken for the end. */
  readonly goesOn: boolean;
}

/** A file on the server. What was not asked for is undefined, and where the server is an old one all but the name. */
export interface RemoteDetails {
  /** Its path below the server's folder, with `/` between folders: text to be shown, not a path to be trusted. */
  readonly name: string;
  /** Bytes. */
  readonly size: number | undefined;
  /** When it was last changed, in seconds since 1970. */
  readonly modified: number | undefined;
  /** A token that changes when its content does. */
  readonly version: string | undefined;
}

/** A page of a listing, as columns: most of its files need no object of their own. One that was not told is undefined. */
export interface DetailsPage {
  readonly names: readonly string[];
  readonly sizes: ArrayLike<number> | undefined;
  readonly modified: ArrayLike<number> | undefined;
  readonly versions: readonly string[] | undefined;
  /** Whether the names came packed: the server takes them so as well. */
  readonly packed: boolean;
  /** Folders in which there is nothing; undefined where the server tells none. */
  readonly folders: readonly string[] | undefined;
  /** Folders that the server cannot look into. */
  readonly unreadable: readonly string[];
  /** Where the next page begins; undefined at the end. */
  readonly next: string | undefined;
}

/** A file of a page, by its place. */
export function fileAt({ names, sizes, modified, versions }: DetailsPage, place: number): RemoteDetails {
  return {
    name: names[place] as string,
    size: sizes?.[place],
    modified: modified?.[place],
    version: versions?.[place],
  };
}

export function detailsMensaje(request: DetailsRequest, id: number): Mensaje {
  const { recursive, details, folders, byWord, after } = request;
  // A server that is asked for names alone must still know that it may answer with more.
  const limit = request.limit ?? (details.length === 0 ? MOST_NAMES : undefined);
  const named = ["names", ...details.map((detail) => columns[detail])];
  if (folders) named.push("folders");
  const extras: [string, PyValue][] = [
    ["id", id],
    ["details", byWord && details.length > 0 ? true : named],
  ];
  if (recursive) extras.push(["recursive", true]);
  if (limit !== undefined) extras.push(["limit", limit]);
  if (after !== undefined) extras.push(["after", after]);
  return new Mensaje({ operacion: "listar", extras });
}

/**
 * Reads a page; undefined where the server has taken the list of details for not there, so that it is to be asked by word.
 *
 * @throws {RefusedError} when the server refused
 * @throws {ReplyError} when it answered something else than a listing, or one without end
 */
export function readDetails(request: DetailsRequest, reply: Mensaje): DetailsPage | undefined {
  if (reply.estado !== "ok") throw new RefusedError("listar", "the list of files", reply);
  const { details, byWord, after } = request;
  const { extras } = reply;
  const names = namesOf(reply);
  if (!names) throw new ReplyError("The server's reply is no list of names");
  const { length } = names.values;
  const sizes = sizesOf(extras.get(columns.size), length);
  const modified = timesOf(extras.get(columns.modified), length);
  const versions = textsOf(extras.get(columns.version), length);
  const told = { size: sizes, modified, version: versions };
  const text = extras.get("next");
  const next = typeof text === "string" ? text : undefined;
  const folders = textsOf(extras.get("folders"), undefined);
  const unreadable = textsOf(extras.get("unreadable"), undefined);
  if (request.goesOn && !tellsOfPage(reply))
    throw new ReplyError("The server's reply is no page, as the one before was");
  if (extras.has("unreadable") && !unreadable)
    throw new ReplyError("The server's reply is no listing with folders");
  if (tellsOfPage(reply)) {
    // What was given and not asked for is sealed as well.
    const fields = length === 0 ? [] : [names.text, sizes?.join("\n"), versions?.text];
    for (const told of [folders, unreadable]) if (told && told.values.length > 0) fields.push(told.text);
    const sealed = fields.filter((field) => field !== undefined);
    const seal = quickSealOf([after ?? "", ...sealed, next ?? ""]);
    if (extras.get("seal") !== seal) throw new ReplyError("The server's listing was damaged on its way");
    checkOrder(names.values, after, next);
  }
  // What is below a folder is told apart by its name: one that is written otherwise would hide nothing.
  if (unreadable?.values.some((name) => !isPath(name)))
    throw new ReplyError("The server's listing names a folder by what is no path");
  if (isExtended(reply) && details.some((detail) => !told[detail])) {
    const tellsNone = Object.values(columns).every((column) => !extras.has(column));
    if (!tellsNone) throw new ReplyError("The server's reply is no listing with details");
    if (!byWord) return undefined;
  }
  const asked = <T>(detail: Detail, column: T): T | undefined =>
    details.includes(detail) ? column : undefined;
  return {
    names: names.values,
    sizes: asked("size", sizes),
    modified: asked("modified", modified),
    versions: asked("version", versions?.values),
    packed: extras.has("names"),
    folders: request.folders ? folders?.values : undefined,
    unreadable: unreadable?.values ?? [],
    next,
  };
}

/** Whether a name is a path from the top of what is served, with no step that leads nowhere. */
function isPath(name: string): boolean {
  return name.split("/").every((step) => step !== "" && step !== "." && step !== "..");
}

/** Whether a reply is a page, and not a listing in which nothing was honoured. */
function tellsOfPage({ extras }: Mensaje): boolean {
  return ["names", "next", "seal", "folders", "unreadable", ...Object.values(columns)].some((name) =>
    extras.has(name),
  );
}

/**
 * The pages of a listing come to an end because each begins after the one before.
 *
 * @throws {ReplyError} when the names of a page are not in order, or not all between those of its neighbours
 */
function checkOrder(names: readonly string[], after: string | undefined, next: string | undefined): void {
  if (after === undefined && next === undefined) return;
  let last = after;
  for (const name of names) {
    if (last !== undefined && name <= last) throw orderError();
    last = name;
  }
  const isOn = next === undefined || ((last === undefined || next >= last) && next !== after);
  if (!isOn) throw orderError();
}

function orderError(): ReplyError {
  return new ReplyError("The server's listing is not in order, and may have no end");
}

// A column is a list, or packed: PROTOCOL.md, section 6.3. Undefined is what is neither, or has another length.

/** Texts, and all of them with a line feed between: as they are sealed. */
interface Texts {
  readonly values: readonly string[];
  readonly text: string;
}

/** The names stand in `data`, or packed in an attribute. */
function namesOf({ data, extras }: Mensaje): Texts | undefined {
  const packed = extras.get("names");
  if (typeof packed !== "string") return textsOf(data, undefined);
  if (!Array.isArray(data) || data.length > 0) return undefined;
  const values = packed === "" ? [] : packed.split("\n", MOST_NAMES + 1);
  return values.length <= MOST_NAMES ? { values, text: packed } : undefined;
}

function textsOf(value: PyValue | undefined, length: number | undefined): Texts | undefined {
  if (typeof value === "string" && length !== undefined) {
    const values = length === 0 && value === "" ? [] : value.split("\n", length + 1);
    return values.length === length ? { values, text: value } : undefined;
  }
  const values = listOf(value, length, (item) => (typeof item === "string" ? item : undefined));
  return values && { values, text: values.join("\n") };
}

function sizesOf(value: PyValue | undefined, length: number): readonly number[] | Float64Array | undefined {
  if (!(value instanceof Uint8Array))
    return listOf(value, length, (item) => (isCount(item) ? item : undefined));
  const view = viewOf(value, length);
  if (!view) return undefined;
  const sizes = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const high = view.getUint32(8 * i + 4, true);
    if (high >= 2 ** 21) return undefined;
    sizes[i] = view.getUint32(8 * i, true) + high * 2 ** 32;
  }
  return sizes;
}

function timesOf(value: PyValue | undefined, length: number): ArrayLike<number> | undefined {
  if (!(value instanceof Uint8Array)) return listOf(value, length, secondsOf);
  const view = viewOf(value, length);
  if (!view) return undefined;
  const times = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const seconds = view.getFloat64(8 * i, true);
    if (!Number.isFinite(seconds)) return undefined;
    times[i] = seconds;
  }
  return times;
}

/** Numbers of eight bytes each; undefined where there are not as many. */
function viewOf({ buffer, byteOffset, byteLength }: Uint8Array, length: number): DataView | undefined {
  return byteLength === 8 * length ? new DataView(buffer, byteOffset, byteLength) : undefined;
}

function listOf<T>(
  value: PyValue | undefined,
  length: number | undefined,
  read: (item: PyValue) => T | undefined,
): readonly T[] | undefined {
  const items: unknown = value instanceof PyTuple ? value.items : value;
  if (!Array.isArray(items) || (length !== undefined && items.length !== length)) return undefined;
  const values: T[] = [];
  for (const item of items as PyValue[]) {
    const own = read(item);
    if (own === undefined) return undefined;
    values.push(own);
  }
  return values;
}
