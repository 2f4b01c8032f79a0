// Extra attributes of a request, as PROTOCOL.md section 6 has them. One of a type that it cannot have is not there.

import type { Mensaje } from "@fileshare/protocol";
import { PyTuple, type PyValue } from "@fileshare/protocol/pickle";
import type { Detail } from "../storage/storage.js";

type Extras = Mensaje["extras"];

/** An int as Python has it: True is none, nor is -0.0. */
export function isInt(value: PyValue | undefined): value is number | bigint {
  return typeof value === "bigint" || (Number.isInteger(value) && !Object.is(value, -0));
}

function textAttribute(extras: Extras, name: string): string | undefined {
  const value = extras.get(name);
  return typeof value === "string" ? value : undefined;
}

/** Which bytes are asked for; `end` is Infinity for the file's end. What there is of it in the file was not looked at. */
export interface AskedRange {
  readonly start: number;
  readonly end: number;
}

/** What a `descargar` asks for beyond the content of a file. */
export interface FileRequest {
  /** As it was asked for. */
  readonly name: string;
  readonly range: AskedRange;
  readonly version: string | undefined;
  /** Algorithms, the one liked best first. */
  readonly checksums: readonly string[];
  /** An algorithm. */
  readonly digest: string | undefined;
}

/** The most names that one reply tells of. */
export const MAX_BATCH_NAMES = 256;

/** The most algorithms that are looked at. */
const MAX_CHECKSUMS = 16;

/** What a request asks for; undefined where it has none of the attributes of section 6.2. */
export function fileRequestOf({ data, extras }: Mensaje): FileRequest | undefined {
  const range = rangeAttribute(extras);
  const version = textAttribute(extras, "version");
  const checksums = checksumsAttribute(extras);
  const digest = textAttribute(extras, "digest");
  if (!range && version === undefined && !checksums && digest === undefined) return undefined;
  return {
    name: typeof data === "string" ? data : "",
    range: range ?? { start: 0, end: Number.POSITIVE_INFINITY },
    version,
    checksums: checksums ?? [],
    digest,
  };
}

function rangeAttribute(extras: Extras): AskedRange | undefined {
  const value = extras.get("range");
  if (!(value instanceof PyTuple) || value.length !== 2) return undefined;
  const [start, end] = value.items;
  if (!isInt(start) || (end !== null && !isInt(end))) return undefined;
  return { start: Number(start), end: end === null ? Number.POSITIVE_INFINITY : Number(end) };
}

function checksumsAttribute(extras: Extras): readonly string[] | undefined {
  const value = extras.get("checksums");
  if (!Array.isArray(value) || !value.every((each) => typeof each === "string")) return undefined;
  return value.slice(0, MAX_CHECKSUMS);
}

/** Names as a list, or packed: no more of them than one reply tells of. */
function namesAttribute(extras: Extras, name: string): readonly string[] | undefined {
  const value = extras.get(name);
  if (typeof value === "string") {
    const names = value === "" ? [] : value.split("\n", MAX_BATCH_NAMES);
    return names.length < MAX_BATCH_NAMES ? names : undefined;
  }
  if (!Array.isArray(value) || !value.every((each) => typeof each === "string")) return undefined;
  return value;
}

/** A `descargar` of several small files in one reply. */
export interface BatchRequest {
  /** As they were asked for. */
  readonly names: readonly string[];
  /** The seal of the reply where all is as who asks knows it. */
  readonly expected: string | undefined;
  /** Algorithms, the one liked best first. */
  readonly checksums: readonly string[];
}

/** What a request asks for; undefined where it asks for one file. */
export function batchRequestOf({ data, extras }: Mensaje): BatchRequest | undefined {
  const more = namesAttribute(extras, "more");
  if (typeof data !== "string" || !more) return undefined;
  const expected = textAttribute(extras, "expected");
  return { names: [data, ...more], expected, checksums: checksumsAttribute(extras) ?? [] };
}

/** What a `listar` asks for beyond the names of the files of the folder itself. */
export interface ListRequest {
  readonly details: readonly Detail[];
  /** Whether a column is to be one value; and whether the names are. */
  readonly packed: boolean;
  readonly packedNames: boolean;
  /** Whether folders are to be told that are empty, or cannot be looked into. */
  readonly folders: boolean;
  readonly recursive: boolean;
  readonly limit: number;
  readonly after: string | undefined;
}

/** What a request asks for; undefined where it has none of the attributes of section 6.3. */
export function listRequestOf(extras: Extras): ListRequest | undefined {
  const details = detailsAttribute(extras);
  const recursive = extras.get("recursive") === true;
  const asked = extras.get("limit");
  const limit = isInt(asked) && asked >= 1 ? Number(asked) : undefined;
  const after = textAttribute(extras, "after");
  const named: unknown = extras.get("details");
  const packedNames = Array.isArray(named) && named.includes("names");
  const folders = Array.isArray(named) && named.includes("folders");
  const isPlain = details.length === 0 && !packedNames && !folders && !recursive;
  if (isPlain && limit === undefined && after === undefined) return undefined;
  const packed = named !== true;
  return {
    details,
    packed,
    packedNames,
    folders,
    recursive,
    limit: limit ?? Number.POSITIVE_INFINITY,
    after,
  };
}

/** In the order in which the reply has them. */
const DETAILS: readonly Detail[] = ["sizes", "modified", "versions"];

function detailsAttribute(extras: Extras): readonly Detail[] {
  const value = extras.get("details");
  if (value === true) return DETAILS;
  return Array.isArray(value)
    ? DETAILS.filter((detail) => (value as readonly PyValue[]).includes(detail))
    : [];
}
