// Chunks in as they arrive, runs of bytes out as they are wanted. Only a run that spans chunks is copied.

/** A queue of bytes. What is taken out is a view on the chunk it came in, unless it spans several. */
export class ByteQueue {
  #chunks: Uint8Array[] = [];
  /** The chunk that is taken from, and the offset of its first byte that is left. */
  #first = 0;
  #offset = 0;
  #length = 0;

  /** How many bytes are queued. */
  get length(): number {
    return this.#length;
  }

  /** Adds a chunk at the end. The queue holds on to it until its bytes are taken. */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** Takes exactly `count` bytes; undefined, and nothing is taken, while fewer are queued. */
  take(count: number): Uint8Array | undefined {
    if (count > this.#length) return undefined;
    if (count === 0) return new Uint8Array(0);
    const first = this.#head();
    if (first.length - this.#offset >= count) return this.takeUpTo(count);
    const run = new Uint8Array(count);
    for (let at = 0; at < count; ) {
      const piece = this.takeUpTo(count - at) as Uint8Array;
      run.set(piece, at);
      at += piece.length;
    }
    return run;
  }

  /** Takes the next bytes that stand in one chunk, `most` at the most; undefined when there are none. */
  takeUpTo(most: number): Uint8Array | undefined {
    const piece = this.peek(most);
    if (piece) this.#advance(piece.length);
    return piece;
  }

  /** The bytes that {@link takeUpTo} would take. */
  peek(most: number): Uint8Array | undefined {
    if (this.#length === 0 || most <= 0) return undefined;
    return this.#head().subarray(this.#offset, this.#offset + most);
  }

  /** Copies what is queued, so that the chunks it came in can be overwritten. */
  own(): void {
    if (this.#length === 0) return;
    const copy = new Uint8Array(this.#length);
    for (let at = 0; at < copy.length; ) {
      const piece = this.takeUpTo(copy.length - at) as Uint8Array;
      copy.set(piece, at);
      at += piece.length;
    }
    this.push(copy);
  }

  /** Drops bytes that were peeked at. */
  #advance(count: number): void {
    this.#offset += count;
    this.#length -= count;
    if (this.#offset === this.#head().length) this.#drop();
  }

  #head(): Uint8Array {
    return this.#chunks[this.#first] as Uint8Array;
  }

  #drop(): void {
    this.#offset = 0;
    this.#first += 1;
    // Taken chunks are let go in batches: shifting the array for each would make many small chunks quadratic.
    if (this.#length === 0) {
      this.#chunks = [];
      this.#first = 0;
    } else if (this.#first >= 64 && this.#first * 2 >= this.#chunks.length) {
      this.#chunks = this.#chunks.slice(this.#first);
      this.#first = 0;
    }
  }
}
