// Pickles by hand, and what the tests of the codec ask of them.

import { asText, type EncodedPart, PickleDecodeError, type PickleProtocol } from "../src/pickle/index.js";

/** All that the codec writes. */
export const protocols: readonly PickleProtocol[] = [0, 1, 2, 3, 4, 5];

/** Bytes in a row: a number is one of them (an opcode, say), of a text each character is one. */
export function bytes(...parts: readonly (number | string | Uint8Array)[]): Uint8Array {
  return new Uint8Array(
    Buffer.concat(
      parts.map((part) => {
        if (typeof part === "number") return Uint8Array.of(part);
        return typeof part === "string" ? Buffer.from(part, "latin1") : part;
      }),
    ),
  );
}

/** A little-endian length or index of four bytes. */
export function u32(value: number): Uint8Array {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value, true);
  return out;
}

/** A little-endian length of eight bytes. */
export function u64(value: bigint): Uint8Array {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, value, true);
  return out;
}

/** The parts of a pickle in a row, with the gaps filled. */
export function joined(parts: readonly EncodedPart[], content: Uint8Array = new Uint8Array(0)): Uint8Array {
  return bytes(
    ...parts.map((part) => {
      if (part instanceof Uint8Array) return part;
      return part.gap === "bytes" ? content : asText(part.gap, content);
    }),
  );
}

/** Where two runs of bytes begin to differ, with what stands around there; undefined when they are equal. */
export function difference(actual: Uint8Array, expected: Uint8Array): object | undefined {
  if (Buffer.compare(actual, expected) === 0) return undefined;
  let at = 0;
  while (at < actual.length && actual[at] === expected[at]) at += 1;
  const around = (side: Uint8Array): string =>
    Buffer.from(side.subarray(Math.max(0, at - 20), at + 20)).toString("latin1");
  return {
    at,
    lengths: [actual.length, expected.length],
    actual: around(actual),
    expected: around(expected),
  };
}

/** The refusal that a call ends with. Any other error is thrown on. */
export function refusal(act: () => unknown): PickleDecodeError | undefined {
  try {
    act();
  } catch (error) {
    if (error instanceof PickleDecodeError) return error;
    throw error;
  }
  return undefined;
}
