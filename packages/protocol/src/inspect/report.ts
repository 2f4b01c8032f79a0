// What is in a file of pickles: values, names, errors. Nothing is looked up, called or made.

import type { FindClass } from "../pickle/classes.js";
import { decodeFirst } from "../pickle/decode.js";
import { PickleDecodeError, type PickleDecodeErrorCode } from "../pickle/errors.js";
import { type PickleLimits, settleLimits } from "../pickle/limits.js";
import { PyBuffer } from "../pickle/objects.js";
import type { PickleProtocol } from "../pickle/opcodes.js";
import type { PyValue } from "../pickle/values.js";
import { printable } from "../printable.js";
import { checkRange } from "../range.js";
import { judgeImports, type PickleImport } from "./imports.js";
import { knownClasses } from "./known.js";
import { knownFormat } from "./magic.js";
import { type Scan, scan } from "./scan.js";
import { cutText } from "./text.js";

/** What {@link inspectPickle} may be told. */
export interface InspectOptions {
  /** Classes that are known beside those of plain data. Default: all that `converters` has ready. */
  readonly findClass?: FindClass | undefined;
  /** Budgets for each pickle that differ from those of `decode`. */
  readonly limits?: Partial<PickleLimits> | undefined;
  /** How many pickles are looked at, of those that stand one after another. Default 1000. */
  readonly maxPickles?: number | undefined;
}

/** Why a pickle cannot be decoded. */
export interface PickleProblem {
  readonly code: PickleDecodeErrorCode;
  /** Safe to print. */
  readonly message: string;
  /** Offset in bytes of the opcode, from the start of its pickle. */
  readonly offset: number;
  /** The opcode's name, where its byte is one. */
  readonly opcode: string | undefined;
  /** With `LIMIT`: the name of the limit. */
  readonly limit: string | undefined;
}

/** One pickle of a file. */
export interface InspectedPickle {
  /** Where it begins in the file. */
  readonly offset: number;
  /** How many bytes of it could be gone through: all of it, up to its STOP, unless `error` says otherwise. */
  readonly length: number;
  /** How many opcodes those are. */
  readonly opcodes: number;
  /** As its header says; undefined without one, in protocols 0 and 1. */
  readonly protocol: PickleProtocol | undefined;
  /** The classes and functions that it names, in the order in which it does: also those of a pickle with an error. */
  readonly imports: readonly PickleImport[];
  /** The numbers of Python's extension registry by which it names classes. */
  readonly extensions: readonly number[];
  /** How many objects it refers to that are stored elsewhere. */
  readonly persistentIds: number;
  /** How many out-of-band buffers it wants. In `value` they are empty. */
  readonly buffers: number;
  /** What it holds, without any instance made; undefined when that could not be read. */
  readonly value: PyValue | undefined;
  /** Why `decode` stops there: most often there is no value then. */
  readonly error: PickleProblem | undefined;
  /** Why `decode` would refuse it, each safe to print. Empty for one that it takes. */
  readonly refusals: readonly string[];
}

/** What is in a file of pickles. */
export interface PickleReport {
  /** The length of the input. */
  readonly bytes: number;
  /** What the file is, when it is of a known format that is no pickle. There are no pickles then. */
  readonly format: string | undefined;
  readonly pickles: readonly InspectedPickle[];
  /** Bytes after the last pickle that were not looked at: what stands there is no pickle, or one too many. */
  readonly rest: number;
  /** Whether any of the pickles would be refused, or there is none. */
  readonly refused: boolean;
}

/** How many names are told before it is only said how many more there are. */
const MOST_NAMES = 5;

/**
 * Says what is in a file of one or more pickles, without executing any of it. Never throws for what is in the file.
 *
 * The names come from a pass over the opcodes that does not stop where the value cannot be made, so that a malformed
 * pickle has them as well: Python does what a pickle says until it comes to the error.
 *
 * @example
 * ```ts
 * import { formatTree, inspectPickle, treeOf } from "@fileshare/protocol/pickle/inspect";
 *
 * const bytes = new TextEncoder().encode("cposix\nsystem\n(S'ls'\ntR.");
 * const [pickle] = inspectPickle(bytes).pickles;
 * console.log(pickle?.imports[0]?.name, pickle?.imports[0]?.verdict); // posix.system dangerous
 * console.log(formatTree(treeOf(pickle?.value ?? null)).trim()); // posix.system('ls')
 * ```
 * @throws {RangeError} when an option is out of its range
 * @throws {TypeError} when the input is no Uint8Array
 */
export function inspectPickle(bytes: Uint8Array, options: InspectOptions = {}): PickleReport {
  if (!(bytes instanceof Uint8Array))
    throw new TypeError("Cannot inspect pickle: the input is no Uint8Array");
  const { findClass = knownClasses.findClass, maxPickles = 1000 } = options;
  checkRange("maxPickles", maxPickles, 1, Number.POSITIVE_INFINITY);
  const limits = settleLimits(options.limits);
  const pickles: InspectedPickle[] = [];
  let at = 0;
  while (pickles.length < maxPickles && (at < bytes.length || at === 0)) {
    const rest = bytes.subarray(at);
    const scanned = scan(rest, { maxOpcodes: limits.maxOpcodes, maxStack: limits.maxStack });
    const format = at === 0 && scanned.end !== undefined ? knownFormat(bytes) : undefined;
    if (format !== undefined)
      return { bytes: bytes.length, format, pickles, rest: bytes.length, refused: true };
    // What stands after a pickle need not be another.
    if (at > 0 && scanned.length === 0) break;
    const whole = scanned.end === undefined ? rest.subarray(0, scanned.length) : rest;
    pickles.push(inspectOne(whole, at, scanned, findClass, limits));
    at += scanned.length;
    if (scanned.end !== undefined) {
      at = bytes.length;
      break;
    }
  }
  const refused =
    pickles.some(({ refusals }) => refusals.length > 0) ||
    (pickles.length === maxPickles && at < bytes.length);
  return { bytes: bytes.length, format: undefined, pickles, rest: bytes.length - at, refused };
}

function inspectOne(
  bytes: Uint8Array,
  offset: number,
  scanned: Scan,
  findClass: FindClass,
  limits: PickleLimits,
): InspectedPickle {
  const { length, opcodes, protocol, persistentIds, buffers } = scanned;
  const imports = judgeImports(scanned.imports, protocol, findClass);
  const extensions = [...scanned.extensions];
  let value: PyValue | undefined;
  let error: PickleProblem | undefined;
  const decodeOpaque = (within: PickleLimits): PyValue =>
    decodeFirst(bytes, { unknown: "opaque", encoding: "latin1", limits: within, buffers: standIns() }).value;
  try {
    value = decodeOpaque(limits);
  } catch (thrown) {
    error = problemOf(thrown);
    // That is for those who take a value for a tree. Here an object is shown once, however often it occurs.
    if (error.limit === "maxReferences") {
      value = decodeOpaque({ ...limits, maxReferences: Number.POSITIVE_INFINITY });
    }
  }
  const refusals: string[] = [];
  const strange = imports.filter(({ verdict }) => verdict !== "known");
  const dangerous = strange.filter(({ verdict }) => verdict === "dangerous");
  if (dangerous.length > 0) refusals.push(`it names ${listOf(dangerous)}: known to be dangerous`);
  else if (strange.length > 0) refusals.push(`it names ${listOf(strange)}: not known`);
  if (extensions.length > 0) refusals.push("it names classes by extension codes: not known");
  if (persistentIds > 0) refusals.push("it refers to objects that are stored elsewhere");
  if (buffers > 0) refusals.push("it wants buffers that are stored elsewhere");
  if (error) refusals.push(error.message);
  else if (refusals.length === 0 && imports.length > 0) {
    try {
      decodeFirst(bytes, { findClass, limits });
    } catch (thrown) {
      refusals.push(problemOf(thrown).message);
    }
  }
  return {
    offset,
    length,
    opcodes,
    protocol,
    imports,
    extensions,
    persistentIds,
    buffers,
    value,
    error,
    refusals,
  };
}

function listOf(imports: readonly PickleImport[]): string {
  const names = imports.slice(0, MOST_NAMES).map(({ name }) => name);
  const more = imports.length - names.length;
  return more > 0 ? `${names.join(", ")} and ${more} more` : names.join(", ");
}

/** What stands for buffers that are not in the file. */
function* standIns(): Generator<PyBuffer, void, undefined> {
  for (;;) yield new PyBuffer(new Uint8Array(0), true);
}

/** A decoder's refusal, or what a converter says of a value that it does not take. */
function problemOf(thrown: unknown): PickleProblem {
  const message = cutText(printable(thrown instanceof Error ? thrown.message : String(thrown)), 500);
  if (!(thrown instanceof PickleDecodeError)) {
    return { code: "BAD_OPERAND", message, offset: 0, opcode: undefined, limit: undefined };
  }
  const { code, offset, opcode, limit } = thrown;
  return { code, message, offset, opcode, limit };
}
