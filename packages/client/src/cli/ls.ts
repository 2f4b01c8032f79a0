// fileshare ls [GLOB...]

import { printable } from "@fileshare/protocol";
import type { Cliente } from "../cliente.js";
import { filterOf } from "../sync/filter.js";
import type { Detail, RemoteDetails } from "../transfer/details.js";
import { exitCodes } from "./exit-codes.js";
import { writeError, writeJson } from "./output.js";
import { dateText, sizeText } from "./units.js";

export interface LsFlags {
  readonly long?: boolean | undefined;
  readonly recursive?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** Prints the server's files: in columns at a terminal, their names alone, one a line, elsewhere. */
export async function ls(
  cliente: Cliente,
  patterns: readonly string[],
  flags: LsFlags,
  signal: AbortSignal,
): Promise<number> {
  const isMeant = filterOf({ include: patterns.length > 0 ? patterns : undefined });
  // A pattern for a path is of no use without the paths.
  const recursive = flags.recursive === true || patterns.some((pattern) => pattern.includes("/"));
  const write = flags.json ? writeDetails : writerOf(flags);
  let count = 0;
  const details = detailsFor(flags);
  for await (const page of cliente.pedirDetalles({ recursive, details, signal })) {
    for (const file of page) {
      if (!isMeant(file.name)) continue;
      count += 1;
      write(file);
    }
    await drained();
  }
  if (count > 0 || patterns.length === 0) return exitCodes.done;
  writeError(`No file of the server matches ${patterns.map((pattern) => JSON.stringify(pattern)).join(" ")}`);
  return exitCodes.failed;
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
