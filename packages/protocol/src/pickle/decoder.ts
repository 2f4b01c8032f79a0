// The pickle machine: opcodes act on a stack, as in CPython's Modules/_pickle.c. It can be fed its input in pieces: an
// opcode is run once all of its argument is there, so there is one machine for whole buffers and for streams.
//
// Where its bytes come from: decode() hands it a whole pickle; conexion.ts the payload of a frame while it arrives.

import { type Builtin, findBuiltin, python3Module } from "./builtins.js";
import type { FindClass, InstanceOrigin, PickleClass } from "./classes.js";
import { PyDict, PyFrozenSet, PySet } from "./collections.js";
import { isDeeperThan } from "./depth.js";
import { PickleDecodeError, type PickleDecodeErrorCode } from "./errors.js";
import { keyCost } from "./keys.js";
import { defaultLimits, type PickleLimits } from "./limits.js";
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
import { PyByteArray, PyFloat, PyGlobal, PyTuple, type PyValue } from "./values.js";

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

/** A class or callable that the pickle named and that may be used, with what it stands for. */
class KnownGlobal extends PyGlobal {
  readonly cls: PickleClass | undefined;
  readonly builtin: Builtin | undefined;

  constructor(module: string, qualname: string, cls: PickleClass | undefined, builtin: Builtin | undefined) {
    super(module, qualname);
    this.cls = cls;
    this.builtin = builtin;
  }

  is(module: string, qualname: string): boolean {
    return this.qualname === qualname && python3Module(this.module) === module;
  }
}

/** More of a text argument is wanted, up to the next newline: how much that is cannot be known. */
const UNTIL_NEWLINE = -1;

const NOTHING = new Uint8Array(0);

/** Up to this many characters, a string is compared as fast as an int. */
const CHEAP_KEY_LENGTH = 255;

/** Runs one pickle. Feed it with {@link push} until {@link state} is `done`. */
export class Decoder {
  readonly #findClass: FindClass | undefined;
  readonly #limits: PickleLimits;
  readonly #encoding: StringEncoding;
  readonly #divert: DivertBytes | undefined;
  readonly #view: boolean;

  readonly #stack: PyValue[] = [];
  readonly #marks: number[] = [];
  readonly #memo: PyValue[] = [];
  /** How many entries the memo has, which is where MEMOIZE puts the next one. */
  #memoized = 0;
  /** The stack's height at the topmost mark: what stands below it cannot be popped. */
  #fence = 0;
  #items = 0;
  #containers = 0;
  /** The class and the given parts of each instance: for BUILD, and to see how deep the value nests. */
  readonly #instances = new Map<object, { cls: PickleClass; parts: PyValue[] }>();
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
    this.#findClass = options.findClass;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#encoding = options.encoding ?? "ascii";
    this.#divert = divert;
    this.#view = view;
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
    if (this.#consumed + length > this.#limits.maxBytes) {
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
    const stack = this.#stack;
    const base = this.#consumed - start;
    const allowed = Math.min(end, this.#limits.maxBytes - base);
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
            const standIn = this.#divert(length, stack);
            if (standIn !== undefined) {
              this.#push(standIn);
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
          if (next - at > this.#limits.maxBytes - base - at) this.#refuseBytes(next - at);
        } else if (shape === Shape.Unknown) {
          this.#fail("UNKNOWN_OPCODE", `0x${op.toString(16).padStart(2, "0")} is no opcode`);
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
          if (protocol > HIGHEST_PROTOCOL) this.#fail("UNSUPPORTED", `protocol ${protocol} is not known`);
          this.#proto = protocol as PickleProtocol;
          break;
        }
        case Op.FRAME:
          if (this.#argumentLength(input, argument, Shape.Counted8) > this.#limits.maxBytes - base - next) {
            this.#refuseBytes(this.#argumentLength(input, argument, Shape.Counted8));
          }
          break;
        case Op.STOP:
          this.#result = this.#pop();
          this.#checkDepth();
          this.#state = "done";
          this.#consumed = base + next;
          return next;

        case Op.NONE:
          this.#push(null);
          break;
        case Op.NEWTRUE:
          this.#push(true);
          break;
        case Op.NEWFALSE:
          this.#push(false);
          break;
        case Op.BININT1:
          this.#push(input[argument] as number);
          break;
        case Op.BININT2:
          this.#push((input[argument] as number) | ((input[argument + 1] as number) << 8));
          break;
        case Op.BININT:
          this.#push(readInt32(input, argument));
          break;
        case Op.LONG1:
        case Op.LONG4:
          this.#push(this.#text(decodeLong, argument, next));
          break;
        case Op.INT:
          this.#push(this.#intLine(argument, next - 1));
          break;
        case Op.LONG:
          this.#push(this.#longLine(argument, next - 1));
          break;
        case Op.BINFLOAT:
          this.#push(floatValue(new DataView(input.buffer, input.byteOffset + argument, 8).getFloat64(0)));
          break;
        case Op.FLOAT: {
          const value = parseFloatText(this.#text(decodeLatin1, argument, next - 1));
          if (value === undefined) this.#fail("BAD_ARGUMENT", "the text is no float");
          this.#push(floatValue(value));
          break;
        }

        case Op.SHORT_BINUNICODE:
        case Op.BINUNICODE:
        case Op.BINUNICODE8:
          this.#push(this.#text(decodeUtf8, argument, next));
          break;
        case Op.UNICODE:
          this.#push(this.#text(decodeRawUnicodeEscape, argument, next - 1));
          break;
        case Op.SHORT_BINSTRING:
        case Op.BINSTRING:
          this.#push(this.#string(input.subarray(argument, next)));
          break;
        case Op.STRING:
          this.#push(this.#string(this.#text(decodeStringLiteral, argument, next - 1)));
          break;
        case Op.SHORT_BINBYTES:
        case Op.BINBYTES:
        case Op.BINBYTES8:
          this.#push(this.#view ? input.subarray(argument, next) : input.slice(argument, next));
          break;
        case Op.BYTEARRAY8:
          this.#push(new PyByteArray(input.slice(argument, next)));
          break;

        case Op.MARK:
          if (this.#marks.length >= this.#limits.maxStack) this.#refuse("maxStack", "too many marks");
          this.#marks.push(stack.length);
          this.#fence = stack.length;
          break;
        case Op.POP:
          if (this.#marks.length > 0 && this.#fence === stack.length) this.#dropMark();
          else this.#pop();
          break;
        case Op.POP_MARK:
          stack.length = this.#dropMark();
          break;
        case Op.DUP:
          this.#push(this.#top());
          break;

        case Op.EMPTY_LIST:
          this.#pushContainer([]);
          break;
        case Op.LIST:
          this.#pushContainer(this.#popToMark());
          break;
        case Op.APPEND: {
          const item = this.#pop();
          this.#spend(1);
          this.#list().push(item);
          break;
        }
        case Op.APPENDS: {
          const items = this.#popToMark();
          const list = this.#list();
          for (const item of items) list.push(item);
          break;
        }

        case Op.EMPTY_TUPLE:
          this.#pushContainer(new PyTuple());
          break;
        case Op.TUPLE1:
        case Op.TUPLE2:
        case Op.TUPLE3: {
          const first = stack.length - (op - Op.TUPLE1 + 1);
          if (first < this.#fence) this.#fail("STACK", "fewer values on the stack than the tuple has");
          this.#spend(stack.length - first);
          this.#pushContainer(new PyTuple(stack.splice(first)));
          break;
        }
        case Op.TUPLE:
          this.#pushContainer(new PyTuple(this.#popToMark()));
          break;

        case Op.EMPTY_DICT:
          this.#pushContainer(new PyDict());
          break;
        case Op.DICT: {
          const dict = new PyDict();
          this.#setItems(dict, this.#popToMark());
          this.#pushContainer(dict);
          break;
        }
        case Op.SETITEM: {
          const value = this.#pop();
          const key = this.#pop();
          this.#spend(2);
          this.#setItems(this.#top(), [key, value]);
          break;
        }
        case Op.SETITEMS: {
          const items = this.#popToMark();
          this.#setItems(this.#top(), items);
          break;
        }

        case Op.EMPTY_SET:
          this.#pushContainer(new PySet());
          break;
        case Op.ADDITEMS: {
          const items = this.#popToMark();
          const set = this.#top();
          if (!(set instanceof PySet) || set instanceof PyFrozenSet)
            this.#fail("BAD_OPERAND", "there is no set to add to");
          this.#withKeys(items, () => {
            for (const item of items) set.add(item);
          });
          break;
        }
        case Op.FROZENSET: {
          const items = this.#popToMark();
          this.#pushContainer(this.#withKeys(items, () => new PyFrozenSet(items)));
          break;
        }

        case Op.PUT:
          this.#memoize(this.#indexLine(argument, next - 1));
          break;
        case Op.BINPUT:
          this.#binary = true;
          this.#memoize(input[argument] as number);
          break;
        case Op.LONG_BINPUT:
          this.#memoize(readUint32(input, argument));
          break;
        case Op.MEMOIZE:
          this.#memoize(this.#memoized);
          break;
        case Op.GET:
          this.#recall(this.#indexLine(argument, next - 1));
          break;
        case Op.BINGET:
          this.#recall(input[argument] as number);
          break;
        case Op.LONG_BINGET:
          this.#recall(readUint32(input, argument));
          break;

        case Op.GLOBAL: {
          const middle = input.indexOf(0x0a, argument);
          this.#push(
            this.#global(
              this.#text(decodeUtf8, argument, middle),
              this.#text(decodeUtf8, middle + 1, next - 1),
            ),
          );
          break;
        }
        case Op.STACK_GLOBAL: {
          const qualname = this.#pop();
          const module = this.#pop();
          if (typeof module !== "string" || typeof qualname !== "string") {
            this.#fail("BAD_OPERAND", "a class must be named by two strings");
          }
          this.#push(this.#global(module, qualname));
          break;
        }
        case Op.REDUCE: {
          const args = this.#tuple(this.#pop());
          this.#push(this.#call(this.#knownGlobal(this.#pop()), args));
          break;
        }
        case Op.NEWOBJ: {
          const args = this.#tuple(this.#pop());
          this.#push(this.#instance(this.#knownGlobal(this.#pop()), args.items, "new"));
          break;
        }
        case Op.NEWOBJ_EX: {
          const keywords = this.#pop();
          if (!(keywords instanceof PyDict) || keywords.size > 0) {
            this.#fail("UNSUPPORTED", "keyword arguments of __new__ are not taken");
          }
          const args = this.#tuple(this.#pop());
          this.#push(this.#instance(this.#knownGlobal(this.#pop()), args.items, "new"));
          break;
        }
        case Op.INST: {
          const middle = input.indexOf(0x0a, argument);
          const cls = this.#global(
            this.#text(decodeUtf8, argument, middle),
            this.#text(decodeUtf8, middle + 1, next - 1),
          );
          this.#push(this.#instance(cls, this.#popToMark(), "classic"));
          break;
        }
        case Op.OBJ: {
          const [cls, ...args] = this.#popToMark();
          this.#push(this.#instance(this.#knownGlobal(cls ?? null), args, "classic"));
          break;
        }
        case Op.BUILD: {
          const state = this.#pop();
          this.#build(this.#top(), state);
          break;
        }

        default:
          this.#fail("UNSUPPORTED", "persistent ids, extension codes and out-of-band buffers are not taken");
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
        this.#fail("BAD_ARGUMENT", "the length is negative");
      }
      return low;
    }
    return readUint32(input, at + 4) * 2 ** 32 + low;
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
      if (cause instanceof RangeError) this.#fail("BAD_ARGUMENT", cause.message, cause);
      throw cause;
    }
  }

  #string(bytes: Uint8Array): string | Uint8Array {
    if (this.#encoding === "bytes") return bytes.slice();
    if (this.#encoding === "ascii" && bytes.some((byte) => byte > 0x7f)) {
      this.#fail("BAD_ARGUMENT", "the 8-bit string is not ASCII");
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
    const { maxIntDigits } = this.#limits;
    // Two more characters than digits: a sign and the L of a long.
    const text = end - start > maxIntDigits + 2 ? undefined : decodeLatin1(this.#input, start, end);
    if (text === undefined || text.replace(/\D/g, "").length > maxIntDigits) {
      this.#refuse("maxIntDigits", "an int has too many digits");
    }
    return text;
  }

  #integer(text: string): number | bigint {
    const value = parseInteger(text);
    if (value === undefined) this.#fail("BAD_ARGUMENT", "the text is no int");
    return value;
  }

  #indexLine(start: number, end: number): number {
    const index = this.#integer(this.#digits(start, end));
    if (typeof index !== "number" || index < 0) this.#fail("BAD_ARGUMENT", "the memo index is out of range");
    return index;
  }

  // Stack and memo

  #push(value: PyValue): void {
    const stack = this.#stack;
    if (stack.length >= this.#limits.maxStack) this.#refuse("maxStack", "too many values on the stack");
    stack.push(value);
  }

  #pushContainer(value: object): void {
    this.#containers += 1;
    this.#push(value);
  }

  #pop(): PyValue {
    if (this.#stack.length <= this.#fence) this.#fail("STACK", "the stack is empty");
    return this.#stack.pop() as PyValue;
  }

  #top(): PyValue {
    if (this.#stack.length <= this.#fence) this.#fail("STACK", "the stack is empty");
    return this.#stack[this.#stack.length - 1] as PyValue;
  }

  #dropMark(): number {
    const mark = this.#marks.pop();
    if (mark === undefined) this.#fail("STACK", "there is no mark on the stack");
    this.#fence = this.#marks.at(-1) ?? 0;
    return mark;
  }

  /** Takes what stands above the topmost mark, to be put into a container. */
  #popToMark(): PyValue[] {
    const mark = this.#dropMark();
    this.#spend(this.#stack.length - mark);
    return this.#stack.splice(mark);
  }

  #memoize(index: number): void {
    const value = this.#top();
    if (index >= this.#limits.maxMemo) this.#refuse("maxMemo", "the memo is too large");
    if (this.#memo[index] === undefined) this.#memoized += 1;
    this.#memo[index] = value;
  }

  #recall(index: number): void {
    const value = this.#memo[index];
    if (value === undefined) this.#fail("MEMO", `memo entry ${index} was never set`);
    this.#push(value);
  }

  // Containers

  #spend(items: number): void {
    this.#items += items;
    if (this.#items > this.#limits.maxItems) this.#refuse("maxItems", "too many items");
  }

  #list(): PyValue[] {
    const list = this.#top();
    if (!Array.isArray(list)) this.#fail("BAD_OPERAND", "there is no list to append to");
    return list as PyValue[];
  }

  #tuple(value: PyValue): PyTuple {
    if (!(value instanceof PyTuple)) this.#fail("BAD_OPERAND", "the arguments of a call must be a tuple");
    return value;
  }

  #setItems(dict: PyValue, items: readonly PyValue[]): void {
    if (!(dict instanceof PyDict)) this.#fail("BAD_OPERAND", "there is no dict to set items of");
    if (items.length % 2 === 1) this.#fail("BAD_OPERAND", "a key has no value");
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i] as PyValue;
      const value = items[i + 1] as PyValue;
      if (isCheapKey(key)) dict.set(key, value);
      else this.#withKeys([key], () => dict.set(key, value));
    }
  }

  /** Does what compares keys, having counted what that costs. */
  #withKeys<T>(keys: readonly PyValue[], act: () => T): T {
    for (const key of keys) {
      if (!isCheapKey(key)) this.#spend(keyCost(key, this.#limits.maxItems - this.#items));
    }
    try {
      return act();
    } catch (cause) {
      if (cause instanceof TypeError || cause instanceof RangeError)
        this.#fail("BAD_OPERAND", cause.message, cause);
      throw cause;
    }
  }

  // Classes

  #global(module: string, qualname: string): KnownGlobal {
    const builtin = findBuiltin(module, qualname);
    const known = new KnownGlobal(
      module,
      qualname,
      builtin ? undefined : this.#findClass?.(module, qualname),
      builtin,
    );
    if (!builtin && !known.cls && !known.is("copyreg", "_reconstructor") && !known.is("builtins", "object")) {
      this.#fail("UNKNOWN_CLASS", `the class ${module}.${qualname} is not registered`);
    }
    return known;
  }

  #knownGlobal(value: PyValue): KnownGlobal {
    if (!(value instanceof KnownGlobal)) this.#fail("BAD_OPERAND", "only a class can be called");
    return value;
  }

  #call(callee: KnownGlobal, args: PyTuple): PyValue {
    const { builtin } = callee;
    if (builtin) {
      for (const arg of args) this.#spend(sizeOf(arg));
      const keys = args.items.flatMap((arg) => (Array.isArray(arg) ? (arg as PyValue[]) : []));
      const value = this.#withKeys(keys, () => builtin(args.items));
      if (value === undefined) {
        this.#fail(
          "BAD_OPERAND",
          `${callee.module}.${callee.qualname} cannot be called with these arguments`,
        );
      }
      this.#containers += 1;
      return value;
    }
    if (callee.is("copyreg", "_reconstructor")) {
      const [cls, base, state] = args;
      if (
        args.length === 3 &&
        base instanceof KnownGlobal &&
        base.is("builtins", "object") &&
        state === null
      ) {
        return this.#instance(this.#knownGlobal(cls ?? null), [], "new");
      }
      this.#fail("BAD_OPERAND", "only instances of plain classes are reconstructed");
    }
    return this.#instance(callee, args.items, "call");
  }

  #instance(
    named: KnownGlobal,
    args: readonly PyValue[],
    construction: InstanceOrigin["construction"],
  ): object {
    const { cls, module, qualname } = named;
    if (!cls) this.#fail("BAD_OPERAND", `${module}.${qualname} is no class of instances`);
    this.#spend(1 + args.length);
    const instance = cls.create(args, { module, qualname, protocol: this.protocol, construction });
    this.#containers += 1;
    this.#instances.set(instance, { cls, parts: [...args] });
    return instance;
  }

  #build(instance: PyValue, state: PyValue): void {
    const known =
      instance !== null && typeof instance === "object" ? this.#instances.get(instance) : undefined;
    if (!known?.cls.setState) this.#fail("BAD_OPERAND", "there is no instance that takes a state");
    this.#spend(1);
    known.parts.push(state);
    known.cls.setState(instance as object, state);
  }

  #checkDepth(): void {
    if (this.#containers <= this.#limits.maxDepth) return;
    if (
      isDeeperThan(this.#limits.maxDepth, this.#result, (instance) => this.#instances.get(instance)?.parts)
    ) {
      this.#refuse("maxDepth", "containers nest too deep");
    }
  }

  // Errors

  #opcode(): number | undefined {
    return this.#input[this.#at];
  }

  #fail(code: PickleDecodeErrorCode, message: string, cause?: unknown, limit?: string): never {
    const offset = this.#diverted + this.#consumed + this.#at - this.#inputStart;
    const details = { offset, opcode: this.#opcode(), limit };
    throw new PickleDecodeError(code, message, cause === undefined ? details : { ...details, cause });
  }

  #refuse(limit: keyof PickleLimits, message: string): never {
    this.#fail("LIMIT", `${message}: ${limit} is ${this.#limits[limit]}`, undefined, limit);
  }

  #refuseBytes(length: number): never {
    this.#refuse("maxBytes", `${length} bytes more are too many`);
  }
}

function isBytes(op: number): boolean {
  return op === Op.BINBYTES || op === Op.SHORT_BINBYTES || op === Op.BINBYTES8;
}

/** Whether Python can hash the key, and comparing it costs nothing worth counting. */
function isCheapKey(key: PyValue): boolean {
  if (typeof key === "string") return key.length <= CHEAP_KEY_LENGTH;
  return key === null || typeof key === "number" || typeof key === "boolean";
}

/** How much a built-in callable copies of an argument, in items. */
function sizeOf(value: PyValue): number {
  if (Array.isArray(value)) return value.length;
  if (value instanceof Uint8Array || typeof value === "string") return value.length >>> 4;
  return 0;
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
