import { open } from "node:fs/promises";

const PIECE_BYTES = 1024 * 1024;

/** Compares two files byte by byte. */
export async function sameContent(one: string, other: string): Promise<boolean> {
  await using a = await open(one);
  await using b = await open(other);
  const { size } = await a.stat();
  if ((await b.stat()).size !== size) return false;
  const left = Buffer.allocUnsafe(PIECE_BYTES);
  const right = Buffer.allocUnsafe(PIECE_BYTES);
  for (let at = 0; at < size; ) {
    const wanted = Math.min(PIECE_BYTES, size - at);
    const { bytesRead } = await a.read(left, 0, wanted, at);
    const { bytesRead: same } = await b.read(right, 0, bytesRead, at);
    if (bytesRead === 0 || same !== bytesRead) return false;
    if (left.compare(right, 0, bytesRead, 0, bytesRead) !== 0) return false;
    at += bytesRead;
  }
  return true;
}
