// Parts of the input. A Node Buffer is not made a Uint8Array first, as that takes a good part of the time of a small pickle:
// so its own methods must not be asked for parts, as they are Buffers, and its slice() is a view.

interface BufferClass {
  readonly byteLength?: (text: string) => number;
  readonly prototype: Uint8Array & {
    readonly latin1Slice?: (this: Uint8Array, start: number, end: number) => string;
  };
}

/** Node's Buffer, where there is one. */
export const NodeBuffer: BufferClass | undefined = (globalThis as { Buffer?: BufferClass }).Buffer;

/** Whether its elements are what the engine says that they are. */
export function isPlain(bytes: Uint8Array): boolean {
  return bytes.constructor === Uint8Array || (bytes.constructor as unknown) === NodeBuffer;
}

/** A Uint8Array on the same memory. */
export function viewOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
}

/** A Uint8Array with memory of its own. */
export function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return viewOf(bytes, start, end).slice();
}
