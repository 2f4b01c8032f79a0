// A pickle while it is made up, with a rough idea of what an unpickler has on its stack: enough to ask mostly for what can
// be done.

import { Op } from "../src/pickle/opcodes.js";
import type { Random } from "../test/random.js";

/** What stands in a place of the stack, as far as it matters for the next opcode. */
export type Kind =
  | "atom"
  | "text"
  | "bytes"
  | "bytearray"
  | "list"
  | "dict"
  | "set"
  | "tuple"
  | "frozen"
  | "name"
  | "made"
  | "persistent"
  | "buffer";

export interface Slot {
  readonly kind: Kind;
  /** Whether it can be a key. */
  readonly key: boolean;
}

const unhashable: ReadonlySet<Kind> = new Set(["bytearray", "list", "dict", "set", "buffer"]);

export class Script {
  readonly random: Random;
  readonly bytes: number[] = [];
  readonly stack: Slot[] = [];
  readonly marks: number[] = [];
  readonly memo: Map<number, Slot> = new Map();
  /** Where FRAMEs want the number of bytes that follow. */
  readonly #frames: number[] = [];
  buffers = 0;

  constructor(random: Random) {
    this.random = random;
  }

  get fence(): number {
    return this.marks.at(-1) ?? 0;
  }

  /** How many values stand above the topmost mark. */
  get height(): number {
    return this.stack.length - this.fence;
  }

  /** What stands so many places below the top. */
  under(places: number): Slot | undefined {
    return places < this.height ? this.stack[this.stack.length - 1 - places] : undefined;
  }

  op(op: Op, text = ""): void {
    this.bytes.push(op);
    this.text(text);
  }

  text(text: string): void {
    for (let i = 0; i < text.length; i++) this.bytes.push(text.charCodeAt(i) & 0xff);
  }

  /** An opcode with a line. What would end it early stands there all the same: that is a case, too. */
  line(op: Op, text: string): void {
    this.op(op, `${text}\n`);
  }

  number(width: number, value: number): void {
    let rest = value;
    for (let i = 0; i < width; i++) {
      this.bytes.push(i < 4 ? rest & 0xff : 0);
      rest = i < 3 ? rest >>> 8 : 0;
    }
  }

  /** An opcode with a number of so many bytes. */
  sized(op: Op, width: number, value: number): void {
    this.bytes.push(op);
    this.number(width, value);
  }

  /** An opcode with a length of so many bytes, now and then a wrong one. */
  counted(op: Op, width: number, text: string): void {
    const { random } = this;
    let length = text.length;
    if (random.below(150) === 0) length = random.pick([length + 1, length - 1, 255, 0x7fffffff, -1]);
    this.bytes.push(op);
    this.number(width, length);
    if (width === 8 && random.below(150) === 0)
      this.bytes[this.bytes.length - 1] = random.pick([0x7f, 0x80, 1]);
    this.text(text);
  }

  push(kind: Kind, key: boolean = !unhashable.has(kind)): void {
    this.stack.push({ kind, key });
  }

  pop(count: number): Slot[] {
    return this.stack.splice(Math.max(0, this.stack.length - count));
  }

  mark(): void {
    this.op(Op.MARK);
    this.marks.push(this.stack.length);
  }

  popMark(): Slot[] {
    return this.stack.splice(this.marks.pop() ?? 0);
  }

  frame(): void {
    this.op(Op.FRAME);
    this.#frames.push(this.bytes.length);
    this.number(8, 0);
  }

  /** Ends it, after which each FRAME is as long as what follows, most often. */
  stop(): Uint8Array {
    const { random, bytes } = this;
    if (random.below(60) > 0) this.op(Op.STOP);
    for (const at of this.#frames) {
      const rest = bytes.length - at - 8;
      const length = random.below(8) === 0 ? random.pick([0, 1, rest - 1, rest + 1, 1000, -1]) : rest;
      for (let i = 0; i < 4; i++) bytes[at + i] = (length >>> (8 * i)) & 0xff;
    }
    if (random.below(12) === 0) this.text(random.pick(["\n", ".", "N.", "\x80\x04]."]));
    return Uint8Array.from(bytes);
  }
}
