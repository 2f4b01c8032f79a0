// The primitives of the pickle language: opcodes with their arguments.

import { type EncodedPart, FramedOutput } from "./frames.js";
import { FRAME_SIZE_TARGET, Op, type PickleProtocol } from "./opcodes.js";
import { encodeInto, encodeUtf8, putUtf8 } from "./text.js";

/** Up to this many characters, a text is tried as ASCII character by character. */
const SHORT_TEXT = 0xff;
const NEWLINE = 0x0a;

export class PickleWriter extends FramedOutput {
  protocol: PickleProtocol = 4;

  byte(value: number): void {
    if (this.at >= this.room) this.grow(1);
    this.bytes[this.at++] = value;
  }

  /** An opcode with an argument of one byte. */
  byte1(op: Op, value: number): void {
    if (this.at + 2 > this.room) this.grow(2);
    const { bytes, at } = this;
    bytes[at] = op;
    bytes[at + 1] = value;
    this.at = at + 2;
  }

  /** An opcode with a little-endian argument of two bytes. */
  uint16(op: Op, value: number): void {
    if (this.at + 3 > this.room) this.grow(3);
    const { bytes, at } = this;
    bytes[at] = op;
    bytes[at + 1] = value;
    bytes[at + 2] = value >> 8;
    this.at = at + 3;
  }

  /** An opcode with a little-endian argument of four bytes, signed or not. */
  uint32(op: Op, value: number): void {
    if (this.at + 5 > this.room) this.grow(5);
    this.bytes[this.at] = op;
    this.view.setUint32(this.at + 1, value, true);
    this.at += 5;
  }

  float64(value: number): void {
    if (this.at + 9 > this.room) this.grow(9);
    this.bytes[this.at] = Op.BINFLOAT;
    this.view.setFloat64(this.at + 1, value);
    this.at += 9;
  }

  /** An opcode, bytes that are not counted, and a newline. */
  line(op: Op, bytes: EncodedPart): void {
    this.byte(op);
    this.append(bytes);
    this.byte(NEWLINE);
  }

  /** An opcode, text that is one byte a character, and a newline. */
  latin1(op: Op, value: string | number | bigint): void {
    const text = String(value);
    const { length } = text;
    if (this.at + length + 2 > this.room) this.grow(length + 2);
    this.bytes[this.at] = op;
    putLatin1(this.bytes, this.at + 1, text);
    this.at += length + 2;
    this.bytes[this.at - 1] = NEWLINE;
  }

  /**
   * A counted opcode of one, four or eight length bytes, and a str or bytes value. CPython writes values of 64 KiB and
   * more between frames, so that they need not be copied (since 3.8).
   */
  payload(op: Op, lengthBytes: 1 | 4 | 8, bytes: EncodedPart): void {
    const apart = this.framing && bytes.length >= FRAME_SIZE_TARGET;
    if (apart) this.stopFraming();
    this.counted(op, lengthBytes, bytes);
    if (apart) this.startFraming();
  }

  /** A counted opcode of one, four or eight length bytes, and its bytes, within the frame. */
  counted(op: Op, lengthBytes: 1 | 4 | 8, bytes: EncodedPart): void {
    const { length } = bytes;
    if (lengthBytes === 1) this.byte1(op, length);
    else this.uint32(op, length);
    if (lengthBytes === 8) {
      if (this.at + 4 > this.room) this.grow(4);
      this.view.setUint32(this.at, Math.floor(length / 2 ** 32), true);
      this.at += 4;
    }
    this.append(bytes);
  }

  /** Text as UTF-8, lone surrogates as three bytes each, from protocol 1 on. */
  text(text: string): void {
    // Short text is written in place: to encode it apart takes many times as long.
    if (text.length > SHORT_TEXT) {
      this.payload(Op.BINUNICODE, 4, encodeUtf8(text));
      return;
    }
    const most = 5 + text.length * 3;
    if (this.at + most > this.room) this.grow(most);
    const { bytes, at } = this;
    let header = this.protocol >= 4 ? 2 : 5;
    const length = putUtf8(bytes, at + header, text) - at - header;
    if (header === 2 && length > 0xff) {
      header = 5;
      bytes.copyWithin(at + 5, at + 2, at + 2 + length);
    }
    if (header === 2) this.byte1(Op.SHORT_BINUNICODE, length);
    else this.uint32(Op.BINUNICODE, length);
    this.at += length;
  }

  /** An int of more than 32 bits that a number holds exactly. */
  long(value: number): void {
    if (this.at + 10 > this.room) this.grow(10);
    const { bytes, view, at } = this;
    const high = Math.floor(value / 2 ** 32);
    const length = (high << 24) >> 24 === high ? 5 : (high << 16) >> 16 === high ? 6 : 7;
    bytes[at] = Op.LONG1;
    bytes[at + 1] = length;
    view.setUint32(at + 2, value, true);
    view.setUint32(at + 6, high, true);
    this.at = at + 2 + length;
  }

  /** Writes a string and its MEMOIZE, where both are within the frame. False, and nothing is written, for any other. */
  shortText(text: string): boolean {
    const { length } = text;
    const { bytes, at } = this;
    const end = at + length + 3;
    if (end > this.room || length > SHORT_TEXT || length < 2) return false;
    if (!putLatin1(bytes, at + 2, text)) return false;
    bytes[at] = Op.SHORT_BINUNICODE;
    bytes[at + 1] = length;
    bytes[end - 1] = Op.MEMOIZE;
    this.at = end;
    return true;
  }

  /**
   * Writes short strings and their MEMOIZE at once, which is faster: as one text, in which the opcodes between
   * them are filled in. False, and nothing is written, where one is not ASCII or the frame would end among them.
   */
  texts(texts: readonly string[]): boolean {
    const text = texts.join("\0\0\0");
    const { length } = text;
    if (this.at + length + 3 > this.room) this.grow(length + 3);
    if (this.at + length + 3 > this.room) return false;
    const { bytes } = this;
    let { at } = this;
    if (encodeInto(text, bytes.subarray(at + 2, at + 2 + length)) !== length) return false;
    for (const { length: size } of texts) {
      bytes[at] = Op.SHORT_BINUNICODE;
      bytes[at + 1] = size;
      bytes[at + 2 + size] = Op.MEMOIZE;
      at += size + 3;
    }
    this.at = at;
    return true;
  }
}

/** Puts characters where there is room for them, one byte each. False where one is not ASCII. */
function putLatin1(bytes: Uint8Array, at: number, text: string): boolean {
  const { length } = text;
  let bits = 0;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    bits |= code;
    bytes[at + i] = code;
  }
  return bits <= 0x7f;
}
