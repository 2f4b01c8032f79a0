// fileshare ls [GLOB...]

import { printable } from "@fileshare/protocol";
import type { Cliente } from "../cliente.js";
import { UnreadableError } from "../errors.js";
import { matcherOf, mayMatchBelow } from "../sync/filter.js";
import type { Detail, RemoteDetails } from "../transfer/details.js";
import { ListingMemory } from "../transfer/listing-memory.js";
import type { RetryEvent } from "../transfer/retry.js";
import { exitCodes } from "./exit-codes.js";
import type { ServerFlags } from "./flags.js";
import { messageOf, retryText } from "./messages.js";
import { isGlob, withoutDot } from "./names.js";
import { writeError, writeJson } from "./output.js";
import { folderPages } from "./remote-folder.js";
import { dateText, sizeText } from "./units.js";

export interface LsFlags extends Pick<ServerFlags, "maxListing"> {
  readonly long?: boolean | undefined;
  readonly recursive?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/**
 * Prints the server's files: in columns at a terminal, their names alone, one a line, elsewhere. Folders are told by their
 * names with a `/`, but not in JSON.
 */
export async function ls(
  cliente: Cliente,
  patterns: readonly string[],
  flags: LsFlags,
  signal: AbortSignal,
): Promise<number> {
  const { recursive, json, maxListing } = flags;
  const memory = new ListingMemory(maxListing);
  const details = detailsFor(flags);
  const write = json ? writeDetails : writerOf(flags);
  const print = async (pages: AsyncIterable<readonly RemoteDetails[]>): Promise<number> => {
    let count = 0;
    for await (const page of pages) {
      for (const entry of page) {
        if (json && entry.name.endsWith("/")) continue;
        count += 1;
        write(entry);
      }
      await drained();
    }
    return count;
  };
  const unreadable = new Set<string>();
  const onUnreadable = (folder: string): void => {
    if (unreadable.has(folder)) return;
    memory.keep("folder", folder.length);
    unreadable.add(folder);
    writeError(messageOf(new UnreadableError(folder)));
  };
  const onEvent = (event: RetryEvent): void => writeError(retryText(event));
  const pagesOf = (folder: string): AsyncIterable<readonly RemoteDetails[]> =>
    folderPages(cliente, { folder, recursive, details, memory, onUnreadable, onEvent, signal });
  const end = (): number => (unreadable.size > 0 ? exitCodes.failed : exitCodes.done);
  if (patterns.every((pattern) => /^\.?\/*$/.test(pattern))) {
    await print(pagesOf(""));
    return end();
  }
  const names = patterns.map(withoutDot);
  // A pattern for a path is of no use without the paths.
  const deep = recursive === true || names.some((name) => name.includes("/"));
  const unmatched = new Set(names);
  const listing = cliente.pedirDetalles({
    recursive: deep,
    details,
    onUnreadable: (folder) => mayMatchBelow(names, folder) && onUnreadable(folder),
    onEvent,
    signal,
  });
  let count = await print(matching(listing, names, unmatched));
  for (const name of unmatched) if (!isGlob(name)) count += await print(pagesOf(`${name}/`));
  if (count > 0 || unreadable.size > 0) return end();
  writeError(`No file of the server matches ${patterns.map((pattern) => JSON.stringify(pattern)).join(" ")}`);
  return exitCodes.failed;
}

/** The files that a pattern matches, which is unmatched no more. */
async function* matching(
  pages: AsyncIterable<readonly RemoteDetails[]>,
  patterns: readonly string[],
  unmatched: Set<string>,
): AsyncGenerator<readonly RemoteDetails[], void, undefined> {
  const matchers = patterns.map((pattern) => ({
    pattern,
    isMatch: matcherOf([pattern], { filesOnly: true }),
  }));
  for await (const page of pages) {
    yield page.filter(({ name }) => {
      const matched = matchers.filter(({ isMatch }) => isMatch(name));
      for (const { pattern } of matched) unmatched.delete(pattern);
      return matched.length > 0;
    });
  }
}

/** Names alone take the server less time. */
function detailsFor({ json, long }: LsFlags): readonly Detail[] {
  if (json) return ["size", "modified", "version"];
  return long || process.stdout.isTTY ? ["size", "modified"] : [];
}

function writeDetails({ name, size, modified, version }: RemoteDetails): void {
  writeJson({ name, size, modified: isoText(modified), version });
}

function writerOf({ long }: LsFlags): (file: RemoteDetails) => void {
  const { isTTY } = process.stdout;
  return ({ name, size, modified }) => {
    const shown = isTTY ? printable(name) : name;
    // A server of old tells only names.
    const columns = long || (isTTY && size !== undefined) ? `${columnsOf(size, modified)}  ` : "";
    process.stdout.write(`${columns}${shown}\n`);
  };
}

function columnsOf(size: number | undefined, modified: number | undefined): string {
  const sizeColumn = size === undefined ? "-" : sizeText(size);
  const dateColumn = modified === undefined ? "-" : dateText(modified);
  return `${sizeColumn.padStart(7)}  ${dateColumn.padEnd(16)}`;
}

/** Undefined also for what no calendar has. */
function isoText(seconds: number | undefined): string | undefined {
  const date = new Date((seconds ?? Number.NaN) * 1000);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** Waits until what was written has gone, or nobody reads it any more. */
async function drained(): Promise<void> {
  const { stdout } = process;
  if (!stdout.writableNeedDrain || stdout.destroyed) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      for (const event of ["drain", "close", "error"]) stdout.off(event, done);
      resolve();
    };
    for (const event of ["drain", "close", "error"]) stdout.on(event, done);
  });
}
