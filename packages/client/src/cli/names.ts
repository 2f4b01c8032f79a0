// What is to be fetched: names as they are, and patterns that choose from the server's listing.

import picomatch from "picomatch";
import type { Cliente, DetailsOptions } from "../cliente.js";
import { RefusedError } from "../errors.js";
import { matcherOf, mayMatchBelow } from "../sync/filter.js";
import type { RemoteDetails } from "../transfer/details.js";
import { ListingMemory } from "../transfer/listing-memory.js";

/** From so many names on the server is asked for its listing: files whose size is known go many at once. */
const LISTING_NAMES = 16;

/** A file to be fetched. */
export interface WantedFile {
  readonly name: string;
  /** What the listing says of it, where it was read. */
  readonly known?: RemoteDetails | undefined;
}

/** What was asked for. */
export interface WantedFiles {
  readonly files: readonly WantedFile[];
  /** Patterns that no file matches. */
  readonly unmatched: readonly string[];
  /** Folders that the server cannot look into, in which files may match; with a `/` at their ends. */
  readonly unreadable: readonly string[];
}

/** How the listing is read that patterns choose from. */
export interface FindOptions extends Pick<DetailsOptions, "retries" | "onEvent" | "signal"> {
  /** How many bytes of memory the names may take that are kept of it. */
  readonly maxListing?: number | undefined;
}

/** Finds out which files are meant. Each is named once, in the order asked for, and of a pattern in the listing's. */
export async function wantedFiles(
  cliente: Cliente,
  asked: readonly string[],
  { maxListing, ...options }: FindOptions,
): Promise<WantedFiles> {
  const names = [...new Set(asked.map(withoutDot))];
  const patterns = names.filter(isGlob);
  if (patterns.length === 0 && names.length < LISTING_NAMES) {
    return { files: names.map((name) => ({ name })), unmatched: [], unreadable: [] };
  }
  const known = new Map<string, RemoteDetails>();
  const matches = new Map(patterns.map((pattern) => [pattern, matcherOf([pattern], { filesOnly: true })]));
  const literal = new Set(names);
  const found = new Map<string, RemoteDetails[]>(patterns.map((pattern) => [pattern, []]));
  const recursive = patterns.length > 0 || names.some((name) => name.includes("/"));
  const closed: string[] = [];
  const memory = new ListingMemory(maxListing);
  const keep = (files: RemoteDetails[] | undefined, file: RemoteDetails): void => {
    memory.keep("details", file.name.length + (file.version?.length ?? 0));
    files?.push(file);
  };
  const onUnreadable = (folder: string): void => {
    memory.keep("failure", folder.length);
    closed.push(folder);
  };
  try {
    for await (const page of cliente.pedirDetalles({ ...options, recursive, onUnreadable })) {
      for (const file of page) {
        if (literal.has(file.name)) known.set(file.name, file);
        for (const [pattern, isMatch] of matches) if (isMatch(file.name)) keep(found.get(pattern), file);
      }
      if (patterns.length === 0 && known.size === names.length) break;
    }
  } catch (error) {
    // Names can be asked for without a listing.
    if (patterns.length > 0 || !(error instanceof RefusedError)) throw error;
  }
  const files = new Map<string, WantedFile>();
  const unmatched: string[] = [];
  for (const name of names) {
    const matched = known.has(name) ? undefined : found.get(name);
    if (!matched) files.set(name, { name, known: known.get(name) });
    else if (matched.length === 0) unmatched.push(name);
    for (const file of matched ?? []) files.set(file.name, { name: file.name, known: file });
  }
  // A name that is a file's is no pattern.
  const open = patterns.filter((pattern) => !known.has(pattern));
  const unreadable = closed.filter((folder) => mayMatchBelow(open, folder));
  return { files: [...files.values()], unmatched, unreadable };
}

/** Whether a name may be a pattern: one that ends in / is no file's. */
export function isGlob(name: string): boolean {
  return picomatch.scan(name).isGlob || /[^/]\/$/.test(name);
}

/** `./notas.txt` is `notas.txt`, as in a shell. */
export function withoutDot(name: string): string {
  return name.replace(/^(\.\/+)+(?=[^/])/, "");
}
