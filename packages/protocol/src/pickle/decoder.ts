// Bytes -> opcodes and their arguments, which machine.ts acts on, as in CPython's Modules/_pickle.c. The input may come in
// pieces: an opcode is run once all of its argument is there, so there is one way for whole buffers and for streams.
//
// Where its bytes come from: decode() hands it a whole pickle; conexion.ts the payload of a frame while it arrives.

import type { FindClass } from "./classes.js";
import { PickleDecodeError, type PickleDecodeErrorCode } from "./errors.js";
import { type PickleLimits, settleLimits } from "./limits.js";
import { Machine, type MachineHost } from "./machine.js";
import { HIGHEST_PROTOCOL, Op, type PickleProtocol, Shape, shapes } from "./opcodes.js";
import {
  decodeLatin1,
  decodeLong,
  decodeRawUnicodeEscape,
  decodeStringLiteral,
  decodeUtf8,
  parseFloatText,
  parseInteger,
} from "./text.js";
import { PyByteArray, PyFloat, type PyValue } from "./values.js";

/** How the 8-bit strings of Python 2 pickles are read: as text in that encoding, or as bytes. */
export type StringEncoding = "ascii" | "latin1" | "utf-8" | "bytes";

/** What a decoder may be told. */
export interface DecodeOptions {
  /** Finds the class for a name in the pickle. Default: none is registered, and each is refused. */
  readonly findClass?: FindClass | undefined;
  /** Budgets that differ from the defaults. */
  readonly limits?: Partial<PickleLimits> | undefined;
  /** How 8-bit strings of Python 2 are read. Default `"ascii"`, as CPython's `pickle.loads`. */
  readonly encoding?: StringEncoding | undefined;
}

/**
 * Asked when a bytes value begins whose content has not been looked at. A value instead of undefined takes its place,
 * and the bytes themselves are left to the caller.
 *
 * @param length of the bytes
 * @param stack what the machine holds, to see where the bytes belong
 */
export type DivertBytes = (length: number, stack: readonly PyValue[]) => PyValue | undefined;

/** More of a text argument is wanted, up to the next newline: how much that is cannot be known. */
const UNTIL_NEWLINE = -1;

const NOTHING = new Uint8Array(0);

/** Runs one pickle. Feed it with {@link push} until {@link state} is `done`. */
export class Decoder implements MachineHost {
  /** Finds the class for a name in the pickle. */
  readonly findClass: FindClass | undefined;
  /** The budgets that hold for it. */
  readonly limits: PickleLimits;
  readonly #encoding: StringEncoding;
  readonly #divert: DivertBytes | undefined;
  readonly #view: boolean;

  readonly #machine: Machine;
  #proto: PickleProtocol | undefined;
  #binary = false;
  #result: PyValue = null;

  #state: "more" | "bytes" | "done" = "more";
  #bytesLeft = 0;
  #diverted = 0;
  /** Bytes of input before the buffer that is being run. */
  #consumed = 0;
  /** An opcode whose argument is not all there yet, and how many bytes it takes. */
  #carry: Uint8Array = NOTHING;
  #carried = 0;
  #need = 0;
  /** Where the last bytes value stood that the caller was asked about: it is asked once. */
  #declined = -1;

  /** The buffer that is being run, and the offset in it of the opcode at work. */
  #input: Uint8Array = NOTHING;
  #at = 0;
  #inputStart = 0;

  /**
   * @param divert lets the caller take large bytes values itself
   * @param view bytes values are views on the input instead of copies: for input that stays as it is
   */
  constructor(options: DecodeOptions = {}, divert?: DivertBytes, view = false) {
    this.findClass = options.findClass;
    this.limits = settleLimits(options.limits);
    this.#encoding = options.encoding ?? "ascii";
    this.#divert = divert;
    this.#view = view;
    this.#machine = new Machine(this);
  }

  /**
   * `more`: wants more input. `bytes`: the next {@link bytesLeft} bytes of the input belong to a diverted bytes value:
   * take them out of the input, say so with {@link tookBytes}, and go on. `done`: the value is there.
   */
  get state(): "more" | "bytes" | "done" {
    return this.#state;
  }

  /** How many bytes of a diverted value are still to be taken out of the input. */
  get bytesLeft(): number {
    return this.#bytesLeft;
  }

  /** The decoded value, once the state is `done`. */
  get value(): PyValue {
    return this.#result;
  }

  /** How many bytes of input were run, diverted bytes not counted. */
  get bytesRead(): number {
    return this.#consumed;
  }

  /** The pickle's protocol as far as its bytes have told: protocols 0 and 1 have no header. */
  get protocol(): PickleProtocol {
    return this.#proto ?? (this.#binary ? 1 : 0);
  }

  /** Notes that `count` bytes of a diverted value were taken out of the input. */
  tookBytes(count: number): void {
    this.#bytesLeft -= count;
    this.#diverted += count;
    if (this.#bytesLeft === 0) this.#state = "more";
  }

  /**
   * Runs as much of the input as can be run. Keeps a copy of what it consumed and could not run yet, and no view.
   *
   * @returns how many bytes were consumed: all of them while the state is `more`
   * @throws {PickleDecodeError} and the decoder is of no further use
   */
  push(bytes: Uint8Array): number {
    // A Buffer's slice() is a view; a Uint8Array's is a copy.
    const chunk = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    let offset = 0;
    while (this.#state === "more" && offset < chunk.length) {
      if (this.#carried === 0) {
        offset = this.#run(chunk, offset, chunk.length);
        if (this.#state === "more" && offset < chunk.length) {
          this.#keep(chunk, offset, chunk.length);
          offset = chunk.length;
        }
        continue;
      }
      const end = this.#endOfArgument(chunk, offset);
      this.#keep(chunk, offset, end);
      offset = end;
      if (this.#need !== UNTIL_NEWLINE && this.#carried < this.#need) continue;
      if (this.#need === UNTIL_NEWLINE && this.#carry[this.#carried - 1] !== 0x0a) continue;
      const whole = this.#carry;
      const run = this.#run(whole, 0, this.#carried);
      if (run > 0) {
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
    if (this.#state === "done") return;
    const opcode = this.#carried > 0 ? this.#carry[0] : undefined;
    throw new PickleDecodeError("TRUNCATED", "the input ends before the pickle does", {
      offset: this.#diverted + this.#consumed,
      opcode,
    });
  }

  #endOfArgument(chunk: Uint8Array, offset: number): number {
    if (this.#need !== UNTIL_NEWLINE) return Math.min(chunk.length, offset + this.#need - this.#carried);
    const newline = chunk.indexOf(0x0a, offset);
    return newline < 0 ? chunk.length : newline + 1;
  }

  /** Copies input that cannot be run yet. The copy grows with what came, never with what was only announced. */
  #keep(chunk: Uint8Array, start: number, end: number): void {
    const length = this.#carried + end - start;
    if (this.#consumed + length > this.limits.maxBytes) {
      this.#input = this.#carried > 0 ? this.#carry : chunk;
      this.#inputStart = this.#at = this.#carried > 0 ? 0 : start;
      this.#refuseBytes(length);
    }
    if (length > this.#carry.length) {
      const doubled = Math.max(length, this.#carry.length * 2, 64);
      const capacity = this.#need > 0 ? Math.max(length, Math.min(doubled, this.#need)) : doubled;
      const grown = new Uint8Array(capacity);
      grown.set(this.#carry.subarray(0, this.#carried));
      this.#carry = grown;
    }
    this.#carry.set(chunk.subarray(start, end), this.#carried);
    this.#carried = length;
  }

  /** Runs the opcodes of input[start..end) that are all there. Gives the offset of the first that is not. */
  #run(input: Uint8Array, start: number, end: number): number {
    const machine = this.#machine;
    const base = this.#consumed - start;
    const allowed = Math.min(end, this.limits.maxBytes - base);
    this.#input = input;
    this.#inputStart = start;
    let at = start;
    while (at < allowed) {
      this.#at = at;
      const op = input[at] as number;
      const shape = shapes[op] as number;
      // [argument, next): the opcode's argument, without its length or newline.
      let argument = at + 1;
      let next = argument + shape;
      if (shape < 0) {
        if (shape > Shape.Line) {
          argument -= shape;
          if (argument > allowed) {
            this.#need = 1 - shape;
            break;
          }
          const length = this.#argumentLength(input, at + 1, shape);
          if (this.#divert && isBytes(op) && this.#declined !== base + at) {
            this.#declined = base + at;
            const standIn = this.#divert(length, machine.stack);
            if (standIn !== undefined) {
              machine.push(standIn);
              if (length === 0) {
                at = argument;
                continue;
              }
              this.#consumed = base + argument;
              this.#bytesLeft = length;
              this.#state = "bytes";
              return argument;
            }
          }
          next = argument + length;
          if (next - at > this.limits.maxBytes - base - at) this.#refuseBytes(next - at);
        } else if (shape === Shape.Unknown) {
          this.fail("UNKNOWN_OPCODE", `0x${op.toString(16).padStart(2, "0")} is no opcode`);
        } else {
          next = input.indexOf(0x0a, argument) + 1;
          if (next > 0 && shape === Shape.TwoLines) next = input.indexOf(0x0a, next) + 1;
          if (next === 0 || next > allowed) {
            this.#need = UNTIL_NEWLINE;
            break;
          }
        }
      }
      if (next > allowed) {
        this.#need = next - at;
        break;
      }

      switch (op) {
        case Op.PROTO: {
          const protocol = input[argument] as number;
          if (protocol > HIGHEST_PROTOCOL) this.fail("UNSUPPORTED", `protocol ${protocol} is not known`);
          this.#proto = protocol as PickleProtocol;
          break;
        }
        case Op.FRAME:
          if (this.#argumentLength(input, argument, Shape.Counted8) > this.limits.maxBytes - base - next) {
            this.#refuseBytes(this.#argumentLength(input, argument, Shape.Counted8));
          }
          break;
        case Op.STOP:
          this.#result = machine.stop();
          this.#state = "done";
          this.#consumed = base + next;
          return next;

        case Op.BININT1:
          machine.push(input[argument] as number);
          break;
        case Op.BININT2:
          machine.push((input[argument] as number) | ((input[argument + 1] as number) << 8));
          break;
        case Op.BININT:
          machine.push(readInt32(input, argument));
          break;
        case Op.LONG1:
        case Op.LONG4:
          machine.push(this.#text(decodeLong, argument, next));
          break;
        case Op.INT:
          machine.push(this.#intLine(argument, next - 1));
          break;
        case Op.LONG:
          machine.push(this.#longLine(argument, next - 1));
          break;
        case Op.BINFLOAT:
          machine.push(floatValue(new DataView(input.buffer, input.byteOffset + argument, 8).getFloat64(0)));
          break;
        case Op.FLOAT: {
          const value = parseFloatText(this.#text(decodeLatin1, argument, next - 1));
          if (value === undefined) this.fail("BAD_ARGUMENT", "the text is no float");
          machine.push(floatValue(value));
          break;
        }

        case Op.SHORT_BINUNICODE:
        case Op.BINUNICODE:
        case Op.BINUNICODE8:
          machine.push(this.#text(decodeUtf8, argument, next));
          break;
        case Op.UNICODE:
          machine.push(this.#text(decodeRawUnicodeEscape, argument, next - 1));
          break;
        case Op.SHORT_BINSTRING:
        case Op.BINSTRING:
          machine.push(this.#string(input.subarray(argument, next)));
          break;
        case Op.STRING:
          machine.push(this.#string(this.#text(decodeStringLiteral, argument, next - 1)));
          break;
        case Op.SHORT_BINBYTES:
        case Op.BINBYTES:
        case Op.BINBYTES8:
          machine.pushObject(this.#view ? input.subarray(argument, next) : input.slice(argument, next));
          break;
        case Op.BYTEARRAY8:
          machine.pushObject(new PyByteArray(input.slice(argument, next)));
          break;

        case Op.PUT:
          machine.memoize(this.#indexLine(argument, next - 1));
          break;
        case Op.BINPUT:
          this.#binary = true;
          machine.memoize(input[argument] as number);
          break;
        case Op.LONG_BINPUT:
          machine.memoize(readUint32(input, argument));
          break;
        case Op.GET:
          machine.recall(this.#indexLine(argument, next - 1));
          break;
        case Op.BINGET:
          machine.recall(input[argument] as number);
          break;
        case Op.LONG_BINGET:
          machine.recall(readUint32(input, argument));
          break;

        case Op.GLOBAL: {
          const [module, qualname] = this.#name(argument, next - 1);
          machine.push(machine.global(module, qualname));
          break;
        }
        case Op.INST: {
          const [module, qualname] = this.#name(argument, next - 1);
          machine.inst(module, qualname);
          break;
        }

        default:
          machine.act(op);
      }
      at = next;
    }
    this.#at = at;
    if (at < end && allowed < end) this.#refuseBytes(end - at);
    this.#consumed = base + at;
    return at;
  }

  // Arguments

  #argumentLength(input: Uint8Array, at: number, shape: number): number {
    if (shape === Shape.Counted1) return input[at] as number;
    const low = readUint32(input, at);
    if (shape === Shape.Counted4) {
      // BINSTRING and LONG4 carry a signed length.
      if (low > 0x7fffffff && (this.#opcode() === Op.BINSTRING || this.#opcode() === Op.LONG4)) {
        this.fail("BAD_ARGUMENT", "the length is negative");
      }
      return low;
    }
    return readUint32(input, at + 4) * 2 ** 32 + low;
  }

  /** The two lines that name a class. */
  #name(start: number, end: number): [module: string, qualname: string] {
    const middle = this.#input.indexOf(0x0a, start);
    return [this.#text(decodeUtf8, start, middle), this.#text(decodeUtf8, middle + 1, end)];
  }

  #text<T>(
    decode: (bytes: Uint8Array, start: number, end: number) => T,
    start: number,
    end: number,
    bytes: Uint8Array = this.#input,
  ): T {
    try {
      return decode(bytes, start, end);
    } catch (cause) {
      if (cause instanceof RangeError) this.fail("BAD_ARGUMENT", cause.message, cause);
      throw cause;
    }
  }

  #string(bytes: Uint8Array): string | Uint8Array {
    if (this.#encoding === "bytes") return bytes.slice();
    if (this.#encoding === "ascii" && bytes.some((byte) => byte > 0x7f)) {
      this.fail("BAD_ARGUMENT", "the 8-bit string is not ASCII");
    }
    return this.#text(this.#encoding === "utf-8" ? decodeUtf8 : decodeLatin1, 0, bytes.length, bytes);
  }

  #intLine(start: number, end: number): PyValue {
    const text = this.#digits(start, end);
    if (text === "00") return false;
    if (text === "01") return true;
    return this.#integer(text);
  }

  #longLine(start: number, end: number): PyValue {
    return this.#integer(this.#digits(start, end).replace(/L$/, ""));
  }

  #digits(start: number, end: number): string {
    const { maxIntDigits } = this.limits;
    // Two more characters than digits: a sign and the L of a long.
    const text = end - start > maxIntDigits + 2 ? undefined : decodeLatin1(this.#input, start, end);
    if (text === undefined || text.replace(/\D/g, "").length > maxIntDigits) {
      this.refuse("maxIntDigits", "an int has too many digits");
    }
    return text;
  }

  #integer(text: string): number | bigint {
    const value = parseInteger(text);
    if (value === undefined) this.fail("BAD_ARGUMENT", "the text is no int");
    return value;
  }

  #indexLine(start: number, end: number): number {
    const index = this.#integer(this.#digits(start, end));
    if (typeof index !== "number" || index < 0) this.fail("BAD_ARGUMENT", "the memo index is out of range");
    return index;
  }

  // Errors

  #opcode(): number | undefined {
    return this.#input[this.#at];
  }

  /** Refuses the pickle for what stands at the opcode that is at work. */
  fail(code: PickleDecodeErrorCode, message: string, cause?: unknown, limit?: string): never {
    const offset = this.#diverted + this.#consumed + this.#at - this.#inputStart;
    const details = { offset, opcode: this.#opcode(), limit };
    throw new PickleDecodeError(code, message, cause === undefined ? details : { ...details, cause });
  }

  /** Refuses the pickle for passing a limit. */
  refuse(limit: keyof PickleLimits, message: string): never {
    this.fail("LIMIT", `${message}: ${limit} is ${this.limits[limit]}`, undefined, limit);
  }

  #refuseBytes(length: number): never {
    this.refuse("maxBytes", `${length} bytes more are too many`);
  }
}

function isBytes(op: number): boolean {
  return op === Op.BINBYTES || op === Op.SHORT_BINBYTES || op === Op.BINBYTES8;
}

/** A float that JavaScript would take for an int keeps its type; -0.0 is no int. */
function floatValue(value: number): number | PyFloat {
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? new PyFloat(value) : value;
}

function readInt32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

function readUint32(bytes: Uint8Array, at: number): number {
  return readInt32(bytes, at) >>> 0;
}
