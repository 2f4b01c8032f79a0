// Values in, pickles out: byte for byte what CPython's C pickler writes for the built-in data model.
// Source: CPython 3.11 Modules/_pickle.c, save() and what it calls.
//
// One thing a JavaScript value cannot say is which equal strings are one object in Python. The policy: each occurrence
// of a string is an object of its own, and is written out in full, as of strings that were read from somewhere. Only
// where CPython itself knows but one object, for an empty or one-character Latin-1 str and for as short bytes, is a
// repeated one written as a reference.

import type { Reduce, Reduction } from "./classes.js";
import { PyDict, PySet } from "./collections.js";
import { PickleEncodeError } from "./errors.js";
import { asText, BytesGap, type TextLengths } from "./gap.js";
import { checkHashable } from "./keys.js";
import { defaultLimits } from "./limits.js";
import { BATCH_SIZE, HIGHEST_PROTOCOL, Op, type PickleProtocol } from "./opcodes.js";
import { decodeLatin1, encodeLong, encodeRawUnicodeEscape, formatFloat } from "./text.js";
import { PyByteArray, PyFloat, PyGlobal, PyTuple, type PyValue } from "./values.js";
import { type EncodedPart, encodeUtf8, type Gap, PickleWriter } from "./writer.js";

/** What {@link encode} may be told. */
export interface EncodeOptions {
  /** The pickle protocol to write. Default 4, the default of Python 3.8 to 3.13, which Python 3.4 and later read. */
  readonly protocol?: PickleProtocol | undefined;
  /** Says how instances of the app's own classes are written. Default: they are refused. */
  readonly reduce?: Reduce | undefined;
  /** How deep values may nest. Default 1000, as in decoding. */
  readonly maxDepth?: number | undefined;
}

/**
 * Encodes a value as a pickle.
 *
 * @throws {PickleEncodeError} when it holds something that has no counterpart in Python
 */
export function encode(value: PyValue, options?: EncodeOptions): Uint8Array {
  const parts = encodeParts(value, options);
  if (parts.length === 1 && parts[0] instanceof Uint8Array) return parts[0];
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    if (!(part instanceof Uint8Array))
      throw new PickleEncodeError("UNENCODABLE", "a gap holds no bytes: use encodeParts");
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/**
 * Encodes a value as a row of parts that make the pickle when sent one after another. Bytes values of 64 KiB and more
 * are parts of their own, not copied; a {@link BytesGap} is a part for the caller to fill.
 *
 * @throws {PickleEncodeError} as {@link encode}
 */
export function encodeParts(value: PyValue, options: EncodeOptions = {}): EncodedPart[] {
  return new Encoder(options).encode(value);
}

const LATIN1 = "latin1";
const codecsEncode = new PyGlobal("_codecs", "encode");
const bytesType = new PyGlobal("builtins", "bytes");
const bytearrayType = new PyGlobal("builtins", "bytearray");
const setType = new PyGlobal("builtins", "set");
const frozensetType = new PyGlobal("builtins", "frozenset");
const objectType = new PyGlobal("builtins", "object");
const reconstructor = new PyGlobal("copyreg", "_reconstructor");

/** Names that protocols 0 to 2 write as Python 2 knows them. */
const python2Modules: ReadonlyMap<string, string> = new Map([
  ["builtins", "__builtin__"],
  ["copyreg", "copy_reg"],
]);

class Encoder {
  readonly #protocol: PickleProtocol;
  readonly #reduce: Reduce | undefined;
  readonly #maxDepth: number;
  readonly #out = new PickleWriter();
  /** Where each object stands in the memo; strings take a place there, but only {@link singletonKey}s are looked up. */
  readonly #memo = new Map<object | string, number>();
  readonly #classes = new Map<string, PyGlobal>();
  #memoized = 0;
  #depth = 0;

  constructor(options: EncodeOptions) {
    this.#protocol = options.protocol ?? 4;
    if (!Number.isInteger(this.#protocol) || this.#protocol < 0 || this.#protocol > HIGHEST_PROTOCOL) {
      throw new PickleEncodeError("PROTOCOL", `protocol ${this.#protocol} is not known`);
    }
    this.#reduce = options.reduce;
    this.#maxDepth = options.maxDepth ?? defaultLimits.maxDepth;
  }

  encode(value: PyValue): EncodedPart[] {
    if (this.#protocol >= 2) this.#out.byte1(Op.PROTO, this.#protocol);
    if (this.#protocol >= 4) this.#out.startFraming();
    this.#save(value);
    this.#out.byte(Op.STOP);
    return this.#out.finish();
  }

  #save(value: PyValue): void {
    this.#out.objectBoundary();
    switch (typeof value) {
      case "string":
        this.#saveString(value);
        return;
      case "number":
        if (Number.isSafeInteger(value) && !Object.is(value, -0)) this.#saveInt(value);
        else this.#saveFloat(value);
        return;
      case "bigint":
        this.#saveInt(value);
        return;
      case "boolean":
        this.#saveBoolean(value);
        return;
      case "object":
        if (value === null) this.#out.byte(Op.NONE);
        else this.#saveObject(value);
        return;
      default:
        throw new PickleEncodeError("UNENCODABLE", `${typeof value} has no counterpart in Python`);
    }
  }

  #saveObject(value: object): void {
    if (value instanceof PyFloat) {
      this.#saveFloat(value.value);
      return;
    }
    const index = this.#memo.get(value);
    if (index !== undefined) {
      this.#saveReference(index);
      return;
    }
    if (value instanceof Uint8Array || value instanceof BytesGap) {
      this.#saveBytes(value);
      return;
    }
    if (value instanceof PyByteArray) {
      this.#saveByteArray(value);
      return;
    }
    if (value instanceof PyGlobal) {
      this.#saveGlobal(value);
      return;
    }

    this.#depth += 1;
    if (this.#depth > this.#maxDepth) {
      throw new PickleEncodeError("DEPTH", `the value nests deeper than maxDepth, ${this.#maxDepth}`);
    }
    if (Array.isArray(value)) this.#saveList(value);
    else if (value instanceof PyTuple) this.#saveTuple(value);
    else if (value instanceof Map) this.#saveDict(value, value);
    else if (value instanceof Set) this.#saveSet(value);
    else this.#saveInstance(value);
    this.#depth -= 1;
  }

  // Atoms

  #saveBoolean(value: boolean): void {
    if (this.#protocol >= 2) this.#out.byte(value ? Op.NEWTRUE : Op.NEWFALSE);
    else this.#out.latin1(Op.INT, value ? "01\n" : "00\n");
  }

  #saveInt(value: number | bigint): void {
    if (value >= -0x80000000 && value <= 0x7fffffff) {
      const small = Number(value);
      if (this.#protocol === 0) this.#out.latin1(Op.INT, `${small}\n`);
      else if (small < 0 || small > 0xffff) this.#out.uint32(Op.BININT, small);
      else if (small > 0xff) this.#out.uint16(Op.BININT2, small);
      else this.#out.byte1(Op.BININT1, small);
    } else if (this.#protocol < 2) {
      this.#out.latin1(Op.LONG, `${value}L\n`);
    } else {
      const bytes = encodeLong(BigInt(value));
      if (bytes.length <= 0xff) this.#out.counted(Op.LONG1, 1, bytes);
      else this.#out.counted(Op.LONG4, 4, bytes);
    }
  }

  #saveFloat(value: number): void {
    if (this.#protocol >= 1) this.#out.float64(value);
    else this.#out.latin1(Op.FLOAT, `${formatFloat(value)}\n`);
  }

  #saveText(value: string): void {
    if (this.#protocol >= 4) this.#out.text(Op.SHORT_BINUNICODE, Op.BINUNICODE, value);
    else if (this.#protocol >= 1) this.#out.text(undefined, Op.BINUNICODE, value);
    else this.#out.latin1(Op.UNICODE, `${encodeRawUnicodeEscape(value)}\n`);
  }

  #saveString(value: string): void {
    const single = singletonKey(value);
    const index = single === undefined ? undefined : this.#memo.get(single);
    if (index !== undefined) {
      this.#saveReference(index);
      return;
    }
    this.#saveText(value);
    this.#memoize(single);
  }

  #saveBytes(value: Uint8Array | BytesGap): void {
    const single = value instanceof Uint8Array ? singletonKey(value) : undefined;
    const index = single === undefined ? undefined : this.#memo.get(single);
    if (index === undefined) this.#saveNewBytes(value, single ?? value);
    else this.#saveReference(index);
  }

  /** @param owner what stands for the bytes in the memo, where they can occur again */
  #saveNewBytes(value: Uint8Array | BytesGap, owner: object | string | undefined): void {
    if (this.#protocol < 3) {
      this.#saveBytesAsText(value, owner);
      return;
    }
    const part: EncodedPart = value instanceof Uint8Array ? value : { gap: "bytes", length: value.length };
    if (value.length <= 0xff) this.#out.payload(Op.SHORT_BINBYTES, 1, part);
    else if (value.length <= 0xffffffff) this.#out.payload(Op.BINBYTES, 4, part);
    else if (this.#protocol >= 4) this.#out.payload(Op.BINBYTES8, 8, part);
    else throw new PickleEncodeError("PROTOCOL", "bytes of 4 GiB and more need protocol 4");
    this.#memoize(owner);
  }

  /** Before protocol 3 there is no opcode for bytes: Python writes `_codecs.encode(text, "latin1")`. */
  #saveBytesAsText(value: Uint8Array | BytesGap, owner: object | string | undefined): void {
    if (value.length === 0) {
      this.#saveCall(bytesType, undefined, owner);
      return;
    }
    this.#saveGlobalOnce(codecsEncode);
    if (this.#protocol < 2) this.#out.byte(Op.MARK);
    this.#out.objectBoundary();
    if (value instanceof Uint8Array && value.length === 1) this.#saveString(decodeLatin1(value, 0, 1));
    else this.#saveBytesText(value);
    const latin1 = this.#memo.get(LATIN1);
    if (latin1 === undefined) {
      this.#saveText(LATIN1);
      this.#memoize(LATIN1);
    } else {
      this.#saveReference(latin1);
    }
    this.#out.byte(this.#protocol >= 2 ? Op.TUPLE2 : Op.TUPLE);
    this.#memoize(undefined);
    this.#out.byte(Op.REDUCE);
    this.#memoize(owner);
  }

  #saveBytesText(value: Uint8Array | BytesGap): void {
    const form = this.#protocol >= 1 ? "utf-8" : "escaped";
    const text = textPart(value, form);
    if (form === "utf-8") this.#out.payload(Op.BINUNICODE, 4, text);
    else this.#out.line(Op.UNICODE, text);
    this.#memoize(undefined);
  }

  #saveByteArray(value: PyByteArray): void {
    if (this.#protocol >= 5) {
      this.#out.payload(Op.BYTEARRAY8, 8, value.bytes);
      this.#memoize(value);
    } else {
      // Python pickles a new bytes object here, not one that may stand elsewhere in the value.
      const { bytes } = value;
      this.#saveCall(
        bytearrayType,
        bytes.length === 0 ? undefined : () => this.#saveNewBytes(bytes, undefined),
        value,
      );
    }
  }

  #saveGlobal(value: PyGlobal): void {
    const { module, qualname } = value;
    if (this.#protocol >= 4) {
      this.#save(module);
      this.#save(qualname);
      this.#out.byte(Op.STACK_GLOBAL);
    } else {
      this.#out.line(Op.GLOBAL, this.#nameLines(module, qualname));
    }
    this.#memoize(value);
  }

  /** A class's name as two lines, but for the newline at the end. */
  #nameLines(module: string, qualname: string): Uint8Array {
    if (qualname.includes(".")) {
      throw new PickleEncodeError("PROTOCOL", `the nested class ${qualname} needs protocol 4`);
    }
    if (/\n/.test(module + qualname)) {
      throw new PickleEncodeError("PROTOCOL", "a class whose name holds a newline needs protocol 4");
    }
    const known = this.#protocol < 3 ? (python2Modules.get(module) ?? module) : module;
    return encodeUtf8(`${known}\n${qualname}`);
  }

  #saveGlobalOnce(value: PyGlobal): void {
    this.#out.objectBoundary();
    const index = this.#memo.get(value);
    if (index === undefined) this.#saveGlobal(value);
    else this.#saveReference(index);
  }

  // Containers

  #saveList(value: readonly PyValue[]): void {
    if (this.#protocol >= 1) this.#out.byte(Op.EMPTY_LIST);
    else this.#mark(Op.LIST);
    this.#memoize(value);
    if (this.#protocol === 0 || value.length === 1) {
      for (const item of value) {
        this.#save(item);
        this.#out.byte(Op.APPEND);
      }
      return;
    }
    for (let start = 0; start < value.length; start += BATCH_SIZE) {
      this.#out.byte(Op.MARK);
      const end = Math.min(start + BATCH_SIZE, value.length);
      for (let i = start; i < end; i++) this.#save(value[i] as PyValue);
      this.#out.byte(Op.APPENDS);
    }
  }

  #saveTuple(value: PyTuple): void {
    const { items } = value;
    if (items.length === 0) {
      if (this.#protocol >= 1) this.#out.byte(Op.EMPTY_TUPLE);
      else this.#mark(Op.TUPLE);
      return;
    }
    const short = items.length <= 3 && this.#protocol >= 2;
    if (!short) this.#out.byte(Op.MARK);
    for (const item of items) this.#save(item);
    const index = this.#memo.get(value);
    if (index !== undefined) {
      // The tuple holds itself through another container, and was written whole meanwhile: drop this one.
      if (!short && this.#protocol >= 1) this.#out.byte(Op.POP_MARK);
      else for (let i = short ? 1 : 0; i <= items.length; i++) this.#out.byte(Op.POP);
      this.#saveReference(index);
      return;
    }
    this.#out.byte(short ? Op.TUPLE1 + items.length - 1 : Op.TUPLE);
    this.#memoize(value);
  }

  /** @param owner the object that stands for the dict in the memo */
  #saveDict(value: ReadonlyMap<PyValue, PyValue>, owner: object): void {
    if (!(value instanceof PyDict)) this.#checkKeys(value.keys());
    if (this.#protocol >= 1) this.#out.byte(Op.EMPTY_DICT);
    else this.#mark(Op.DICT);
    this.#memoize(owner);
    if (this.#protocol === 0 || value.size === 1) {
      for (const [key, item] of value) {
        this.#save(key);
        this.#save(item);
        this.#out.byte(Op.SETITEM);
      }
      return;
    }
    this.#saveBatches(value, Op.SETITEMS, ([key, item]) => {
      this.#save(key);
      this.#save(item);
    });
  }

  #saveSet(value: ReadonlySet<PyValue>): void {
    if (!(value instanceof PySet)) this.#checkKeys(value);
    const frozen = Object.isFrozen(value);
    if (this.#protocol < 4) {
      this.#saveCall(frozen ? frozensetType : setType, () => this.#save([...value]), value);
      return;
    }
    if (!frozen) {
      this.#out.byte(Op.EMPTY_SET);
      this.#memoize(value);
      this.#saveBatches(value, Op.ADDITEMS, (item) => this.#save(item));
      return;
    }
    this.#out.byte(Op.MARK);
    for (const item of value) this.#save(item);
    const index = this.#memo.get(value);
    if (index !== undefined) {
      this.#out.byte(Op.POP_MARK);
      this.#saveReference(index);
      return;
    }
    this.#out.byte(Op.FROZENSET);
    this.#memoize(value);
  }

  /** The collections of this package refuse unhashable keys when they are given; a plain Map or Set takes any. */
  #checkKeys(keys: Iterable<PyValue>): void {
    for (const key of keys) {
      try {
        checkHashable(key);
      } catch (cause) {
        throw new PickleEncodeError("UNHASHABLE", "a dict key or set item that Python cannot hash", {
          cause,
        });
      }
    }
  }

  /** CPython learns only after a full batch that nothing is left: 1000 items are followed by an empty batch. */
  #saveBatches<T>(items: Iterable<T> & { readonly size: number }, end: Op, save: (item: T) => void): void {
    if (items.size === 0) return;
    let left = BATCH_SIZE;
    this.#out.byte(Op.MARK);
    for (const item of items) {
      save(item);
      left -= 1;
      if (left > 0) continue;
      this.#out.byte(end);
      this.#out.byte(Op.MARK);
      left = BATCH_SIZE;
    }
    this.#out.byte(end);
  }

  // Instances

  #saveInstance(value: object): void {
    const reduction = this.#reduce?.(value);
    if (reduction) this.#saveReduction(value, reduction);
    else this.#saveDict(plainEntries(value), value);
  }

  #saveReduction(value: object, reduction: Reduction): void {
    const cls = this.#classOf(reduction);
    if (reduction.construction === "classic") this.#saveClassic(cls, reduction.args);
    else if (this.#protocol >= 2) {
      this.#saveGlobalOnce(cls);
      this.#save(reduction.args);
      this.#out.byte(Op.NEWOBJ);
    } else {
      this.#saveGlobalOnce(reconstructor);
      this.#save(new PyTuple([cls, objectType, null]));
      this.#out.byte(Op.REDUCE);
    }
    this.#memoize(value);
    if (reduction.state !== undefined) {
      this.#save(reduction.state);
      this.#out.byte(Op.BUILD);
    }
  }

  /** The same object for each instance of a class, so that the class is written once. */
  #classOf({ module, qualname }: Reduction): PyGlobal {
    const name = `${module}\n${qualname}`;
    let cls = this.#classes.get(name);
    if (!cls) {
      cls = new PyGlobal(module, qualname);
      this.#classes.set(name, cls);
    }
    return cls;
  }

  /** An instance of an old-style class, as Python 2 writes it. */
  #saveClassic(cls: PyGlobal, args: PyTuple): void {
    this.#out.byte(Op.MARK);
    if (this.#protocol >= 1) this.#saveGlobalOnce(cls);
    for (const arg of args) this.#save(arg);
    if (this.#protocol >= 1) this.#out.byte(Op.OBJ);
    else this.#out.line(Op.INST, this.#nameLines(cls.module, cls.qualname));
  }

  /** A call of a built-in type, which Python writes where the protocol has no opcode for its values. */
  #saveCall(callee: PyGlobal, saveArg: (() => void) | undefined, owner: object | string | undefined): void {
    this.#saveGlobalOnce(callee);
    if (saveArg) {
      if (this.#protocol < 2) this.#out.byte(Op.MARK);
      this.#out.objectBoundary();
      saveArg();
      this.#out.byte(this.#protocol >= 2 ? Op.TUPLE1 : Op.TUPLE);
      this.#memoize(undefined);
    } else {
      this.#save(new PyTuple());
    }
    this.#out.byte(Op.REDUCE);
    const index = owner === undefined ? undefined : this.#memo.get(owner);
    if (index === undefined) {
      this.#memoize(owner);
      return;
    }
    // A set that holds itself through an instance was written whole meanwhile: drop this one, as CPython does.
    this.#out.byte(Op.POP);
    this.#saveReference(index);
  }

  // Memo

  #mark(op: Op): void {
    this.#out.byte(Op.MARK);
    this.#out.byte(op);
  }

  #memoize(value: object | string | undefined): void {
    const index = this.#memoized++;
    if (value !== undefined) this.#memo.set(value, index);
    if (this.#protocol >= 4) this.#out.byte(Op.MEMOIZE);
    else if (this.#protocol === 0) this.#out.latin1(Op.PUT, `${index}\n`);
    else if (index <= 0xff) this.#out.byte1(Op.BINPUT, index);
    else this.#out.uint32(Op.LONG_BINPUT, index);
  }

  #saveReference(index: number): void {
    if (this.#protocol === 0) this.#out.latin1(Op.GET, `${index}\n`);
    else if (index <= 0xff) this.#out.byte1(Op.BINGET, index);
    else this.#out.uint32(Op.LONG_BINGET, index);
  }
}

/** Names a value of which CPython has but one object: an empty or one-character Latin-1 str, and as short bytes. */
function singletonKey(value: string | Uint8Array): string | undefined {
  if (value.length > 1) return undefined;
  if (typeof value !== "string") return `bytes ${value[0] ?? ""}`;
  return value === "" || value.charCodeAt(0) <= 0xff ? `str ${value}` : undefined;
}

function textPart(value: Uint8Array | BytesGap, form: keyof TextLengths): EncodedPart {
  if (value instanceof Uint8Array) return asText(form, value);
  const length = value.textLength(form);
  if (length === undefined) {
    throw new PickleEncodeError("PROTOCOL", "a gap in protocols 0 to 2 needs its text lengths");
  }
  return { gap: form, length } satisfies Gap;
}

/** A plain object stands for a dict with str keys. Anything else that is no value of Python's is refused. */
function plainEntries(value: object): ReadonlyMap<PyValue, PyValue> {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) {
    const name = value.constructor?.name || "an object";
    throw new PickleEncodeError("UNENCODABLE", `an instance of ${name} has no counterpart in Python`);
  }
  return new PyDict(Object.entries(value) as [string, PyValue][]);
}
