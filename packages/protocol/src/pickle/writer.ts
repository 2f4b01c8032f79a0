// The encoder's output: bytes in the order they are written, cut into CPython's frames (PEP 3154), with gaps for bytes
// that the caller sends itself. Large bytes values are parts of their own and never copied.

import { FRAME_SIZE_MIN, FRAME_SIZE_TARGET, Op } from "./opcodes.js";
import { encodeInto, encodeUtf8 } from "./text.js";

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
/** Up to this many characters, a text is tried as ASCII character by character. */
const SHORT_TEXT = 0xff;

const double = new DataView(new ArrayBuffer(8));

/** Writes the primitives of the pickle language. Its buffer serves one pickle after another. */
export class PickleWriter {
  #parts: EncodedPart[] = [];
  #buffer = new Uint8Array(FIRST_BUFFER_BYTES);
  #length = 0;
  /** How far the buffer may be written before there is something to do: 0 when a frame is to be opened. */
  #room = FIRST_BUFFER_BYTES;
  /** Bytes in the parts before this buffer. */
  #before = 0;
  #framing = false;
  /** Where the open frame's header stands: its buffer, the offset in it, and the offset in the whole output. */
  #frameBuffer: Uint8Array | undefined;
  #frameAt = 0;
  #frameOffset = 0;
  /** Where in this buffer the open frame reaches the size at which it is closed. */
  #frameEnd = NO_FRAME;

  /** From here on, opcodes are put into frames. */
  startFraming(): void {
    this.#framing = true;
    this.#room = 0;
  }

  /** To be called before each object is written: closes a frame that has reached its size, as CPython does there. */
  objectBoundary(): void {
    if (this.#length >= this.#frameEnd) this.#closeFrame();
  }

  byte(value: number): void {
    if (this.#length + 1 > this.#room) this.#grow(1);
    this.#buffer[this.#length++] = value;
  }

  /** An opcode with an argument of one byte. */
  byte1(op: Op, value: number): void {
    if (this.#length + 2 > this.#room) this.#grow(2);
    const buffer = this.#buffer;
    buffer[this.#length++] = op;
    buffer[this.#length++] = value;
  }

  /** An opcode with a little-endian argument of two bytes. */
  uint16(op: Op, value: number): void {
    if (this.#length + 3 > this.#room) this.#grow(3);
    const buffer = this.#buffer;
    buffer[this.#length++] = op;
    buffer[this.#length++] = value;
    buffer[this.#length++] = value >>> 8;
  }

  /** An opcode with a little-endian argument of four bytes, signed or not. */
  uint32(op: Op, value: number): void {
    if (this.#length + 5 > this.#room) this.#grow(5);
    this.#buffer[this.#length] = op;
    putUint32(this.#buffer, this.#length + 1, value);
    this.#length += 5;
  }

  float64(value: number): void {
    if (this.#length + 9 > this.#room) this.#grow(9);
    double.setFloat64(0, value);
    this.#buffer[this.#length] = Op.BINFLOAT;
    putUint32(this.#buffer, this.#length + 1, double.getInt32(0, true));
    putUint32(this.#buffer, this.#length + 5, double.getInt32(4, true));
    this.#length += 9;
  }

  /** An opcode, and text that is one byte a character. */
  latin1(op: Op, text: string): void {
    if (this.#length + 1 + text.length > this.#room) this.#grow(1 + text.length);
    const buffer = this.#buffer;
    buffer[this.#length++] = op;
    for (let i = 0; i < text.length; i++) buffer[this.#length++] = text.charCodeAt(i);
  }

  /** An opcode, bytes that are not counted, and a newline. */
  line(op: Op, bytes: EncodedPart): void {
    this.byte(op);
    this.#append(bytes);
    this.byte(0x0a);
  }

  /**
   * A counted opcode of one, four or eight length bytes, and a str or bytes value. CPython writes values of 64 KiB and
   * more between frames, so that they need not be copied (since 3.8).
   */
  payload(op: Op, lengthBytes: 1 | 4 | 8, bytes: EncodedPart): void {
    const framing = this.#framing;
    if (framing && bytes.length >= FRAME_SIZE_TARGET) {
      this.#closeFrame();
      this.#framing = false;
      this.#room = this.#buffer.length;
    }
    this.counted(op, lengthBytes, bytes);
    if (framing && !this.#framing) this.startFraming();
  }

  /** A counted opcode of one, four or eight length bytes, and its bytes, within the frame. */
  counted(op: Op, lengthBytes: 1 | 4 | 8, bytes: EncodedPart): void {
    const { length } = bytes;
    if (lengthBytes === 1) {
      this.byte1(op, length);
    } else {
      this.uint32(op, length);
      if (lengthBytes === 8) {
        if (this.#length + 4 > this.#room) this.#grow(4);
        putUint32(this.#buffer, this.#length, Math.floor(length / 2 ** 32));
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
    if (text.length <= SHORT_TEXT && this.#ascii(short, op, text)) return;
    const bytes = encodeUtf8(text);
    if (short !== undefined && bytes.length <= 0xff) this.payload(short, 1, bytes);
    else this.payload(op, 4, bytes);
  }

  /** A string of up to 255 characters that is ASCII, and its MEMOIZE. False, and nothing is written, for any other. */
  shortText(text: string): boolean {
    const { length } = text;
    if (this.#length + length + 3 > this.#room) this.#grow(length + 3);
    const buffer = this.#buffer;
    const at = this.#length;
    buffer[at] = Op.SHORT_BINUNICODE;
    buffer[at + 1] = length;
    const start = at + 2;
    let bits = 0;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      bits |= code;
      buffer[start + i] = code;
    }
    buffer[start + length] = Op.MEMOIZE;
    if (bits > 0x7f) return false;
    this.#length = start + length + 1;
    return true;
  }

  /**
   * Writes short strings and their MEMOIZE at once, which is faster: as one text, in which the opcodes between
   * them are filled in. False, and nothing is written, where one is not ASCII or the frame would end among them.
   */
  texts(texts: readonly string[]): boolean {
    const text = texts.join("\0\0\0");
    const { length } = text;
    if (this.#length + length + 3 > this.#room) this.#grow(length + 3);
    if (this.#length + length + 3 >= this.#frameEnd) return false;
    const buffer = this.#buffer;
    let at = this.#length;
    if (encodeInto(text, buffer.subarray(at + 2, at + 2 + length)) !== length) return false;
    for (const { length: size } of texts) {
      buffer[at] = Op.SHORT_BINUNICODE;
      buffer[at + 1] = size;
      buffer[at + 2 + size] = Op.MEMOIZE;
      at += size + 3;
    }
    this.#length = at;
    return true;
  }

  /** Ends the output. After a reset it can be written anew. */
  finish(): EncodedPart[] {
    this.#closeFrame();
    this.#framing = false;
    const parts = this.#parts;
    // What stands in the buffer is copied out when it is all there is, so that the buffer serves the next pickle too.
    if (parts.length === 0) parts.push(this.#buffer.slice(0, this.#length));
    else this.#flush();
    return parts;
  }

  /** Forgets what was written. */
  reset(): void {
    this.#parts = [];
    this.#length = this.#before = 0;
    this.#framing = false;
    this.#frameBuffer = undefined;
    this.#frameEnd = NO_FRAME;
    if (this.#buffer.length > LARGEST_BUFFER_BYTES) this.#buffer = new Uint8Array(FIRST_BUFFER_BYTES);
    this.#room = this.#buffer.length;
  }

  #append(bytes: EncodedPart): void {
    if (!(bytes instanceof Uint8Array) || bytes.length >= FRAME_SIZE_TARGET) {
      this.#flush();
      this.#parts.push(bytes);
      this.#before += bytes.length;
      this.#frameEnd -= bytes.length;
      return;
    }
    if (this.#length + bytes.length > this.#room) this.#grow(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #ascii(short: Op | undefined, op: Op, text: string): boolean {
    const { length } = text;
    if (this.#length + 5 + length > this.#room) this.#grow(5 + length);
    const buffer = this.#buffer;
    const start = this.#length + (short === undefined ? 5 : 2);
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return false;
      buffer[start + i] = code;
    }
    if (short === undefined) {
      buffer[this.#length] = op;
      putUint32(buffer, this.#length + 1, length);
    } else {
      buffer[this.#length] = short;
      buffer[this.#length + 1] = length;
    }
    this.#length = start + length;
    return true;
  }

  #frameLength(): number {
    return this.#before + this.#length - this.#frameOffset - FRAME_HEADER_SIZE;
  }

  /** Makes room for that many bytes, opening a frame for them where one is due. */
  #grow(bytes: number): void {
    const opens = this.#framing && !this.#frameBuffer;
    this.#enlarge(opens ? bytes + FRAME_HEADER_SIZE : bytes);
    this.#room = this.#buffer.length;
    if (!opens) return;
    this.#frameBuffer = this.#buffer;
    this.#frameAt = this.#length;
    this.#frameOffset = this.#before + this.#length;
    this.#length += FRAME_HEADER_SIZE;
    this.#frameEnd = this.#length + FRAME_SIZE_TARGET;
  }

  #enlarge(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    // A full buffer becomes a part; but the first bytes of a frame stay with its header, which may yet be taken out.
    if (
      this.#length >= LARGEST_BUFFER_BYTES &&
      (!this.#frameBuffer || this.#frameLength() >= FRAME_SIZE_MIN)
    ) {
      this.#flush(Math.max(bytes, LARGEST_BUFFER_BYTES));
      return;
    }
    const grown = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
    grown.set(this.#buffer.subarray(0, this.#length));
    if (this.#frameBuffer === this.#buffer) this.#frameBuffer = grown;
    this.#buffer = grown;
  }

  #closeFrame(): void {
    const header = this.#frameBuffer;
    if (!header) return;
    const length = this.#frameLength();
    this.#frameBuffer = undefined;
    this.#frameEnd = NO_FRAME;
    this.#room = 0;
    if (length < FRAME_SIZE_MIN) {
      // Too short to be worth a header. So short a frame stands in one buffer: it holds no gap and no large bytes.
      header.copyWithin(this.#frameAt, this.#frameAt + FRAME_HEADER_SIZE, this.#length);
      this.#length -= FRAME_HEADER_SIZE;
      return;
    }
    header[this.#frameAt] = Op.FRAME;
    putUint32(header, this.#frameAt + 1, length);
    putUint32(header, this.#frameAt + 5, Math.floor(length / 2 ** 32));
  }

  #flush(next: number = FIRST_BUFFER_BYTES): void {
    if (this.#length > 0) {
      // The buffer is handed on as it is: the header of an open frame in it is still to be filled in.
      this.#parts.push(this.#buffer.subarray(0, this.#length));
      this.#before += this.#length;
      this.#frameEnd -= this.#length;
      this.#buffer = new Uint8Array(next);
      this.#length = 0;
    }
    this.#room = this.#framing && !this.#frameBuffer ? 0 : this.#buffer.length;
  }
}

function putUint32(buffer: Uint8Array, at: number, value: number): void {
  buffer[at] = value;
  buffer[at + 1] = value >>> 8;
  buffer[at + 2] = value >>> 16;
  buffer[at + 3] = value >>> 24;
}
