// Where our decoder and CPython's do not agree, and are not meant to.

import { defaultLimits, type PickleDecodeError } from "../src/pickle/index.js";
import { decodeWhole, type Outcome, summaryOf } from "./decode-input.js";
import { decodeOptions, type FuzzInput, WITH_BUFFERS } from "./input.js";
import type { Report } from "./oracle.js";

/** An input that the two read otherwise. */
interface Difference {
  readonly input: FuzzInput;
  readonly ours: Outcome;
  readonly theirs: Report;
}

/** A way in which they may differ. */
export interface KnownDifference {
  readonly name: string;
  readonly reason: string;
  readonly holds: (difference: Difference) => boolean;
}

/** Our refusal, when CPython accepts. */
function refusal({ ours, theirs }: Difference): PickleDecodeError | undefined {
  return ours.status === "refused" && theirs.status !== "refused" ? ours.error : undefined;
}

/** CPython's refusal, when we accept. */
function theirRefusal({ ours, theirs }: Difference): string | undefined {
  return theirs.status === "refused" && ours.status !== "refused" ? theirs.text : undefined;
}

/** Whether an input can pass a limit at all. */
function mayBePassed(limit: string, { bytes }: FuzzInput): boolean {
  if (limit === "maxDepth") return bytes.length > defaultLimits.maxDepth;
  if (limit === "maxIntDigits") return bytes.length > defaultLimits.maxIntDigits;
  return limit === "maxMemo" || limit === "maxReferences";
}

/** How many NaNs there are in a description. */
function nans(text: string): number {
  return text.split(" fnan").length - 1;
}

/** All of them. */
export const knownDifferences: readonly KnownDifference[] = [
  {
    name: "limit",
    reason: "CPython has no such limit; without it, both agree",
    holds: (difference) => {
      const { input, theirs } = difference;
      const limit = refusal(difference)?.limit;
      if (limit === undefined || !mayBePassed(limit, input)) return false;
      const unlimited = decodeOptions(input.options, { [limit]: Number.POSITIVE_INFINITY });
      return summaryOf(decodeWhole(input.bytes, unlimited)) === theirs.text;
    },
  },
  {
    name: "surrogate pair",
    reason:
      "a JavaScript string cannot tell the surrogates of a pair from the character that they are in UTF-16",
    holds: (difference) => {
      const error = refusal(difference);
      return error?.code === "UNSUPPORTED" && /surrogate/.test(error.message);
    },
  },
  {
    name: "unknown extension",
    reason: 'with unknown: "opaque", a class by a number that nobody registered stands for itself',
    holds: (difference) => /^ValueError: unregistered extension code/.test(theirRefusal(difference) ?? ""),
  },
  {
    name: "class that was made",
    reason: "what a call gives may be a class; the reference's is not",
    holds: (difference) =>
      /^UnpicklingError: NEWOBJ(_EX)? class argument (must be a type, not (Made|Persistent)|isn't a type object)$/.test(
        theirRefusal(difference) ?? "",
      ),
  },
  {
    name: "item of a list, bytearray or buffer",
    reason:
      "CPython sets items of a list, bytearray or buffer, and extends a bytearray, as no pickler asks for",
    holds: (difference) => {
      const error = refusal(difference);
      if (error?.code !== "BAD_OPERAND") return false;
      const set = error.opcode === "SETITEM" || error.opcode === "SETITEMS";
      const append = error.opcode === "APPEND" || error.opcode === "APPENDS";
      return (
        (set && error.message.includes("it has no setItem")) ||
        (append && error.message.includes("it has no append"))
      );
    },
  },
  {
    name: "buffer as a key",
    reason: "a buffer is never a key here; in CPython, one that cannot be changed is hashed as its bytes are",
    holds: (difference) =>
      (difference.input.options & WITH_BUFFERS) !== 0 &&
      refusal(difference)?.message.includes("Cannot use a buffer as a key") === true,
  },
  {
    name: "NaN as a key",
    reason: "in CPython a NaN is the same key as itself and no other; here, a float is no object",
    holds: ({ ours, theirs }) =>
      ours.status === "accepted" &&
      theirs.status === "accepted" &&
      nans(theirs.text) > 0 &&
      nans(ours.text) !== nans(theirs.text),
  },
  {
    name: "memory",
    reason: "the reference may use little memory",
    holds: (difference) => /^MemoryError/.test(theirRefusal(difference) ?? ""),
  },
];
