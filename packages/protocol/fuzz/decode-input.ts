// What our decoder makes of an input: of the whole of it, or in pieces.

import { hash } from "node:crypto";
import {
  type DecodeOptions,
  Decoder,
  decodeFirst,
  PickleDecodeError,
  type PickleDecodeErrorCode,
  type PyValue,
} from "../src/pickle/index.js";
import type { Random } from "../test/random.js";
import { Description, TooComplex } from "./describe.js";

interface Decoded {
  readonly value: PyValue;
  readonly bytesRead: number;
}

/** What became of an input. */
export type Outcome =
  | (Decoded & { readonly status: "accepted"; readonly text: string; readonly description: Description })
  | (Decoded & { readonly status: "tooComplex"; readonly text: "" })
  | { readonly status: "refused"; readonly error: PickleDecodeError }
  | { readonly status: "failed"; readonly error: unknown };

const codes: { readonly [code in PickleDecodeErrorCode]: true } = {
  TRUNCATED: true,
  UNKNOWN_OPCODE: true,
  UNSUPPORTED: true,
  UNKNOWN_CLASS: true,
  NO_PERSISTENT_LOAD: true,
  UNKNOWN_EXTENSION: true,
  NO_BUFFER: true,
  BAD_ARGUMENT: true,
  BAD_OPERAND: true,
  STACK: true,
  MEMO: true,
  LIMIT: true,
};

/** Decodes the whole input. */
export function decodeWhole(bytes: Uint8Array, options: DecodeOptions): Outcome {
  return outcomeOf(() => decodeFirst(bytes, options));
}

/** Decodes the input in pieces, up to the end of the first pickle. */
export function decodeInPieces(bytes: Uint8Array, options: DecodeOptions, random: Random): Outcome {
  return outcomeOf(() => {
    const decoder = new Decoder(options);
    const longest = random.pick(bytes.length > 200 ? [64, 500] : [1, 3, 16, 64]);
    let start = 0;
    for (const cut of random.cuts(bytes.length, longest)) {
      // A copy that is wiped: the decoder must not look at a piece again.
      const piece = bytes.slice(start, cut);
      const [event] = decoder.push(piece);
      piece.fill(0x2e);
      if (event?.type === "value") return { value: event.value, bytesRead: cut };
      start = cut;
    }
    decoder.end();
    throw new TypeError("the input is at its end, and there is neither a value nor an error");
  });
}

function outcomeOf(act: () => Decoded): Outcome {
  let decoded: Decoded;
  try {
    decoded = act();
  } catch (error) {
    const known = error instanceof PickleDecodeError && codes[error.code];
    return known ? { status: "refused", error } : { status: "failed", error };
  }
  try {
    const description = new Description(decoded.value);
    return { status: "accepted", text: description.text, description, ...decoded };
  } catch (error) {
    if (!(error instanceof TooComplex)) return { status: "failed", error };
    return { status: "tooComplex", text: "", ...decoded };
  }
}

/** The start of the hash by which descriptions are compared. */
export function digestOf(text: string): string {
  return hash("sha1", text).slice(0, 16);
}

/** An outcome in one line: of an accepted input, how many bytes were read, and the value's description. */
export function summaryOf(outcome: Outcome): string {
  if (outcome.status === "accepted") return `${outcome.bytesRead} ${outcome.text}`;
  if (outcome.status === "refused") return `${outcome.error.code}: ${outcome.error.message}`;
  if (outcome.status === "tooComplex") return "accepted, too complex to be described";
  const { error } = outcome;
  return `failed: ${error instanceof Error ? error.stack : String(error)}`;
}
