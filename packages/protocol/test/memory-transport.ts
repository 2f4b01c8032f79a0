// Two transports that are each other's peer, without a socket: chunks arrive as they were written, or cut small.

import type { Transport } from "../src/index.js";

class MemoryTransport implements Transport {
  readonly written: Uint8Array[] = [];
  peer: MemoryTransport | undefined;
  #inbox: Uint8Array[] = [];
  #over = false;
  #failure: { reason: unknown } | undefined;
  #wake: () => void = () => {};
  readonly #chunkBytes: number;

  constructor(chunkBytes: number) {
    this.#chunkBytes = chunkBytes;
  }

  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.#failure) throw this.#failure.reason;
      const chunk = this.#inbox.shift();
      if (chunk) return chunk;
      if (this.#over) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async write(chunks: readonly Uint8Array[]): Promise<void> {
    if (this.#failure) throw this.#failure.reason;
    for (const chunk of chunks) {
      this.written.push(chunk.slice());
      for (let at = 0; at < chunk.length; at += this.#chunkBytes) {
        this.peer?.arrive(chunk.slice(at, at + this.#chunkBytes));
      }
    }
  }

  async end(): Promise<void> {
    this.peer?.finish();
    this.finish();
  }

  abort(reason: unknown): void {
    this.#failure ??= { reason };
    this.#wake();
    this.peer?.finish();
  }

  arrive(chunk: Uint8Array): void {
    this.#inbox.push(chunk);
    this.#wake();
  }

  finish(): void {
    this.#over = true;
    this.#wake();
  }
}

/** A pair of connected transports whose chunks are of at most that many bytes. */
export function transportPair(
  chunkBytes: number = Number.POSITIVE_INFINITY,
): [MemoryTransport, MemoryTransport] {
  const a = new MemoryTransport(chunkBytes);
  const b = new MemoryTransport(chunkBytes);
  a.peer = b;
  b.peer = a;
  return [a, b];
}

export type { MemoryTransport };
