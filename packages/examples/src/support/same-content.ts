import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const left = Buffer.allocUnsafe(1024 * 1024);
const right = Buffer.allocUnsafe(left.length);

/** Compares two files byte by byte. */
export function sameContent(one: string, other: string): boolean {
  const a = openSync(one, "r");
  const b = openSync(other, "r");
  try {
    const { size } = fstatSync(a);
    if (fstatSync(b).size !== size) return false;
    for (let at = 0; at < size; ) {
      const count = readSync(a, left, 0, left.length, at);
      if (count === 0 || readSync(b, right, 0, count, at) !== count) return false;
      if (left.compare(right, 0, count, 0, count) !== 0) return false;
      at += count;
    }
    return true;
  } finally {
    closeSync(a);
    closeSync(b);
  }
}
