// The encoder's output: bytes in the order they are written, cut into CPython's frames (PEP 3154), with gaps for bytes
// that the caller sends itself. Large bytes values are parts of their own and never copied.

import { FRAME_SIZE_MIN, FRAME_SIZE_TARGET, Op } from "./opcodes.js";

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
const NEWLINE = 0x0a;
const FIRST_BUFFER_BYTES = 256;
const LARGEST_BUFFER_BYTES = 1024 * 1024;

const utf8 = new TextEncoder();

/** Writes the primitives of the pickle language. */
export class PickleWriter {
  readonly #parts: EncodedPart[] = [];
  #buffer = new Uint8Array(FIRST_BUFFER_BYTES);
  #length = 0;
  /** Bytes in the parts before this buffer. */
  #before = 0;
  #framing = false;
  /** Where the open frame's header stands: its buffer, the offset in it, and the offset in the whole output. */
  #frame: { buffer: Uint8Array; at: number; offset: number } | undefined;

  /** From here on, opcodes are put into frames. */
  startFraming(): void {
    this.#framing = true;
  }

  /** To be called before each object is written: closes a frame that has reached its size, as CPython does there. */
  objectBoundary(): void {
    if (this.#frame && this.#frameLength() >= FRAME_SIZE_TARGET) this.#closeFrame();
  }

  byte(value: number): void {
    this.#room(1);
    this.#buffer[this.#length++] = value;
  }

  /** An opcode with an argument of one byte. */
  byte1(op: Op, value: number): void {
    this.#room(2);
    this.#buffer[this.#length++] = op;
    this.#buffer[this.#length++] = value;
  }

  /** An opcode with a little-endian argument of two bytes. */
  uint16(op: Op, value: number): void {
    this.#room(3);
    this.#buffer[this.#length++] = op;
    this.#buffer[this.#length++] = value & 0xff;
    this.#buffer[this.#length++] = value >>> 8;
  }

  /** An opcode with a little-endian argument of four bytes, signed or not. */
  uint32(op: Op, value: number): void {
    this.#room(5);
    this.#buffer[this.#length] = op;
    putUint32(this.#buffer, this.#length + 1, value);
    this.#length += 5;
  }

  float64(value: number): void {
    this.#room(9);
    this.#buffer[this.#length] = Op.BINFLOAT;
    new DataView(this.#buffer.buffer).setFloat64(this.#length + 1, value);
    this.#length += 9;
  }

  /** An opcode, and text that is one byte a character. */
  latin1(op: Op, text: string): void {
    this.#room(1 + text.length);
    this.#buffer[this.#length++] = op;
    for (let i = 0; i < text.length; i++) this.#buffer[this.#length++] = text.charCodeAt(i);
  }

  /** An opcode, bytes that are not counted, and a newline. */
  line(op: Op, bytes: EncodedPart): void {
    this.byte(op);
    this.#append(bytes);
    this.byte(NEWLINE);
  }

  /**
   * A counted opcode of one, four or eight length bytes, and a str or bytes value. CPython writes values of 64 KiB and
   * more between frames, so that they need not be copied (since 3.8).
   */
  payload(op: Op, lengthBytes: 1 | 4 | 8, bytes: EncodedPart): void {
    const framing = this.#framing;
    if (bytes.length >= FRAME_SIZE_TARGET) {
      this.#closeFrame();
      this.#framing = false;
    }
    this.counted(op, lengthBytes, bytes);
    this.#framing = framing;
  }

  /** A counted opcode of one, four or eight length bytes, and its bytes, within the frame. */
  counted(op: Op, lengthBytes: 1 | 4 | 8, bytes: EncodedPart): void {
    this.#room(1 + lengthBytes);
    this.#buffer[this.#length++] = op;
    if (lengthBytes === 1) {
      this.#buffer[this.#length++] = bytes.length;
    } else {
      putUint32(this.#buffer, this.#length, bytes.length);
      this.#length += 4;
      if (lengthBytes === 8) {
        putUint32(this.#buffer, this.#length, Math.floor(bytes.length / 2 ** 32));
        this.#length += 4;
      }
    }
    this.#append(bytes);
  }

  /**
   * A counted opcode with text as UTF-8, lone surrogates as three bytes each. The opcode is chosen by the length.
   *
   * @param short the opcode with a length of one byte, where the protocol has one
   */
  text(short: Op | undefined, op: Op, text: string): void {
    // Short text is written in place: most texts are ASCII, and then as long as they have characters.
    if (short !== undefined && text.length <= 0xff && this.#shortAscii(short, text)) return;
    const bytes = encodeUtf8(text);
    if (short !== undefined && bytes.length <= 0xff) this.payload(short, 1, bytes);
    else this.payload(op, 4, bytes);
  }

  /** Ends the output. */
  finish(): EncodedPart[] {
    this.#closeFrame();
    this.#framing = false;
    this.#flush();
    return this.#parts;
  }

  #append(bytes: EncodedPart): void {
    if (!(bytes instanceof Uint8Array) || bytes.length >= FRAME_SIZE_TARGET) {
      this.#flush();
      this.#parts.push(bytes);
      this.#before += bytes.length;
      return;
    }
    this.#room(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #shortAscii(op: Op, text: string): boolean {
    this.#room(2 + text.length);
    const buffer = this.#buffer;
    const start = this.#length + 2;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return false;
      buffer[start + i] = code;
    }
    buffer[this.#length] = op;
    buffer[this.#length + 1] = text.length;
    this.#length = start + text.length;
    return true;
  }

  #frameLength(): number {
    return this.#frame ? this.#before + this.#length - this.#frame.offset - FRAME_HEADER_SIZE : 0;
  }

  /** Makes room for that many bytes, opening a frame for them where one is due. */
  #room(bytes: number): void {
    if (this.#framing && !this.#frame) {
      this.#grow(bytes + FRAME_HEADER_SIZE);
      this.#frame = { buffer: this.#buffer, at: this.#length, offset: this.#before + this.#length };
      this.#length += FRAME_HEADER_SIZE;
    } else if (this.#length + bytes > this.#buffer.length) {
      this.#grow(bytes);
    }
  }

  #grow(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    // A full buffer becomes a part; but the first bytes of a frame stay with its header, which may yet be taken out.
    if (this.#length >= LARGEST_BUFFER_BYTES && (!this.#frame || this.#frameLength() >= FRAME_SIZE_MIN)) {
      this.#flush();
      this.#buffer = new Uint8Array(Math.max(bytes, LARGEST_BUFFER_BYTES));
      return;
    }
    const grown = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
    grown.set(this.#buffer.subarray(0, this.#length));
    if (this.#frame?.buffer === this.#buffer) this.#frame = { ...this.#frame, buffer: grown };
    this.#buffer = grown;
  }

  #closeFrame(): void {
    const frame = this.#frame;
    if (!frame) return;
    const length = this.#frameLength();
    this.#frame = undefined;
    if (length < FRAME_SIZE_MIN) {
      // Too short to be worth a header. So short a frame stands in one buffer: it holds no gap and no large bytes.
      frame.buffer.copyWithin(frame.at, frame.at + FRAME_HEADER_SIZE, this.#length);
      this.#length -= FRAME_HEADER_SIZE;
      return;
    }
    frame.buffer[frame.at] = Op.FRAME;
    putUint32(frame.buffer, frame.at + 1, length);
    putUint32(frame.buffer, frame.at + 5, Math.floor(length / 2 ** 32));
  }

  #flush(): void {
    if (this.#length === 0) return;
    // The buffer is handed on as it is: the header of an open frame in it is still to be filled in.
    this.#parts.push(this.#buffer.subarray(0, this.#length));
    this.#before += this.#length;
    this.#buffer = new Uint8Array(FIRST_BUFFER_BYTES);
    this.#length = 0;
  }
}

function putUint32(buffer: Uint8Array, at: number, value: number): void {
  buffer[at] = value;
  buffer[at + 1] = value >>> 8;
  buffer[at + 2] = value >>> 16;
  buffer[at + 3] = value >>> 24;
}

/** Encodes text as UTF-8, lone surrogates as three bytes each (Python's `surrogatepass`). */
export function encodeUtf8(text: string): Uint8Array {
  if (text.isWellFormed()) return utf8.encode(text);
  const parts: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    if (code >= 0xd800 && code <= 0xdfff) parts.push(0xed, 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
    else parts.push(...utf8.encode(character));
  }
  return Uint8Array.from(parts);
}
