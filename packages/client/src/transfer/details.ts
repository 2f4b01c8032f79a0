// The listing with details, page by page.

import { Mensaje, type PyValue, sealOf } from "@fileshare/protocol";
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

/** A server gives as many names as it likes, and no more than that. */
const MOST_NAMES = 65_536;

/** What is asked for. */
export interface DetailsRequest {
  readonly recursive: boolean;
  readonly details: readonly Detail[];
  /** Where the page begins: the `next` of the one before. */
  readonly after: string | undefined;
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

/** A page of a listing. */
export interface DetailsPage {
  readonly files: readonly RemoteDetails[];
  /** Where the next page begins; undefined at the end. */
  readonly next: string | undefined;
}

export function detailsMensaje({ recursive, details, after }: DetailsRequest, id: number): Mensaje {
  const extras: [string, PyValue][] = [
    ["id", id],
    ["details", details.map((detail) => columns[detail])],
  ];
  if (recursive) extras.push(["recursive", true]);
  // A server that is asked for names alone must still know that it may answer with more.
  if (details.length === 0) extras.push(["limit", MOST_NAMES]);
  if (after !== undefined) extras.push(["after", after]);
  return new Mensaje({ operacion: "listar", extras });
}

/**
 * @throws {RefusedError} when the server refused
 * @throws {ReplyError} when it answered something else than a listing
 */
export function readDetails({ details, after }: DetailsRequest, reply: Mensaje): DetailsPage {
  if (reply.estado !== "ok") throw new RefusedError("listar", "the list of files", reply);
  const names = textsOf(reply.data, undefined);
  if (!names) throw new ReplyError("The server's reply is no list of names");
  const { extras } = reply;
  const { length } = names;
  const asked = (detail: Detail): PyValue | undefined =>
    details.includes(detail) ? extras.get(columns[detail]) : undefined;
  const sizes = sizesOf(asked("size"), length);
  const modified = timesOf(asked("modified"), length);
  const versions = textsOf(asked("version"), length);
  const next = extras.get("next");
  if (isExtended(reply)) {
    const told = { size: sizes, modified, version: versions };
    if (details.some((detail) => !told[detail]))
      throw new ReplyError("The server's reply is no listing with details");
    const last = typeof next === "string" ? next : "";
    const seal = sealOf([after ?? "", ...joined(names), ...joined(sizes), ...joined(versions), last]);
    if (extras.get("seal") !== seal) throw new ReplyError("The server's listing was damaged on its way");
  }
  const files = names.map((name, i) => ({
    name,
    size: sizes?.[i],
    modified: modified?.[i],
    version: versions?.[i],
  }));
  return { files, next: typeof next === "string" ? next : undefined };
}

/** Fields of a seal as one, as their line feeds stand between them already. */
function joined(values: readonly (string | number)[] = []): [] | [string] {
  return values.length === 0 ? [] : [values.join("\n")];
}

// A column is a list, or packed: PROTOCOL.md, section 6.3. Undefined is what is neither, or has another length.

function textsOf(value: PyValue | undefined, length: number | undefined): readonly string[] | undefined {
  if (typeof value === "string" && length !== undefined) {
    const texts = length === 0 && value === "" ? [] : value.split("\n", length + 1);
    return texts.length === length ? texts : undefined;
  }
  return listOf(value, length, (item) => (typeof item === "string" ? item : undefined));
}

function sizesOf(value: PyValue | undefined, length: number): readonly number[] | undefined {
  if (!(value instanceof Uint8Array))
    return listOf(value, length, (item) => (isCount(item) ? item : undefined));
  const sizes = numbersOf(value, length, (view, at) => {
    return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
  });
  return sizes?.every(isCount) ? sizes : undefined;
}

function timesOf(value: PyValue | undefined, length: number): readonly number[] | undefined {
  if (!(value instanceof Uint8Array)) return listOf(value, length, secondsOf);
  const times = numbersOf(value, length, (view, at) => view.getFloat64(at, true));
  return times?.every(Number.isFinite) ? times : undefined;
}

function numbersOf(
  { buffer, byteOffset, byteLength }: Uint8Array,
  length: number,
  read: (view: DataView, at: number) => number,
): number[] | undefined {
  if (byteLength !== 8 * length) return undefined;
  const view = new DataView(buffer, byteOffset, byteLength);
  return Array.from({ length }, (_, i) => read(view, 8 * i));
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
