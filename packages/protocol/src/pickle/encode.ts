// Values in, pickles out: byte for byte what CPython's C pickler writes for the built-in data model.

import type { EncodeOptions } from "./encode-options.js";
import { PickleEncodeError } from "./errors.js";
import type { EncodedPart } from "./frames.js";
import { Pickler } from "./pickler.js";
import type { PyValue } from "./values.js";

/** A pickler that is not at work, kept for the next value. A `reduce` that encodes gets another one. */
let idle: Pickler | undefined;
let working = false;

/**
 * Encodes a value as a pickle.
 *
 * @throws {PickleEncodeError} when it holds something that has no counterpart in Python
 */
export function encode(value: PyValue, options?: EncodeOptions): Uint8Array {
  const parts = encodeParts(value, options);
  if (parts.length === 1 && parts[0] instanceof Uint8Array) return parts[0];
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    if (!(part instanceof Uint8Array)) throw new PickleEncodeError("UNENCODABLE", "a gap holds no bytes");
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/**
 * Encodes a value as a row of parts that make the pickle when sent one after another. Bytes values of 64 KiB and more
 * are parts of their own, not copied; a {@link BytesGap} is a part for the caller to fill.
 *
 * @throws {PickleEncodeError} as {@link encode}
 */
export function encodeParts(value: PyValue, options: EncodeOptions = {}): EncodedPart[] {
  const pickler = idle ?? new Pickler();
  const nested = working;
  idle = undefined;
  working = true;
  try {
    const parts = pickler.pickle(value, options, nested);
    pickler.reset();
    // One that refused a value stands in the middle of it, and is not used again.
    idle = pickler;
    return parts;
  } catch (cause) {
    // The engine's own error where calls nest too deep; its class is not the same in all of them.
    if (!/call stack|recursion/.test(`${cause}`)) throw cause;
    throw new PickleEncodeError("DEPTH", "the value nests deeper than the stack", { cause });
  } finally {
    working = nested;
  }
}
