// fileshare get NAME -o -: one file to stdout, checked as it goes by.

import { once } from "node:events";
import type { Cliente } from "../cliente.js";
import { RateLimit } from "../transfer/rate-limit.js";
import { barLines } from "./bars.js";
import { exitCodes } from "./exit-codes.js";
import type { TransferFlags } from "./flags.js";
import type { WantedFiles } from "./names.js";
import { NoMatchError, NotOneError } from "./not-found.js";
import { Screen } from "./screen.js";
import { Tally } from "./tally.js";

/**
 * Writes a file to stdout. What was written is only known to be right at the end: where it was not, this throws.
 *
 * @throws as {@link Cliente.stream}, and the reading of it
 */
export async function getToStdout(
  cliente: Cliente,
  { files, unmatched }: WantedFiles,
  { quiet, limitRate = Number.POSITIVE_INFINITY }: TransferFlags,
  signal: AbortSignal,
): Promise<number> {
  const [file] = files;
  if (!file) throw new NoMatchError(unmatched[0] ?? "");
  if (files.length > 1) throw new NotOneError(files.length);
  const content = await cliente.stream(file.name, { signal });
  const rate = new RateLimit(limitRate);
  const tally = new Tally();
  tally.files = 1;
  tally.total = content.length;
  // A bar between the lines of a text that is written to the same terminal would be in its way.
  const screen = quiet || process.stdout.isTTY ? undefined : new Screen({ toStderr: true });
  const bar = { name: file.name, received: 0, total: content.length };
  try {
    for await (const piece of content.lend()) {
      await rate.pass(piece.length, signal);
      if (!(await write(piece, signal))) return exitCodes.failed;
      tally.arrive(piece.length);
      tally.received = bar.received += piece.length;
      screen?.update((size) => barLines([bar], tally, size));
    }
  } finally {
    screen?.close();
  }
  return exitCodes.done;
}

/** Resolves when the piece, which may be overwritten then, was taken; with false where nobody reads any more. */
async function write(piece: Uint8Array, signal: AbortSignal): Promise<boolean> {
  const { stdout } = process;
  if (!stdout.writable) return false;
  const taken = new Promise<boolean>((resolve) => {
    stdout.write(piece, (error) => resolve(!error));
  });
  const ended = new AbortController();
  const aborted = once(signal, "abort", { signal: ended.signal }).then(
    () => true,
    () => false,
  );
  try {
    return await Promise.race([taken, aborted]);
  } finally {
    ended.abort();
    signal.throwIfAborted();
  }
}
