// One input of the fuzzer: a pickle, more or less, and the options that both sides read it with.

import {
  type DecodeOptions,
  PyBuffer,
  PyByteArray,
  PyGlobal,
  type PyValue,
  type StringEncoding,
} from "../src/pickle/index.js";
import { Random } from "../test/random.js";

/** Bits of {@link FuzzInput.options}; the two lowest are an index into the encodings. */
export const WITH_BUFFERS = 4;

/** What both sides are asked to read. */
export interface FuzzInput {
  readonly bytes: Uint8Array;
  /** A byte that says how, the same on both sides. */
  readonly options: number;
}

const encodings: readonly StringEncoding[] = ["ascii", "latin1", "utf-8", "bytes"];

/** The codes that are registered; python/reference.py has the same. */
export const extensionCodes: readonly number[] = [1, 2, 7, 255, 256, 65535, 65536, 0x7fffffff];

const extensions: ReadonlyMap<number, PyGlobal> = new Map(
  extensionCodes.map((code) => [code, new PyGlobal("ext", `Ext${code}`)]),
);

const ascii = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));

/** The buffers that are given, each time anew; python/reference.py has the same. */
function buffers(): PyValue[] {
  return [
    ascii("bytes"),
    new PyByteArray(ascii("array")),
    new PyBuffer(ascii("view")),
    new PyBuffer(ascii("fixed"), true),
  ];
}

/** What our decoder is told. The memo is kept small, as the reference fills up what is skipped. */
export function decodeOptions(options: number, limits: DecodeOptions["limits"] = {}): DecodeOptions {
  return {
    unknown: "opaque",
    encoding: encodings[options & 3],
    extensions,
    limits: { maxMemo: 1_000_000, ...limits },
    ...(options & WITH_BUFFERS ? { buffers: buffers() } : {}),
  };
}

/** Options for an input: most often the defaults. */
export function randomOptions(random: Random): number {
  const encoding = random.below(2) === 0 ? 0 : random.below(4);
  return encoding | (random.below(4) === 0 ? 0 : WITH_BUFFERS);
}

/** The source of randomness for one input of a run, whatever inputs are made before. */
export function randomFor(seed: number, index: number): Random {
  let mixed = Math.imul(seed ^ 0x5bd1e995, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35);
  return new Random(mixed ^ (mixed >>> 13));
}
