// One pickle that arrives in pieces: keeps what cannot be run yet, and lets the caller take large bytes out of the input.
//
// Where its bytes come from: decoder.ts hands it a row of pickles; conexion.ts the payload of a frame while it arrives.

import { type DecoderOptions, type DivertBytes, Machine } from "./machine.js";
import type { PickleProtocol } from "./opcodes.js";
import { run, UNTIL_NEWLINE } from "./run.js";
import type { PyValue } from "./values.js";

const NOTHING = new Uint8Array(0);

/** Runs one pickle. Feed it with {@link push} until {@link state} is `done`. */
export class Unpickler {
  readonly #machine = new Machine();
  /** Bytes of input before the buffer that is being run. */
  #consumed = 0;
  /** An opcode whose argument is not all there yet. */
  #carry: Uint8Array = NOTHING;
  #carried = 0;

  /**
   * @param divert lets the caller take large bytes values itself
   * @param view bytes values are views on the input instead of copies: for input that stays as it is
   */
  constructor(options: DecoderOptions = {}, divert?: DivertBytes, view = false) {
    this.#machine.start(options, divert, view);
  }

  /**
   * `more`: wants more input. `bytes`: the next {@link bytesLeft} bytes of the input belong to a diverted bytes value:
   * take them out of the input, say so with {@link tookBytes}, and go on. `done`: the value is there.
   */
  get state(): "more" | "bytes" | "done" {
    if (this.#machine.done) return "done";
    return this.#machine.bytesLeft > 0 ? "bytes" : "more";
  }

  /** How many bytes of a diverted value are still to be taken out of the input. */
  get bytesLeft(): number {
    return this.#machine.bytesLeft;
  }

  /** The decoded value, once the state is `done`. */
  get value(): PyValue {
    return this.#machine.result;
  }

  /** The pickle's protocol as far as its bytes have told: protocols 0 and 1 have no header. */
  get protocol(): PickleProtocol {
    return this.#machine.protocol;
  }

  /** How many bytes of input were run, diverted bytes not counted. */
  get bytesRead(): number {
    return this.#consumed;
  }

  /** Whether any input was taken. */
  get begun(): boolean {
    return this.#consumed + this.#carried > 0;
  }

  /** Notes that `count` bytes of a diverted value were taken out of the input. */
  tookBytes(count: number): void {
    this.#machine.bytesLeft -= count;
    this.#machine.diverted += count;
  }

  /**
   * Runs as much of the input as can be run. Keeps a copy of what it consumed and could not run yet, and no view.
   *
   * @returns how many bytes were consumed: all of them while the state is `more`
   * @throws {PickleDecodeError} and it is of no further use
   */
  push(bytes: Uint8Array): number {
    // A Buffer's slice() is a view; a Uint8Array's is a copy.
    const chunk = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    let offset = 0;
    while (this.state === "more" && offset < chunk.length) {
      if (this.#carried === 0) {
        offset = this.#run(chunk, offset, chunk.length);
        if (this.state === "more" && offset < chunk.length) {
          this.#keep(chunk, offset, chunk.length);
          offset = chunk.length;
        }
        continue;
      }
      const { need } = this.#machine;
      const end = this.#endOfArgument(chunk, offset);
      this.#keep(chunk, offset, end);
      offset = end;
      if (need !== UNTIL_NEWLINE && this.#carried < need) continue;
      if (need === UNTIL_NEWLINE && this.#carry[this.#carried - 1] !== 0x0a) continue;
      if (this.#run(this.#carry, 0, this.#carried) > 0) {
        this.#carry = NOTHING;
        this.#carried = 0;
      }
    }
    return offset;
  }

  /**
   * Says that no more input comes.
   *
   * @throws {PickleDecodeError} `TRUNCATED` when the pickle is not at its end
   */
  end(): void {
    const m = this.#machine;
    if (m.done) return;
    m.base = this.#consumed;
    m.at = 0;
    m.input = this.#carry;
    m.fail("TRUNCATED");
  }

  #endOfArgument(chunk: Uint8Array, offset: number): number {
    const { need } = this.#machine;
    if (need !== UNTIL_NEWLINE) return Math.min(chunk.length, offset + need - this.#carried);
    const newline = chunk.indexOf(0x0a, offset);
    return newline < 0 ? chunk.length : newline + 1;
  }

  /** Copies input that cannot be run yet. The copy grows with what came, never with what was only announced. */
  #keep(chunk: Uint8Array, start: number, end: number): void {
    const m = this.#machine;
    const length = this.#carried + end - start;
    if (this.#consumed + length > m.limits.maxBytes) {
      m.base = this.#consumed;
      m.at = 0;
      m.input = this.#carried > 0 ? this.#carry : chunk.subarray(start);
      m.refuse("maxBytes");
    }
    if (length > this.#carry.length) {
      const doubled = Math.max(length, this.#carry.length * 2, 64);
      const capacity = m.need > 0 ? Math.max(length, Math.min(doubled, m.need)) : doubled;
      const grown = new Uint8Array(capacity);
      grown.set(this.#carry.subarray(0, this.#carried));
      this.#carry = grown;
    }
    this.#carry.set(chunk.subarray(start, end), this.#carried);
    this.#carried = length;
  }

  #run(input: Uint8Array, start: number, end: number): number {
    const m = this.#machine;
    m.base = this.#consumed - start;
    m.windowEnd = 0;
    const stopped = run(m, input, start, end);
    this.#consumed += stopped - start;
    return stopped;
  }
}
