// Where a pickle that is finished is kept, once what it was written to serves the next one.

/** What is wanted of Node's `Buffer`, which browsers have not. */
interface Pool {
  allocUnsafe(length: number): Uint8Array<ArrayBuffer>;
}

/** Up to how many bytes share memory, where that is safe. */
const SMALL_BYTES = 1024;
const ROW_BYTES = 2048;

/** Memory for some small pickles, one after another, and where the next one goes. */
let row: Uint8Array<ArrayBuffer> | undefined;
let used = 0;

/** A copy of the first bytes. Small ones stand in memory that is shared, where that cannot be taken from any of them. */
export function ownBytes(bytes: Uint8Array, length: number): Uint8Array {
  if (length > SMALL_BYTES) return bytes.slice(0, length);
  if (row === undefined || used + length > row.length) {
    row = partOfPool();
    if (row === undefined) return bytes.slice(0, length);
    used = 0;
  }
  const own = new Uint8Array(row.buffer, row.byteOffset + used, length);
  own.set(bytes.subarray(0, length));
  used = (used + length + 7) & ~7;
  return own;
}

/**
 * A piece of the pool that Node's small Buffers stand in. To make an ArrayBuffer takes as long as to write a small
 * pickle. But one of our own could be transferred with one pickle, and all others in it would be lost; Node lets nobody
 * transfer its pool. Undefined where there is none, as with what stands for `Buffer` in a browser's bundle.
 */
function partOfPool(): Uint8Array<ArrayBuffer> | undefined {
  const part = (globalThis as { Buffer?: Pool }).Buffer?.allocUnsafe(ROW_BYTES);
  return part && part.buffer.byteLength > ROW_BYTES ? part : undefined;
}
