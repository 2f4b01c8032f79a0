// Bytes as text, in pieces that are joined: a text that grows by a character at a time takes many times its length.

const PIECE = 3 * 4096;

/** Joins what `write` makes of each piece of the bytes. The length of all but the last is a multiple of 3. */
export function textInPieces(bytes: Uint8Array, write: (piece: Uint8Array) => string): string {
  if (bytes.length <= PIECE) return write(bytes);
  const pieces: string[] = [];
  for (let i = 0; i < bytes.length; i += PIECE) pieces.push(write(bytes.subarray(i, i + PIECE)));
  return pieces.join("");
}
