// Bytes -> opcodes and their arguments, and what the small ones do. As in CPython's Modules/_pickle.c, load().
//
// An opcode is run once all of its argument is there; where the input ends before, run() says how much it wants. So
// there is one way for whole buffers (decode.ts) and for input that comes in pieces (unpickler.ts).

import { copyOf, viewOf } from "./bytes.js";
import { PyDict, PySet } from "./collections.js";
import { build, classic, dropped, globalOf, inst, newObject, newObjectEx, reduce } from "./construct.js";
import { addItems, appendItems, dictOf, frozenSetOf, setItems, spent, tupleOf } from "./containers.js";
import type { Machine } from "./machine.js";
import { memoize, noteNext, noteText, recall } from "./memo.js";
import { decodeLong } from "./numbers.js";
import { PyBuffer, PyExtension, PyPersistentId } from "./objects.js";
import { HIGHEST_PROTOCOL, Op, type PickleProtocol, Shape, shapes } from "./opcodes.js";
import {
  readAscii,
  readAtom,
  readFloatLine,
  readIndexLine,
  readInt32,
  readIntLine,
  readLength8,
  readLongLine,
  readName,
  readString,
  readStringLine,
  readText,
  readUint16,
  readUnicodeLine,
} from "./read.js";
import { readRow } from "./rows.js";
import { PyByteArray, PyTuple, type PyValue } from "./values.js";

/** More of a text argument is wanted, up to the next newline: how much that is cannot be known. */
export const UNTIL_NEWLINE = -1;

/**
 * Runs the opcodes of input[start..end) that are all there, up to STOP.
 *
 * @returns the offset of the first that is not, or after STOP, or of diverted bytes
 * @throws {PickleDecodeError}
 */
export function run(m: Machine, input: Uint8Array, start: number, end: number): number {
  const { stack } = m;
  const { maxStack, maxOpcodes, maxBytes, maxMemo } = m.limits;
  const allowed = Math.min(end, maxBytes - m.base);
  if (m.input !== input) {
    m.input = input;
    m.windowEnd = 0;
    m.numbers = undefined;
  }
  let at = start;
  // Counted here, as a variable costs less than a field.
  let { peak, opcodes } = m;
  while (at < allowed) {
    m.at = at;
    if (m.sp > peak) {
      peak = m.sp;
      if (peak > maxStack) m.refuse("maxStack");
    }
    if (opcodes++ >= maxOpcodes) m.refuse("maxOpcodes");
    const op = input[at] as number;
    const shape = shapes[op] as number;
    // [argument, next): the opcode's argument, without its length or newline.
    let argument = at + 1;
    let next = argument + shape;
    if (shape < 0) {
      if (shape > Shape.Line) {
        argument -= shape;
        next = argument;
        if (next <= allowed) {
          const length = shape === Shape.Counted1 ? (input[at + 1] as number) : readLength(m, at + 1, shape);
          if (m.divert !== undefined && divertsBytes(m, op, length, m.base + at)) {
            at = argument;
            if (length === 0) continue;
            m.bytesLeft = length;
            break;
          }
          next += length;
          if (next > maxBytes - m.base) m.refuse("maxBytes");
        }
      } else if (shape === Shape.Unknown) {
        m.fail("UNKNOWN_OPCODE", `0x${op.toString(16)} is no opcode`);
      } else {
        next = input.indexOf(0x0a, argument) + 1;
        if (next > 0 && shape === Shape.TwoLines) next = input.indexOf(0x0a, next) + 1;
        if (next === 0 || next > allowed) {
          m.need = UNTIL_NEWLINE;
          opcodes -= 1;
          break;
        }
      }
    }
    if (next > allowed) {
      m.need = next - at;
      opcodes -= 1;
      break;
    }

    switch (op) {
      case Op.SHORT_BINUNICODE:
      case Op.BINUNICODE:
      case Op.BINUNICODE8:
        stack[m.sp++] = readText(m, argument, next);
        break;
      case Op.MEMOIZE:
        memoize(m, m.memoized);
        break;
      case Op.BININT1:
      case Op.BININT2:
      case Op.BININT:
      case Op.BINFLOAT:
      case Op.NONE:
      case Op.NEWTRUE:
      case Op.NEWFALSE:
        m.push(readAtom(m, op, argument));
        break;
      case Op.BINGET:
        recall(m, input[argument] as number);
        break;
      case Op.BINPUT:
        m.binary = true;
        memoize(m, input[argument] as number);
        break;
      case Op.LONG_BINGET:
        recall(m, readInt32(input, argument) >>> 0);
        break;
      case Op.LONG_BINPUT:
        memoize(m, readInt32(input, argument) >>> 0);
        break;
      case Op.MARK: {
        m.opcodes = opcodes;
        const end = readRow(m, next, allowed);
        if (end > next) {
          at = end;
          opcodes = m.opcodes;
          continue;
        }
        m.mark();
        break;
      }

      case Op.EMPTY_DICT:
        m.pushObject(new PyDict(), 1);
        break;
      case Op.SETITEMS:
        setItems(m, m.dropMark());
        break;
      case Op.SETITEM:
        setItems(m, m.sp - 2);
        break;
      case Op.EMPTY_LIST:
        m.pushObject([], 1);
        break;
      case Op.APPENDS:
        appendItems(m, m.dropMark());
        break;
      case Op.APPEND:
        appendItems(m, m.sp - 1);
        break;
      case Op.EMPTY_TUPLE:
        m.pushObject(new PyTuple(), 1);
        break;
      case Op.TUPLE1:
      case Op.TUPLE2:
      case Op.TUPLE3:
        tupleOf(m, m.sp - (op - Op.TUPLE1 + 1));
        break;
      case Op.TUPLE:
        tupleOf(m, m.dropMark());
        break;

      case Op.SHORT_BINBYTES:
      case Op.BINBYTES:
      case Op.BINBYTES8:
        m.pushObject((m.view ? viewOf : copyOf)(input, argument, next), 0);
        break;
      case Op.STACK_GLOBAL: {
        const qualname = m.pop();
        const module = m.pop();
        if (typeof module !== "string" || typeof qualname !== "string") m.fail("BAD_OPERAND");
        m.push(globalOf(m, module, qualname));
        break;
      }
      case Op.NEWOBJ:
        newObject(m);
        break;
      case Op.BUILD:
        build(m);
        break;
      case Op.REDUCE:
        reduce(m);
        break;
      case Op.PROTO: {
        const protocol = input[argument] as number;
        if (protocol > HIGHEST_PROTOCOL) m.fail("UNSUPPORTED", `protocol ${protocol} is not known`);
        m.proto = protocol as PickleProtocol;
        break;
      }
      case Op.FRAME: {
        const length = readLength8(input, argument);
        if (length > maxBytes - m.base - next) m.refuse("maxBytes");
        if (m.whole && length > end - next) m.fail("TRUNCATED");
        break;
      }
      case Op.STOP:
        m.result = m.pop();
        m.checkTree(m.result);
        m.done = true;
        m.peak = peak;
        return next;
      default:
        runRare(m, op, argument, next);
    }
    at = next;
    // Most values are memoized at once: that is done here, without another round.
    if (
      at < allowed &&
      input[at] === Op.MEMOIZE &&
      m.memoized === m.memoEnd &&
      m.memoized < maxMemo &&
      m.memoized < m.places.length
    ) {
      if (m.sp <= m.fence || m.sp > maxStack || opcodes >= maxOpcodes) continue;
      opcodes++;
      if (op === Op.SHORT_BINUNICODE) noteText(m, m.at, stack[m.sp - 1] as PyValue);
      else noteNext(m, stack[m.sp - 1] as PyValue);
      at++;
    }
  }
  m.at = at;
  m.peak = peak;
  m.opcodes = opcodes;
  if (m.bytesLeft === 0 && at < end && allowed < end) m.refuse("maxBytes");
  return at;
}

/** The opcodes that are not met often. */
function runRare(m: Machine, op: number, argument: number, next: number): void {
  const { input } = m;
  switch (op) {
    case Op.BYTEARRAY8:
      m.pushObject(new PyByteArray(copyOf(input, argument, next)), 0);
      break;
    case Op.LONG1:
    case Op.LONG4:
      m.push(decodeLong(m.input, argument, next) ?? m.fail("BAD_ARGUMENT"));
      break;
    case Op.INT:
      m.push(readIntLine(m, argument, next - 1));
      break;
    case Op.LONG:
      m.push(readLongLine(m, argument, next - 1));
      break;
    case Op.FLOAT:
      m.push(readFloatLine(m, argument, next - 1));
      break;
    case Op.UNICODE:
      m.push(readUnicodeLine(m, argument, next - 1));
      break;
    case Op.SHORT_BINSTRING:
    case Op.BINSTRING:
      pushString(m, input.subarray(argument, next));
      break;
    case Op.STRING:
      pushString(m, readStringLine(m, argument, next - 1));
      break;
    case Op.PUT:
      memoize(m, readIndexLine(m, argument, next - 1));
      break;
    case Op.GET:
      recall(m, readIndexLine(m, argument, next - 1));
      break;

    case Op.POP:
      if (m.markCount > 0 && m.fence === m.sp) m.dropMark();
      else dropped(m, m.pop());
      break;
    case Op.POP_MARK:
      m.sp = m.dropMark();
      break;
    case Op.DUP: {
      const value = m.top();
      if (typeof value === "object" && value !== null) {
        m.shared = true;
        m.place(value, m.heights[m.sp - 1] as number);
      } else {
        m.push(value);
      }
      break;
    }
    case Op.LIST: {
      const from = m.dropMark();
      const height = m.heightOf(from) + 1;
      m.pushObject(spent(m, from), height);
      break;
    }
    case Op.DICT:
      dictOf(m, m.dropMark());
      break;
    case Op.EMPTY_SET:
      m.pushObject(new PySet(), 1);
      break;
    case Op.ADDITEMS:
      addItems(m, m.dropMark());
      break;
    case Op.FROZENSET:
      frozenSetOf(m, m.dropMark());
      break;

    case Op.GLOBAL:
    case Op.INST: {
      const middle = input.indexOf(0x0a, argument);
      const module = readName(m, argument, middle, op === Op.INST);
      const qualname = readName(m, middle + 1, next - 1, op === Op.INST);
      if (op === Op.INST) inst(m, module, qualname);
      else m.push(globalOf(m, module, qualname));
      break;
    }
    case Op.NEWOBJ_EX:
      newObjectEx(m);
      break;
    case Op.OBJ:
      classic(m);
      break;
    case Op.EXT1:
      pushExtension(m, input[argument] as number);
      break;
    case Op.EXT2:
      pushExtension(m, readUint16(input, argument));
      break;
    case Op.EXT4:
      pushExtension(m, readInt32(input, argument));
      break;
    case Op.PERSID:
      m.push(readAscii(m, argument, next - 1));
      pushPersistent(m);
      break;
    case Op.BINPERSID:
      pushPersistent(m);
      break;
    case Op.NEXT_BUFFER: {
      const buffer = m.buffers?.next();
      if (!buffer || buffer.done) m.fail("NO_BUFFER");
      m.pushObject(buffer.value, 1);
      break;
    }
    default:
      freezeBuffer(m);
  }
}

/** An 8-bit string of Python 2. */
function pushString(m: Machine, bytes: Uint8Array): void {
  if (m.options.encoding === "bytes") m.pushObject(copyOf(bytes, 0, bytes.length), 0);
  else m.push(readString(m, bytes));
}

function pushExtension(m: Machine, code: number): void {
  const known = m.options.extensions?.get(code);
  if (code <= 0) m.fail("BAD_ARGUMENT");
  if (known) m.push(globalOf(m, known.module, known.qualname));
  else if (m.opaque) m.pushObject(new PyExtension(code), 1);
  else m.fail("UNKNOWN_EXTENSION", `the extension ${code} is not registered`);
}

function pushPersistent(m: Machine): void {
  const height = m.heightOf(m.sp - 1) + 1;
  const id = m.pop();
  if (m.options.persistentLoad) m.pushObject(m.options.persistentLoad(id), height);
  else if (m.opaque) m.pushObject(new PyPersistentId(id), height);
  else m.fail("NO_PERSISTENT_LOAD");
}

/** READONLY_BUFFER: the buffer on top of the stack must not be changed. */
function freezeBuffer(m: Machine): void {
  const buffer = m.top();
  if (buffer instanceof Uint8Array) return;
  if (!(buffer instanceof PyByteArray || buffer instanceof PyBuffer)) {
    m.fail("BAD_OPERAND");
  }
  m.sp -= 1;
  m.pushObject(new PyBuffer(buffer.bytes, true), 1);
}

function divertsBytes(m: Machine, op: number, length: number, offset: number): boolean {
  if (op !== Op.BINBYTES && op !== Op.SHORT_BINBYTES && op !== Op.BINBYTES8) return false;
  if (m.declined === offset) return false;
  m.declined = offset;
  const standIn = m.divert?.(length, m);
  if (standIn === undefined) return false;
  m.place(standIn, 0);
  return true;
}

function readLength(m: Machine, at: number, shape: number): number {
  if (shape === Shape.Counted8) return readLength8(m.input, at);
  const low = readInt32(m.input, at) >>> 0;
  const op = m.input[at - 1];
  // BINSTRING and LONG4 carry a signed length.
  if (low > 0x7fffffff && (op === Op.BINSTRING || op === Op.LONG4)) m.fail("BAD_ARGUMENT");
  return low;
}
