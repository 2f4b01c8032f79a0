// Stretches of input as strings, one character a byte, of which only those of ASCII are looked at.
//
// Short strings are cut out of such a stretch, as one call for many takes less time than one for each. A string that is
// cut out keeps all of the stretch in memory, and never more: so a short string does not keep the input alive.

import { NodeBuffer } from "./bytes.js";

/** How long a stretch is. */
export const WINDOW_BYTES = 1024;

/** Node's own way takes a fraction of the time of a decoder. */
const latin1Slice = NodeBuffer?.prototype.latin1Slice;
const byteLength = NodeBuffer?.byteLength;

const masked = new Uint8Array(WINDOW_BYTES);
const decoder = new TextDecoder();

/** As {@link asciiOf}, in any engine. */
export function maskedOf(input: Uint8Array, start: number, end: number): string {
  for (let at = start; at < end; at++) masked[at - start] = (input[at] as number) & 0x7f;
  return decoder.decode(masked.subarray(0, end - start));
}

/** The input from `start` to `end`, which are WINDOW_BYTES at most: ASCII as it is, and one character for any other byte. */
export function asciiOf(input: Uint8Array, start: number, end: number): string {
  return latin1Slice ? latin1Slice.call(input, start, end) : maskedOf(input, start, end);
}

/** How many characters that {@link asciiOf} gave are not ASCII. Undefined in an engine that has no fast way to tell. */
export const countHigh: ((text: string) => number) | undefined =
  latin1Slice && byteLength
    ? // In UTF-8, each of them takes one byte more.
      (text) => byteLength(text) - text.length
    : undefined;
