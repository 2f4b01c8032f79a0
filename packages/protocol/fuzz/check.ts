// What must hold of our codec alone for each input: it says the same whether it gets the input at once or in pieces, what
// it reads it can write and read again, and nothing of all that leaves a trace.

import {
  encode,
  PickleEncodeError,
  type PickleProtocol,
  type PyBuffer,
  type PyValue,
} from "../src/pickle/index.js";
import { decodeInPieces, decodeWhole, type Outcome, summaryOf } from "./decode-input.js";
import { Description } from "./describe.js";
import { decodeOptions, type FuzzInput, randomFor } from "./input.js";
import { holdsOwnArguments } from "./own-arguments.js";
import type { Prototypes } from "./prototypes.js";

/** What was found out about an input. */
export interface Checked {
  readonly outcome: Outcome;
  /** What does not hold, in words. */
  readonly faults: readonly string[];
  /** The value as our encoder writes it, when CPython should read the same from it. */
  readonly again: FuzzInput | undefined;
}

/**
 * Checks an input.
 *
 * @param seed of all choices that are made for it, but for its bytes
 */
export function check(input: FuzzInput, seed: number, prototypes: Prototypes): Checked {
  const { bytes, options } = input;
  const faults: string[] = [];
  const before = bytes.slice();
  const outcome = decodeWhole(bytes, decodeOptions(options));
  if (outcome.status === "failed") faults.push(`decode: ${summaryOf(outcome)}`);
  const piecemeal = bytes.length > 0 ? pieces(input, outcome, seed) : undefined;
  if (piecemeal) faults.push(piecemeal);
  const strict = seed % 4 === 0 ? strictly(input, outcome) : undefined;
  if (strict) faults.push(strict);
  let again: FuzzInput | undefined;
  if (outcome.status === "accepted") {
    const written = writeAgain(outcome.value, outcome.description, options, seed);
    if (typeof written === "string") faults.push(written);
    else again = written;
  }
  if (Buffer.compare(before, bytes) !== 0) faults.push("the input was changed");
  if (prototypes.looksTouched) faults.push("a prototype was changed");
  return { outcome, faults, again };
}

/** Decodes in pieces what was decoded at once. Undefined when nothing is wrong with it. */
function pieces({ bytes, options }: FuzzInput, whole: Outcome, seed: number): string | undefined {
  const random = randomFor(seed, bytes.length);
  const input = "bytesRead" in whole ? bytes.subarray(0, whole.bytesRead) : bytes;
  const piecemeal = decodeInPieces(input, decodeOptions(options), random);
  const same =
    whole.status === "refused" && piecemeal.status === "refused"
      ? whole.error.code === piecemeal.error.code
      : whole.status === piecemeal.status &&
        ("text" in whole ? whole.text : "") === ("text" in piecemeal ? piecemeal.text : "");
  if (same) return undefined;
  // In pieces, nobody knows where the input ends that a frame is too long for.
  if (whole.status === "refused" && whole.error.code === "TRUNCATED" && whole.error.opcode === "FRAME")
    return;
  return `in pieces: ${summaryOf(piecemeal)}\n  at once: ${summaryOf(whole)}`;
}

/** What the default options refuse of a pickle that needs the opaque ones. */
const NOT_KNOWN: ReadonlySet<string> = new Set([
  "UNKNOWN_CLASS",
  "UNKNOWN_EXTENSION",
  "NO_PERSISTENT_LOAD",
  "BAD_OPERAND",
]);

/** Decodes without what stands for unknown classes: the value is the same, or there is none. */
function strictly({ bytes, options }: FuzzInput, opaque: Outcome): string | undefined {
  const strict = decodeWhole(bytes, { ...decodeOptions(options), unknown: "reject", copyBytes: true });
  if (strict.status === "accepted" && opaque.status === "accepted" && strict.text === opaque.text)
    return undefined;
  if (strict.status === "tooComplex" && opaque.status === "tooComplex") return undefined;
  if (strict.status === "refused" && (opaque.status === "refused" || NOT_KNOWN.has(strict.error.code)))
    return undefined;
  return `strictly: ${summaryOf(strict)}\n  opaque: ${summaryOf(opaque)}`;
}

/** The description with all that was called for instances. */
function calledFor(value: PyValue): string {
  return new Description(value, true).text;
}

/** Writes a value and reads it again. Gives what is wrong with it, or what CPython is to read. */
function writeAgain(
  value: PyValue,
  { text, nested, python2, unread }: Description,
  options: number,
  seed: number,
): FuzzInput | string | undefined {
  // What only some protocols write as it is: a nested name is the result of a call in those below 4, and a name of
  // Python 2 means that of Python 3 in those below 3.
  const lowest = nested ? 4 : python2 ? 3 : 0;
  const protocol = (lowest + (seed % (6 - lowest))) as PickleProtocol;
  const buffers: PyValue[] = [];
  const bufferCallback = (buffer: PyBuffer): boolean => {
    buffers.push(buffer);
    return false;
  };
  let bytes: Uint8Array;
  try {
    bytes = encode(value, {
      protocol,
      shareStrings: seed % 7 === 0,
      ...(protocol === 5 ? { bufferCallback } : {}),
    });
  } catch (error) {
    // Protocols below 5 have no room for some values.
    const code = error instanceof PickleEncodeError ? error.code : undefined;
    if (code === "PROTOCOL" || (code === "DEPTH" && holdsOwnArguments(value))) return undefined;
    return `encode: ${error instanceof Error ? error.stack : String(error)}`;
  }
  const outcome = decodeWhole(bytes, { ...decodeOptions(options), buffers });
  if (!("value" in outcome) || outcome.text !== text || calledFor(outcome.value) !== calledFor(value)) {
    if (holdsOwnArguments(value)) return undefined;
    const hex = Buffer.from(bytes).toString("hex");
    return `written again in protocol ${protocol} as ${hex}: ${summaryOf(outcome)}\n  at first: ${text}`;
  }
  return unread ? undefined : { bytes, options };
}
