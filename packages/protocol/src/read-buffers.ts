// The memory that a connection reads into, used again and again: a large download allocates nothing.

interface Slot {
  readonly bytes: Uint8Array;
  /** How many of them were read into. */
  filled: number;
  /** How many hold on to what is in it. */
  holds: number;
}

/** A buffer with no more room than that part of it is full: a read into the rest would be a short one. */
const LEAST_PART = 1 / 8;

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
 * Buffers of one connection. They are allocated when they are first needed, and filled one after the other, by as many reads
 * as it takes: what came in by several stands together then.
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
  /** The one that is being filled. */
  #current: Slot | undefined;
  #held = 0;
  /** Called when a buffer is free again after there was none. */
  #onFree: (() => void) | undefined;

  constructor(options: ReadBuffersOptions = {}) {
    this.#bytes = options.bytes ?? 1024 * 1024;
    this.#count = options.count ?? 8;
    this.#shared = options.shared ?? true;
  }

  /** Whether more may be read: into the rest of a buffer, or as fewer are held than there may be. */
  get available(): boolean {
    const { holds = 0 } = this.#current ?? {};
    return this.#held < this.#count || (holds > 0 && this.#hasRoom(this.#current));
  }

  /**
   * Where to read to. It stays free until what was read is held. One more buffer is made than may be held: a socket wants
   * its next one before it is told to stop.
   */
  next(): Uint8Array {
    if (!this.#hasRoom(this.#current)) {
      if (this.#current?.holds === 0) this.#free.push(this.#current);
      this.#current = this.#free.pop() ?? this.#make();
      this.#current.filled = 0;
    }
    const { bytes, filled } = this.#current as Slot;
    return bytes.subarray(filled);
  }

  /**
   * Keeps bytes that stand in one of the buffers from being overwritten, until what it gives is called. Bytes from
   * elsewhere need no keeping, and are left alone.
   */
  hold(bytes: Uint8Array): () => void {
    const slot = this.#slots.get(bytes.buffer);
    if (!slot) return () => {};
    if (slot.holds === 0) this.#held += 1;
    slot.holds += 1;
    slot.filled = Math.max(slot.filled, bytes.byteOffset + bytes.length);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      slot.holds -= 1;
      if (slot.holds > 0) return;
      if (slot !== this.#current) this.#free.push(slot);
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

  #hasRoom(slot: Slot | undefined): boolean {
    return slot !== undefined && slot.bytes.length - slot.filled > slot.bytes.length * LEAST_PART;
  }

  #make(): Slot {
    const memory = this.#shared ? new SharedArrayBuffer(this.#bytes) : new ArrayBuffer(this.#bytes);
    const slot = { bytes: new Uint8Array(memory), filled: 0, holds: 0 };
    this.#slots.set(memory, slot);
    return slot;
  }
}
