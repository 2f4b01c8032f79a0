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

/** How many bytes of the input from `start` to `end` are above 0x7f. `text` is what {@link asciiOf} gave for them. */
export function countHigh(text: string, input: DataView, start: number, end: number): number {
  // In UTF-8, each of them takes one byte more.
  return latin1Slice && byteLength ? byteLength(text) - text.length : countHighBytes(input, start, end);
}

/** As {@link countHigh}, in any engine. */
export function countHighBytes(input: DataView, start: number, end: number): number {
  let count = 0;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    // The highest byte of the product is the sum of four bytes of 0 or 1.
    count += Math.imul((input.getInt32(at) >>> 7) & 0x01010101, 0x01010101) >>> 24;
  }
  for (; at < end; at++) count += input.getUint8(at) >>> 7;
  return count;
}
