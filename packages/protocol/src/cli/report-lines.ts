// A report as lines for people.

import { treeLines } from "../inspect/format.js";
import type { PickleImport } from "../inspect/imports.js";
import type { InspectedPickle, PickleReport } from "../inspect/report.js";
import { treeOf } from "../inspect/tree.js";

/** How much of the values is shown. */
export interface ReportLinesOptions {
  /** All of them, however large. */
  readonly full: boolean;
  readonly maxDepth: number;
}

/** How many names are listed of a pickle that has more. */
const MOST_IMPORTS = 200;

/** What was found in a file that goes by a name. */
export function* reportLines(
  name: string,
  report: PickleReport,
  options: ReportLinesOptions,
): Generator<string, void, undefined> {
  const { pickles, rest, format } = report;
  if (format !== undefined) {
    yield `${name}: no pickle, but ${format}`;
    return;
  }
  yield `${name}: ${count(report.bytes, "byte")}, ${count(pickles.length, "pickle")}`;
  for (const [i, pickle] of pickles.entries()) {
    yield "";
    yield* pickleLines(i, pickle, options);
  }
  if (rest > 0) {
    yield "";
    yield `${count(rest, "byte")} after that not looked at`;
  }
}

function* pickleLines(
  index: number,
  pickle: InspectedPickle,
  { full, maxDepth }: ReportLinesOptions,
): Generator<string, void, undefined> {
  const { offset, length, opcodes, protocol, imports, value, error, refusals } = pickle;
  const version = protocol === undefined ? "protocol 0 or 1" : `protocol ${protocol}`;
  const read = `${count(opcodes, "opcode")} up to byte ${offset + length}`;
  yield `pickle ${index + 1} from byte ${offset}: ${version}, ${read}`;
  if (imports.length > 0) {
    yield "  imports";
    const shown = full ? imports : chosen(imports);
    const width = Math.max(...shown.map(({ name }) => name.length));
    for (const { name, uses, verdict, danger } of shown) {
      const note = verdict === "dangerous" ? `DANGEROUS: ${danger}` : verdict;
      yield `    ${name.padEnd(width)}  ${uses.join(", ").padEnd(12)}  ${note}`;
    }
    if (shown.length < imports.length) yield `    … ${imports.length - shown.length} more`;
  }
  if (value !== undefined) {
    yield "  value";
    const everything = Number.POSITIVE_INFINITY;
    const tree = treeOf(value, full ? { maxText: everything } : {});
    const limits = full ? { maxItems: everything, maxLines: everything } : {};
    for (const line of treeLines(tree, { maxDepth, ...limits })) yield `    ${line}`;
  } else if (error) yield `  no value: ${error.message}`;
  for (const reason of refusals) {
    if (value !== undefined || reason !== error?.message) yield `  refused: ${reason}`;
  }
}

/** The names that are worth most, where there are many: those that are dangerous, and then the first of the others. */
function chosen(imports: readonly PickleImport[]): readonly PickleImport[] {
  if (imports.length <= MOST_IMPORTS) return imports;
  const first = imports.filter(({ verdict }) => verdict === "dangerous");
  return [...first, ...imports.filter(({ verdict }) => verdict !== "dangerous")].slice(0, MOST_IMPORTS);
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
