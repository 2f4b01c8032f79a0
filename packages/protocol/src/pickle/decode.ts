// Whole pickles in, values out.

import { isPlain, viewOf } from "./bytes.js";
import { type DecoderOptions, Machine } from "./machine.js";
import { run } from "./run.js";
import type { PyValue } from "./values.js";

/** What {@link decode} may be told. */
export interface DecodeOptions extends DecoderOptions {
  /**
   * Copies bytes values out of the input. Default false: a decoded `Uint8Array` is a view on the input, which costs
   * nothing and keeps the input alive as long as the value.
   */
  readonly copyBytes?: boolean | undefined;
}

/** A machine that is not at work, kept for the next pickle. A class that decodes while it is made gets another one. */
let idle: Machine | undefined;

/**
 * Decodes a pickle of any protocol. Bytes after its end are ignored, as by Python's `pickle.loads`.
 *
 * @example
 * ```ts
 * import { decode, encode } from "@fileshare/protocol/pickle";
 *
 * decode(encode(["spam", 1, true])); // ["spam", 1, true]
 * ```
 * @throws {PickleDecodeError} when it is no pickle, names a class that is not registered, or passes a limit
 * @throws {RangeError} when one of the limits is no number from 0 on
 * @throws {TypeError} when the input is no Uint8Array
 * @throws what a registered class throws, but for a TypeError or RangeError, which refuses the pickle
 */
export function decode(bytes: Uint8Array, options?: DecodeOptions): PyValue {
  return decodeFirst(bytes, options).value;
}

/**
 * Decodes the pickle at the start of the input and says how long it was: for pickles that stand one after another.
 *
 * @throws {PickleDecodeError} as {@link decode}
 */
export function decodeFirst(
  bytes: Uint8Array,
  options: DecodeOptions = {},
): { value: PyValue; bytesRead: number } {
  if (!(bytes instanceof Uint8Array)) throw new TypeError("Cannot decode pickle: the input is no Uint8Array");
  const m = idle ?? new Machine();
  idle = undefined;
  try {
    m.start(options, undefined, !options.copyBytes);
    m.whole = true;
    // What another class does where it is asked for an element or a part is its own.
    const input = isPlain(bytes) ? bytes : viewOf(bytes, 0, bytes.length);
    m.rereads = input.length < 2 ** 31;
    const bytesRead = run(m, input, 0, input.length);
    if (!m.done) m.fail("TRUNCATED");
    return { value: m.result, bytesRead };
  } finally {
    m.reset();
    idle = m;
  }
}
