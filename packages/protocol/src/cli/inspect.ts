// The command `inspect`.

import { inspectPickle, type PickleReport } from "../inspect/report.js";
import { formatDisassembly } from "../pickle/disassemble.js";
import { PickleDecodeError } from "../pickle/errors.js";
import { defaultLimits } from "../pickle/limits.js";
import { printable } from "../printable.js";
import { exitCodes } from "./exit-codes.js";
import { readInput } from "./read-input.js";
import { reportToJson } from "./report-json.js";
import { reportLines } from "./report-lines.js";
import { writeLines } from "./write-output.js";

/** What the command line says of how to show it. */
export interface InspectFlags {
  readonly dis: boolean;
  readonly json: boolean;
  readonly full: boolean;
  readonly maxDepth: number;
}

/**
 * Shows what is in a file. Gives the exit code.
 *
 * @throws the system's error when the file cannot be read, or stdout not be written
 */
export async function inspect(file: string, flags: InspectFlags): Promise<number> {
  const bytes = await readInput(file, defaultLimits.maxBytes);
  const report = inspectPickle(bytes);
  await writeLines(shown(file, bytes, report, flags));
  return report.refused ? exitCodes.refused : exitCodes.taken;
}

function shown(file: string, bytes: Uint8Array, report: PickleReport, flags: InspectFlags): Iterable<string> {
  const { full, maxDepth } = flags;
  if (flags.json) return [JSON.stringify(reportToJson(file, report, maxDepth))];
  if (flags.dis && report.format === undefined) return disassemblies(bytes, report);
  return reportLines(file === "-" ? "stdin" : printable(file), report, { full, maxDepth });
}

/** The lines of pickletools, for each pickle. */
function* disassemblies(bytes: Uint8Array, report: PickleReport): Generator<string, void, undefined> {
  for (const { offset } of report.pickles) {
    if (offset > 0) yield `\npickle at byte ${offset}`;
    try {
      yield* formatDisassembly(bytes.subarray(offset));
    } catch (error) {
      if (!(error instanceof PickleDecodeError)) throw error;
      yield `stopped: ${printable(error.message)}`;
    }
  }
}
