// The memory that a connection reads into, used again and again: a large download allocates nothing.

interface Slot {
  readonly bytes: Uint8Array;
  /** How many hold on to what is in it. */
  holds: number;
}

/** What {@link ReadBuffers} may be told. */
export interface ReadBuffersOptions {
  /** Bytes of each buffer, and so the most that is read at once. Default 1 MiB. */
  readonly bytes?: number | undefined;
  /** How many buffers may be held; while so many are, nothing is read. Default 8. */
  readonly count?: number | undefined;
  /** Whether they are in shared memory, which can be handed to a thread without a copy. Default true. */
  readonly shared?: boolean | undefined;
}

/**
 * Buffers of one connection. They are allocated when they are first needed.
 *
 * Bytes from the connection can be overwritten once the next are asked for, as always; whoever {@link hold}s them keeps
 * them for longer.
 */
export class ReadBuffers {
  readonly #bytes: number;
  readonly #count: number;
  readonly #shared: boolean;
  readonly #slots = new Map<ArrayBufferLike, Slot>();
  readonly #free: Slot[] = [];
  #held = 0;
  /** Called when a buffer is free again after there was none. */
  #onFree: (() => void) | undefined;

  constructor(options: ReadBuffersOptions = {}) {
    this.#bytes = options.bytes ?? 1024 * 1024;
    this.#count = options.count ?? 8;
    this.#shared = options.shared ?? true;
  }

  /** Whether more may be read: fewer buffers are held than there may be. */
  get available(): boolean {
    return this.#held < this.#count;
  }

  /**
   * A free buffer to read into. It stays free until what was read is held. One more is made than may be held: a socket
   * wants its next one before it is told to stop.
   */
  next(): Uint8Array {
    if (this.#free.length === 0) {
      const memory = this.#shared ? new SharedArrayBuffer(this.#bytes) : new ArrayBuffer(this.#bytes);
      const slot: Slot = { bytes: new Uint8Array(memory), holds: 0 };
      this.#slots.set(slot.bytes.buffer, slot);
      this.#free.push(slot);
    }
    return (this.#free.at(-1) as Slot).bytes;
  }

  /**
   * Keeps bytes that stand in one of the buffers from being overwritten, until what it gives is called. Bytes from
   * elsewhere need no keeping, and are left alone.
   */
  hold(bytes: Uint8Array): () => void {
    const slot = this.#slots.get(bytes.buffer);
    if (!slot) return () => {};
    if (slot.holds === 0) {
      this.#free.splice(this.#free.indexOf(slot), 1);
      this.#held += 1;
    }
    slot.holds += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      slot.holds -= 1;
      if (slot.holds > 0) return;
      this.#free.push(slot);
      this.#held -= 1;
      const onFree = this.#onFree;
      this.#onFree = undefined;
      onFree?.();
    };
  }

  /** Calls back, once, when a buffer is free again. */
  whenFree(callback: () => void): void {
    this.#onFree = callback;
  }
}
