// The encoder's output: bytes in the order they are written, cut into CPython's frames (PEP 3154), with gaps for bytes
// that the caller sends itself. Large bytes values are parts of their own and never copied.

import { FRAME_SIZE_MIN, FRAME_SIZE_TARGET, Op } from "./opcodes.js";
import { ownBytes } from "./own-bytes.js";

/**
 * Where bytes go that the caller sends itself, exactly `length` of them. `form` tells how they are to be written:
 * `bytes` as they are, `utf-8` with each byte as the character of that code, `escaped` as Python's raw-unicode-escape.
 */
export interface Gap {
  readonly gap: "bytes" | "utf-8" | "escaped";
  readonly length: number;
}

/** A piece of an encoded pickle: bytes, or a gap that the caller fills. */
export type EncodedPart = Uint8Array | Gap;

const FRAME_HEADER_SIZE = 9;
const FIRST_BUFFER_BYTES = 1024;
const LARGEST_BUFFER_BYTES = 1024 * 1024;
/** Beyond every buffer. */
const NO_FRAME = 0x3fffffff;

/** Its buffer serves one pickle after another. */
export class FramedOutput {
  /** What is written to now, and up to where it was written. */
  bytes: Uint8Array = new Uint8Array(FIRST_BUFFER_BYTES);
  view: DataView = new DataView(this.bytes.buffer);
  at = 0;
  /**
   * How far may be written before there is something to do: to where the buffer ends, or the open frame reaches its size;
   * 0 when a frame is to be opened. What ends here was begun within the frame, and needs no {@link boundary}.
   */
  room: number = FIRST_BUFFER_BYTES;
  #parts: EncodedPart[] = [];
  /** Bytes in the parts before this buffer. */
  #before = 0;
  #framing = false;
  /** Where the open frame's header stands: its buffer, the offset in it, and the offset in the whole output. */
  #header: DataView | undefined;
  #headerAt = 0;
  #headerOffset = 0;
  /** Where in this buffer the open frame reaches the size at which it is closed. */
  #frameEnd = NO_FRAME;

  /** From here on, opcodes are put into frames. */
  startFraming(): void {
    this.#framing = true;
    this.room = 0;
  }

  /** From here on, they stand outside. */
  stopFraming(): void {
    this.#closeFrame();
    this.#framing = false;
    this.#measure();
  }

  get framing(): boolean {
    return this.#framing;
  }

  /** To be called before each object is written: closes a frame that has reached its size, as CPython does there. */
  boundary(): void {
    if (this.at >= this.#frameEnd) this.#closeFrame();
  }

  /** Makes room for that many bytes, opening a frame for them where one is due. */
  grow(count: number): void {
    const opens = this.#framing && !this.#header;
    this.#enlarge(opens ? count + FRAME_HEADER_SIZE : count);
    if (opens) {
      this.#header = this.view;
      this.#headerAt = this.at;
      this.#headerOffset = this.#before + this.at;
      this.at += FRAME_HEADER_SIZE;
      this.#frameEnd = this.at + FRAME_SIZE_TARGET;
    }
    this.#measure();
  }

  /** Appends bytes as they are: many of them, or a gap, as a part of its own. */
  append(part: EncodedPart): void {
    const { length } = part;
    if (!(part instanceof Uint8Array) || length >= FRAME_SIZE_TARGET) {
      this.#flush(FIRST_BUFFER_BYTES);
      this.#parts.push(part);
      this.#passed(length);
      this.#measure();
      return;
    }
    if (this.at + length > this.room) this.grow(length);
    this.bytes.set(part, this.at);
    this.at += length;
  }

  /** Ends the output. After a reset it can be written anew. */
  finish(): EncodedPart[] {
    this.#closeFrame();
    const parts = this.#parts;
    // What stands in the buffer is copied out when it is all there is, so that the buffer serves the next pickle too.
    if (parts.length === 0) parts.push(ownBytes(this.bytes, this.at));
    else this.#flush(FIRST_BUFFER_BYTES);
    return parts;
  }

  /** Forgets what was written. */
  reset(): void {
    this.#parts = [];
    this.at = this.#before = 0;
    this.#framing = false;
    this.#header = undefined;
    this.#frameEnd = NO_FRAME;
    if (this.bytes.length > LARGEST_BUFFER_BYTES) this.#use(new Uint8Array(FIRST_BUFFER_BYTES));
    this.room = this.bytes.length;
  }

  #use(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }

  #measure(): void {
    this.room = this.#framing && !this.#header ? 0 : Math.min(this.bytes.length, this.#frameEnd);
  }

  #frameLength(): number {
    return this.#before + this.at - this.#headerOffset - FRAME_HEADER_SIZE;
  }

  #enlarge(count: number): void {
    const needed = this.at + count;
    if (needed <= this.bytes.length) return;
    // A full buffer becomes a part; but the first bytes of a frame stay with its header, which may yet be taken out.
    if (this.at >= LARGEST_BUFFER_BYTES && (!this.#header || this.#frameLength() >= FRAME_SIZE_MIN)) {
      this.#flush(Math.max(count, LARGEST_BUFFER_BYTES));
      return;
    }
    const { bytes, view } = this;
    this.#use(new Uint8Array(Math.max(needed, bytes.length * 2)));
    this.bytes.set(bytes.subarray(0, this.at));
    if (this.#header === view) this.#header = this.view;
  }

  #closeFrame(): void {
    const header = this.#header;
    if (!header) return;
    const length = this.#frameLength();
    const at = this.#headerAt;
    this.#header = undefined;
    this.#frameEnd = NO_FRAME;
    this.room = 0;
    if (length < FRAME_SIZE_MIN) {
      // Too short to be worth a header. So short a frame stands in one buffer: it holds no gap and no large bytes.
      this.bytes.copyWithin(at, at + FRAME_HEADER_SIZE, this.at);
      this.at -= FRAME_HEADER_SIZE;
      return;
    }
    header.setUint8(at, Op.FRAME);
    header.setUint32(at + 1, length, true);
    header.setUint32(at + 5, Math.floor(length / 2 ** 32), true);
  }

  /** The buffer becomes a part as it is: the header of an open frame in it is still to be filled in. */
  #flush(next: number): void {
    if (this.at === 0) return;
    this.#parts.push(this.bytes.subarray(0, this.at));
    this.#passed(this.at);
    this.#use(new Uint8Array(next));
    this.at = 0;
  }

  #passed(length: number): void {
    this.#before += length;
    if (this.#header) this.#frameEnd -= length;
  }
}
