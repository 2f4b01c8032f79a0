// The listing with details, page by page.

import { Mensaje, type PyValue, sealOf } from "@fileshare/protocol";
import { PyTuple } from "@fileshare/protocol/pickle";
import { RefusedError, ReplyError } from "../errors.js";
import { isCount, isExtended, secondsOf } from "./remote.js";

/** A file on the server. */
export interface RemoteDetails {
  /** Its path below the server's folder, with `/` between folders: text to be shown, not a path to be trusted. */
  readonly name: string;
  /** Bytes; undefined where the server is an old one, which tells only names. */
  readonly size: number | undefined;
  /** When it was last changed, in seconds since 1970; undefined as well. */
  readonly modified: number | undefined;
  /** A token that changes when its content does; undefined as well. */
  readonly version: string | undefined;
}

/** A page of a listing. */
export interface DetailsPage {
  readonly files: readonly RemoteDetails[];
  /** Where the next page begins; undefined at the end. */
  readonly next: string | undefined;
}

export function detailsMensaje(recursive: boolean, after: string | undefined, id: number): Mensaje {
  const extras: [string, PyValue][] = [
    ["id", id],
    ["details", true],
  ];
  if (recursive) extras.push(["recursive", true]);
  if (after !== undefined) extras.push(["after", after]);
  return new Mensaje({ operacion: "listar", extras });
}

/**
 * @throws {RefusedError} when the server refused
 * @throws {ReplyError} when it answered something else than a listing
 */
export function readDetails(after: string | undefined, reply: Mensaje): DetailsPage {
  if (reply.estado !== "ok") throw new RefusedError("listar", "the list of files", reply);
  const names = column(reply.data, (name) => typeof name === "string") as string[] | undefined;
  if (!names) throw new ReplyError("The server's reply is no list of names");
  const { extras } = reply;
  const sizes = column(extras.get("sizes"), isCount, names.length);
  const modified = column(extras.get("modified"), (value) => secondsOf(value) !== undefined, names.length);
  const versions = column(extras.get("versions"), (value) => typeof value === "string", names.length);
  const next = extras.get("next");
  if (isExtended(reply)) {
    if (!sizes || !modified || !versions)
      throw new ReplyError("The server's reply is no listing with details");
    const fields = [...names, ...(sizes as number[]), ...(versions as string[])];
    const seal = sealOf([after ?? "", ...fields, typeof next === "string" ? next : ""]);
    if (extras.get("seal") !== seal) throw new ReplyError("The server's listing was damaged on its way");
  }
  const files = names.map((name, i) => ({
    name,
    size: sizes?.[i] as number | undefined,
    modified: secondsOf(modified?.[i]),
    version: versions?.[i] as string | undefined,
  }));
  return { files, next: typeof next === "string" ? next : undefined };
}

/** A list of which every item is as wanted. */
function column(
  value: PyValue | undefined,
  is: (item: PyValue) => boolean,
  length?: number,
): readonly PyValue[] | undefined {
  const items: unknown = value instanceof PyTuple ? value.items : value;
  if (!Array.isArray(items) || (length !== undefined && items.length !== length)) return undefined;
  return items.every(is) ? items : undefined;
}
