import { Mensaje } from "@fileshare/protocol";
import { quickSealOf } from "@fileshare/protocol/node";
import { PyFloat } from "@fileshare/protocol/pickle";
import { entriesOf } from "../storage/listing.js";
import { type ListRequest, listRequestOf } from "./attributes.js";
import type { Handler, HandlerContext } from "./handler.js";

/** `listar`: the names of the files there are; in pages, with what is known of each, where that was asked for. */
export const listar: Handler<null, string[]> = (_data, { storage, mensaje }) => {
  const asked = listRequestOf(mensaje.extras);
  return asked ? page(storage, asked) : storage.list();
};

/** @throws {TypeError} when what a storage cannot look into is no list of paths: it would be told of nobody, or hide nothing */
function checkUnreadable(told: unknown): void {
  if (Array.isArray(told) && told.every(isPath)) return;
  throw new TypeError("What the storage cannot look into is no list of paths without a / at their ends");
}

function isPath(name: unknown): boolean {
  return typeof name === "string" && name.split("/").every((step) => !["", ".", ".."].includes(step));
}

async function page(storage: HandlerContext["storage"], asked: ListRequest): Promise<Mensaje<string[]>> {
  const {
    names,
    sizes,
    modified,
    versions,
    next,
    folders,
    unreadable = [],
  } = await entriesOf(storage, asked);
  const { after = "", details, packed, packedNames } = asked;
  const tellsFolders = asked.folders && asked.recursive;
  checkUnreadable(unreadable);
  // Who has not asked for them takes what is told for all there is.
  if (unreadable.length > 0 && !tellsFolders)
    throw new Error(`Cannot list ${JSON.stringify(unreadable[0])}: it cannot be looked into`);
  const isList = !packedNames || isManyLines(names) || names[0] === "";
  const reply = new Mensaje<string[]>({ data: isList ? (names as string[]) : [], estado: "ok" });
  const { extras } = reply;
  const [text = ""] = joined(names);
  if (!isList) extras.set("names", text);
  const sealed = names.length === 0 ? [after] : [after, text];
  if (details.includes("sizes")) {
    extras.set("sizes", packed ? packedSizes(sizes) : Array.from(sizes));
    sealed.push(...joined(Array.from(sizes)));
  }
  if (details.includes("modified")) {
    extras.set("modified", packed ? packedTimes(modified) : Array.from(modified, float));
  }
  if (details.includes("versions")) {
    const [text = ""] = joined(versions);
    extras.set("versions", !packed || isManyLines(versions) ? (versions as string[]) : text);
    sealed.push(...joined(versions));
  }
  if (tellsFolders && folders) {
    extras.set("folders", [...folders]);
    sealed.push(...joined(folders));
  }
  if (unreadable.length > 0) {
    extras.set("unreadable", [...unreadable]);
    sealed.push(...joined(unreadable));
  }
  extras.set("next", next ?? null);
  extras.set("seal", quickSealOf([...sealed, next ?? ""]));
  return reply;
}

/** Fields of a seal as one, as their line feeds stand between them already. */
function joined(values: readonly (string | number)[]): [] | [string] {
  return values.length === 0 ? [] : [values.join("\n")];
}

/** Whether one of them holds a line feed itself: then they cannot be told apart by those between them. */
function isManyLines(texts: readonly string[]): boolean {
  return texts.join("").includes("\n");
}

function packedSizes(sizes: ArrayLike<number>): Uint8Array {
  const view = new DataView(new ArrayBuffer(8 * sizes.length));
  for (let i = 0; i < sizes.length; i++) {
    const size = sizes[i] as number;
    view.setUint32(8 * i, size % 2 ** 32, true);
    view.setUint32(8 * i + 4, size / 2 ** 32, true);
  }
  return new Uint8Array(view.buffer);
}

function packedTimes(modified: ArrayLike<number>): Uint8Array {
  const view = new DataView(new ArrayBuffer(8 * modified.length));
  for (let i = 0; i < modified.length; i++) view.setFloat64(8 * i, modified[i] as number, true);
  return new Uint8Array(view.buffer);
}

/** A number as a Python float, though it be whole. */
export function float(value: number): number | PyFloat {
  return Number.isInteger(value) ? new PyFloat(value) : value;
}
