// The bytes of a file or of stdin.

import { createReadStream } from "node:fs";

/** The input is longer than is taken. */
class InputTooLongError extends Error {
  constructor(maxBytes: number) {
    super(`longer than ${maxBytes} bytes`);
  }
}

/**
 * Reads a file, or stdin where the path is `-`.
 *
 * @throws when there is more of it than `maxBytes`
 * @throws the system's error when it cannot be read
 */
export async function readInput(path: string, maxBytes: number): Promise<Uint8Array> {
  const input = path === "-" ? process.stdin : createReadStream(path);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of input as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > maxBytes) throw new InputTooLongError(maxBytes);
    chunks.push(chunk);
  }
  const [only] = chunks;
  return chunks.length === 1 && only ? only : Buffer.concat(chunks, length);
}
