// A frame is 4 bytes, the payload's length as an unsigned big-endian integer, and the payload. No I/O is done here:
// chunks come in from a connection, payloads go out to the pickle decoder.

import { ByteQueue } from "./byte-queue.js";
import { FrameError } from "./errors.js";
import { checkRange } from "./range.js";

/** Bytes in front of every payload. */
export const FRAME_HEADER_BYTES = 4;

/** The longest payload that a frame's header can announce: 4 GiB - 1. */
export const MAX_FRAME_BYTES: number = 2 ** 32 - 1;

/**
 * The header of a frame with a payload of that length.
 *
 * @throws {FrameError} `FRAME_TOO_LONG` over {@link MAX_FRAME_BYTES}
 */
export function encodeFrameHeader(length: number): Uint8Array {
  if (length > MAX_FRAME_BYTES) throw new FrameError(length, MAX_FRAME_BYTES);
  return Uint8Array.of(length >>> 24, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff);
}

/**
 * A whole frame in one piece.
 *
 * @throws {FrameError} as {@link encodeFrameHeader}
 */
export function encodeFrame(payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + payload.length);
  frame.set(encodeFrameHeader(payload.length));
  frame.set(payload, FRAME_HEADER_BYTES);
  return frame;
}

/** What a {@link FrameDecoder} may be told. */
export interface FrameDecoderOptions {
  /** The longest payload that is taken. Default 4 GiB - 1, the most that a header can announce. */
  readonly maxFrameBytes?: number | undefined;
}

/**
 * Finds the frames in a stream of bytes, however it is cut. Read a frame whole with {@link next}, or in pieces as they
 * arrive with {@link begin} and {@link read}.
 *
 * @example
 * ```ts
 * import { encodeFrame, FrameDecoder } from "@fileshare/protocol";
 *
 * const frames = new FrameDecoder({ maxFrameBytes: 1024 });
 * frames.push(encodeFrame(Uint8Array.of(1, 2, 3)));
 * frames.next(); // Uint8Array [1, 2, 3]
 * ```
 */
export class FrameDecoder {
  /** What was pushed and not read yet. */
  readonly queue: ByteQueue = new ByteQueue();
  readonly #maxFrameBytes: number;
  #left = 0;
  /** A frame was refused: what follows are bytes of its payload, and no header. */
  #refused: FrameError | undefined;
  /** The start of a frame that is read whole and is not all there. It grows with what came, not with what was announced. */
  #partial = new Uint8Array(0);
  #filled = 0;

  /** @throws {RangeError} when `maxFrameBytes` is no number from 0 to 4 GiB - 1 */
  constructor(options: FrameDecoderOptions = {}) {
    this.#maxFrameBytes = options.maxFrameBytes ?? MAX_FRAME_BYTES;
    checkRange("maxFrameBytes", this.#maxFrameBytes, 0, MAX_FRAME_BYTES);
  }

  /** Bytes of the frame's payload that were not read yet; 0 between frames. */
  get left(): number {
    return this.#left;
  }

  /** Adds bytes as they arrived. */
  push(chunk: Uint8Array): void {
    this.queue.push(chunk);
  }

  /**
   * Reads the header of the next frame. Gives the payload's length; undefined while the header is not all there.
   *
   * @throws {FrameError} `FRAME_TOO_LONG` when the length is over the limit, and from then on: the stream cannot be read
   *   any further
   */
  begin(): number | undefined {
    if (this.#refused) throw this.#refused;
    const header = this.queue.take(FRAME_HEADER_BYTES);
    if (!header) return undefined;
    const length = new DataView(header.buffer, header.byteOffset, FRAME_HEADER_BYTES).getUint32(0);
    if (length > this.#maxFrameBytes) {
      this.#refused = new FrameError(length, this.#maxFrameBytes);
      throw this.#refused;
    }
    this.#left = length;
    return length;
  }

  /**
   * Reads the next piece of the frame's payload, a view; undefined when it has ended or no more of it has arrived.
   *
   * @param most bytes at the most. Default: as many as there are
   */
  read(most: number = this.left): Uint8Array | undefined {
    const piece = this.queue.takeUpTo(Math.min(most, this.left));
    if (piece) this.#left -= piece.length;
    return piece;
  }

  /** The piece that {@link read} would give. */
  peek(): Uint8Array | undefined {
    return this.queue.peek(this.left);
  }

  /**
   * Reads the next payload whole; undefined while it is not all there.
   *
   * @throws {FrameError} as {@link begin}
   */
  next(): Uint8Array | undefined {
    if (this.#filled === 0 && this.left === 0 && this.begin() === undefined) return undefined;
    const whole = this.#filled === 0 ? this.queue.take(this.left) : undefined;
    if (whole) {
      this.#left = 0;
      return whole;
    }
    for (let piece = this.read(); piece; piece = this.read()) this.#fill(piece);
    if (this.left > 0) return undefined;
    const payload = this.#partial.subarray(0, this.#filled);
    this.#partial = new Uint8Array(0);
    this.#filled = 0;
    return payload;
  }

  #fill(piece: Uint8Array): void {
    const filled = this.#filled + piece.length;
    if (filled > this.#partial.length) {
      const capacity = Math.min(Math.max(filled, this.#partial.length * 2), filled + this.left);
      const grown = new Uint8Array(capacity);
      grown.set(this.#partial.subarray(0, this.#filled));
      this.#partial = grown;
    }
    this.#partial.set(piece, this.#filled);
    this.#filled = filled;
  }
}
