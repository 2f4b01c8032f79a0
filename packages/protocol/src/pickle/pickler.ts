// Walks a value and writes it: what is an object of its own, what a reference to one that was written, and the
// containers. Source: CPython 3.11 Modules/_pickle.c, save() and what it calls.
//
// One thing a JavaScript value cannot say is which equal strings are one object in Python. The policy: each occurrence
// of a string is an object of its own, and is written out in full, as of strings that were read from somewhere. Only
// where CPython itself knows but one object, for an empty or one-character Latin-1 str and for as short bytes, is a
// repeated one written as a reference. With `shareStrings`, all equal strings are one object instead.

import { checkRange } from "../range.js";
import type { Reduce } from "./classes.js";
import { PyDict, PySet } from "./collections.js";
import { PickleEncodeError } from "./errors.js";
import { BytesGap } from "./gap.js";
import { checkHashable } from "./keys.js";
import { DEFAULT_MAX_DEPTH } from "./limits.js";
import { type NameMapping, plainNames } from "./names.js";
import { PyBuffer, PyExtension, PyObject, PyPersistentId } from "./objects.js";
import { BATCH_SIZE, HIGHEST_PROTOCOL, Op, type PickleProtocol } from "./opcodes.js";
import { saveBoolean, saveByteArray, saveBytes, saveFloat, saveInt, saveString } from "./save-atoms.js";
import {
  saveBuffer,
  saveCall,
  saveExtension,
  saveGlobal,
  saveNewGlobal,
  saveObject,
  savePersistentId,
} from "./save-objects.js";
import { PyByteArray, PyFloat, PyGlobal, PyTuple, type PyValue } from "./values.js";
import { type EncodedPart, PickleWriter } from "./writer.js";

/** What {@link encode} may be told. */
export interface EncodeOptions {
  /** The pickle protocol to write. Default 4, the default of Python 3.8 to 3.13, which Python 3.4 and later read. */
  readonly protocol?: PickleProtocol | undefined;
  /** Says how instances of the app's own classes are written. Default: they are refused. A `ClassRegistry` has one. */
  readonly reduce?: Reduce | undefined;
  /**
   * Asked for each value: an id for one that is to stand outside the pickle, undefined for others. Default: none does.
   * Protocol 0 takes only str ids in ASCII without newlines.
   */
  readonly persistentId?: ((value: PyValue) => PyValue | undefined) | undefined;
  /** Classes to be written by their number in Python's `copyreg` extension registry, from protocol 2 on. Default none. */
  readonly extensions?: ReadonlyMap<number, PyGlobal> | undefined;
  /**
   * Given each {@link PyBuffer}, in protocol 5: a false result keeps it out of the pickle, for the reader to be given
   * among its `buffers` (PEP 574). Default: buffers are written into the pickle.
   */
  readonly bufferCallback?: ((buffer: PyBuffer) => unknown) | undefined;
  /** How names are told that Python 2 knew otherwise, in protocols 0 to 2. Default: those of the built-in types. */
  readonly names?: NameMapping | undefined;
  /**
   * Writes equal strings once, and then by reference, as Python does when they are one object: smaller where the same
   * keys occur again and again. Default false: each is an object of its own, as of strings that were read or computed.
   */
  readonly shareStrings?: boolean | undefined;
  /** How deep values may nest. Default 1000, as in decoding. */
  readonly maxDepth?: number | undefined;
}

const setType = new PyGlobal("builtins", "set");
const frozensetType = new PyGlobal("builtins", "frozenset");

/** What is written as it is, and no `reduce` is asked for. */
const plainTypes: ReadonlySet<unknown> = /* @__PURE__ */ new Set([
  Map.prototype,
  Set.prototype,
  Array.prototype,
  Uint8Array.prototype,
  PyDict.prototype,
  PySet.prototype,
  PyTuple.prototype,
  PyObject.prototype,
]);

/** How many entries make a Map of the memo. */
const FEW = 8;

/** Up to this many entries, the memo is wiped and used again. */
const KEPT_ENTRIES = 64;

const NO_OPTIONS: EncodeOptions = {};

/** Writes one value after another. */
export class Pickler extends PickleWriter {
  options: EncodeOptions = NO_OPTIONS;
  protocol: PickleProtocol = 4;
  names: NameMapping = plainNames;
  shareStrings = false;
  /** A short string is written in full, as protocols 4 and 5 write it. */
  #plainStrings = true;
  codes: ReadonlyMap<string, number> | undefined;
  /** The module name and the class that were written last, and those before them. */
  module: string | undefined;
  modulePlace = 0;
  modules: Map<string, number> | undefined;
  /** What is being made, and how many times at once: its arguments are not written to their end. */
  readonly making: Map<object, number> = new Map();
  /** The lists and dicts in such arguments that are not written to their end. */
  readonly open: Set<object> = new Set();
  #global: PyGlobal | undefined;
  #globalPlace = 0;
  #globals: Map<string, number> | undefined;
  #reduce: EncodeOptions["reduce"];
  /** Where each object stands in the memo; strings and bytes by a key, where equal ones are one object. */
  #memo = new Map<object | string, number>();
  /** What was put there first, as long as it is little: to search a few takes less time than to fill a Map. */
  readonly #few: (object | string | undefined)[] = [];
  readonly #fewPlaces: number[] = [];
  #fewCount = 0;
  /** How many entries the memo has. */
  memoized = 0;
  /**
   * The number of this pickle: a dict notes itself where it stands in the memo of which pickle, which is faster than a
   * Map of all of them. 0 for a pickle that is written within another one, which would write over its notes.
   */
  #session = 0;
  #depth = 0;
  #maxDepth = 0;
  #persistentId: EncodeOptions["persistentId"];

  /** @param session a number that no other pickle had, or 0 where this one is written within another */
  pickle(value: PyValue, options: EncodeOptions, session: number): EncodedPart[] {
    this.#session = session;
    const protocol = options.protocol ?? 4;
    if (!Number.isInteger(protocol) || protocol < 0 || protocol > HIGHEST_PROTOCOL) {
      throw new PickleEncodeError("PROTOCOL", `protocol ${protocol} is not known`);
    }
    if (options.bufferCallback && protocol < 5) {
      throw new PickleEncodeError("PROTOCOL", "buffers out of band need protocol 5");
    }
    this.options = options;
    this.protocol = protocol;
    this.names = options.names ?? plainNames;
    this.shareStrings = options.shareStrings ?? false;
    this.#plainStrings = protocol >= 4 && !this.shareStrings;
    this.#maxDepth = options.maxDepth ?? DEFAULT_MAX_DEPTH;
    checkRange("maxDepth", this.#maxDepth, 0, Number.POSITIVE_INFINITY);
    this.#persistentId = options.persistentId;
    this.#reduce = options.reduce;
    if (protocol >= 2) this.byte1(Op.PROTO, protocol);
    if (protocol >= 4) this.startFraming();
    this.save(value);
    this.byte(Op.STOP);
    return this.finish();
  }

  /** Forgets the value. */
  override reset(): void {
    while (this.#fewCount > 0) this.#few[--this.#fewCount] = undefined;
    if (this.#memo.size > KEPT_ENTRIES) this.#memo = new Map();
    else if (this.#memo.size > 0) this.#memo.clear();
    this.codes = this.#persistentId = this.#reduce = undefined;
    if (this.making.size > 0) this.making.clear();
    if (this.open.size > 0) this.open.clear();
    this.module = this.modules = this.#global = this.#globals = undefined;
    this.options = NO_OPTIONS;
    this.memoized = this.#depth = 0;
    super.reset();
  }

  save(value: PyValue): void {
    this.objectBoundary();
    if (this.#persistentId !== undefined) {
      const id = this.#persistentId(value);
      if (id !== undefined) {
        this.#persistentId = undefined;
        savePersistentId(this, id);
        this.#persistentId = this.options.persistentId;
        return;
      }
    }
    switch (typeof value) {
      case "string":
        if (this.#plainStrings && value.length > 1 && value.length <= 0xff && this.shortText(value)) {
          this.memoized += 1;
          return;
        }
        saveString(this, value);
        return;
      case "number":
        if (Number.isSafeInteger(value) && !Object.is(value, -0)) saveInt(this, value);
        else saveFloat(this, value);
        return;
      case "bigint":
        saveInt(this, value);
        return;
      case "boolean":
        saveBoolean(this, value);
        return;
      case "object":
        if (value === null) this.byte(Op.NONE);
        else this.#saveObject(value);
        return;
      default:
        throw new PickleEncodeError("UNENCODABLE", `${typeof value} has no counterpart in Python`);
    }
  }

  #saveObject(value: object): void {
    if (value instanceof PyFloat) {
      saveFloat(this, value.value);
      return;
    }
    if (value instanceof PyGlobal) {
      saveGlobal(this, value);
      return;
    }
    const index = this.find(value);
    if (index !== undefined) {
      this.reference(index);
      return;
    }
    this.#depth += 1;
    if (this.#depth > this.#maxDepth) {
      throw new PickleEncodeError("DEPTH", `the value nests deeper than maxDepth, ${this.#maxDepth}`);
    }
    const inArguments = this.making.size > 0;
    if (inArguments) this.open.add(value);
    if (this.#reduce !== undefined && this.#saveReduced(value)) {
      // An instance of an app's class, which may extend one of those below.
    } else if (value instanceof Map) this.#saveMap(value);
    else if (Array.isArray(value)) this.#saveList(value);
    else if (value instanceof PyTuple) this.#saveTuple(value);
    else if (value instanceof Uint8Array || value instanceof BytesGap) saveBytes(this, value);
    else if (value instanceof PyByteArray) saveByteArray(this, value);
    else if (value instanceof Set) this.#saveSet(value);
    else if (value instanceof PyObject) saveObject(this, value, value);
    else if (value instanceof PyBuffer) saveBuffer(this, value);
    else if (value instanceof PyPersistentId) savePersistentId(this, value.id);
    else if (value instanceof PyExtension) saveExtension(this, value.code);
    else this.#savePlain(value as Record<string, PyValue>);
    if (inArguments) this.open.delete(value);
    this.#depth -= 1;
  }

  // Containers

  #saveList(value: readonly PyValue[]): void {
    if (this.protocol >= 1) this.byte(Op.EMPTY_LIST);
    else this.#marked(Op.LIST);
    this.memoize(value);
    this.appends(value);
  }

  /** Appends items to the list or instance that was just written. */
  appends(items: readonly PyValue[]): void {
    if (this.protocol === 0 || items.length === 1) {
      for (const item of items) {
        this.save(item);
        this.byte(Op.APPEND);
      }
      return;
    }
    for (let start = 0; start < items.length; start += BATCH_SIZE) {
      this.byte(Op.MARK);
      const end = Math.min(start + BATCH_SIZE, items.length);
      this.#saveItems(items, start, end);
      this.byte(Op.APPENDS);
    }
  }

  #saveItems(items: readonly PyValue[], start: number, end: number): void {
    let tried = this.#plainStrings && this.#persistentId === undefined ? start : end;
    for (let i = start; i < end; ) {
      if (i >= tried) {
        tried = rowOfTexts(items, i, end);
        const count = tried - i;
        if (count >= SHORTEST_ROW && this.texts(items.slice(i, tried) as string[])) {
          this.memoized += count;
          i = tried;
          continue;
        }
      }
      this.save(items[i++] as PyValue);
    }
  }

  #saveTuple(value: PyTuple): void {
    const { items } = value;
    if (items.length === 0) {
      if (this.protocol >= 1) this.byte(Op.EMPTY_TUPLE);
      else this.#marked(Op.TUPLE);
      return;
    }
    const short = items.length <= 3 && this.protocol >= 2;
    if (!short) this.byte(Op.MARK);
    for (const item of items) this.save(item);
    const index = this.find(value);
    if (index !== undefined) {
      // The tuple holds itself through another container, and was written whole meanwhile: drop this one.
      if (!short && this.protocol >= 1) this.byte(Op.POP_MARK);
      else for (let i = short ? 1 : 0; i <= items.length; i++) this.byte(Op.POP);
      this.reference(index);
      return;
    }
    this.byte(short ? Op.TUPLE1 + items.length - 1 : Op.TUPLE);
    this.memoize(value);
  }

  #saveMap(value: ReadonlyMap<PyValue, PyValue>): void {
    if (!(value instanceof PyDict && PyDict.hasOnlyTexts(value))) this.#checkKeys(value.keys());
    this.#emptyDict(value);
    const { size } = value;
    const type: unknown = Object.getPrototypeOf(value);
    const plain = type === PyDict.prototype || type === Map.prototype;
    if (!plain || !this.#inOneBatch(size)) {
      this.setEntries(value, size);
      return;
    }
    this.byte(Op.MARK);
    // An iterator would make an array of each entry.
    value.forEach(this.#saveEntry);
    this.byte(Op.SETITEMS);
  }

  /** Most dicts are one batch, which needs no counting. */
  #inOneBatch(size: number): boolean {
    return size > 1 && size < BATCH_SIZE && this.protocol > 0;
  }

  readonly #saveEntry = (item: PyValue, key: PyValue): void => {
    this.save(key);
    this.save(item);
  };

  /** A plain object stands for a dict with str keys. Anything else that is no value of Python's is refused. */
  #savePlain(value: Readonly<Record<string, PyValue>>): void {
    if (!isPlain(value)) {
      const name = value.constructor?.name || "an object";
      throw new PickleEncodeError(
        "UNENCODABLE",
        `an instance of ${name} is neither a value of Python nor registered`,
      );
    }
    this.#emptyDict(value);
    const keys = Object.keys(value);
    if (this.#inOneBatch(keys.length)) {
      this.byte(Op.MARK);
      for (const key of keys) this.#saveEntry(value[key] as PyValue, key);
      this.byte(Op.SETITEMS);
      return;
    }
    const batches = new Batches(this, keys.length, Op.SETITEM, Op.SETITEMS);
    for (const key of keys) {
      this.save(key);
      this.save(value[key] as PyValue);
      batches.next();
    }
  }

  /** Sets items in the dict or instance that was just written. */
  setEntries(entries: Iterable<readonly [PyValue, PyValue]>, size: number): void {
    const batches = new Batches(this, size, Op.SETITEM, Op.SETITEMS);
    for (const [key, item] of entries) {
      this.save(key);
      this.save(item);
      batches.next();
    }
  }

  /** Adds items to the set or instance that was just written. */
  addItems(items: Iterable<PyValue>, size: number): void {
    const batches = new Batches(this, size, undefined, Op.ADDITEMS);
    for (const item of items) {
      this.save(item);
      batches.next();
    }
  }

  /** The collections of this package refuse most unhashable keys when they are given; a plain Map or Set takes any. */
  #checkKeys(keys: Iterable<PyValue>): void {
    const isDict = (part: object): boolean => isPlain(part) && !this.#reduce?.(part, this.protocol);
    for (const key of keys) {
      if (typeof key !== "object") continue;
      try {
        checkHashable(key, isDict);
      } catch (cause) {
        throw new PickleEncodeError("UNHASHABLE", "a dict key or set item that Python cannot hash", {
          cause,
        });
      }
    }
  }

  #emptyDict(owner: object): void {
    if (this.protocol >= 1) this.byte(Op.EMPTY_DICT);
    else this.#marked(Op.DICT);
    this.memoize(owner);
  }

  #saveSet(value: ReadonlySet<PyValue>): void {
    this.#checkKeys(value);
    const frozen = Object.isFrozen(value);
    if (this.protocol < 4) {
      saveCall(this, frozen ? frozensetType : setType, () => this.save([...value]), value);
      return;
    }
    if (!frozen) {
      this.byte(Op.EMPTY_SET);
      this.memoize(value);
      this.addItems(value, value.size);
      return;
    }
    this.byte(Op.MARK);
    for (const item of value) this.save(item);
    const index = this.find(value);
    if (index !== undefined) {
      this.byte(Op.POP_MARK);
      this.reference(index);
      return;
    }
    this.byte(Op.FROZENSET);
    this.memoize(value);
  }

  #saveReduced(value: object): boolean {
    const type: unknown = Object.getPrototypeOf(value);
    if (type === PyDict.prototype || plainTypes.has(type)) return false;
    const reduced = this.#reduce?.(value, this.protocol);
    if (reduced instanceof PyGlobal) saveNewGlobal(this, reduced, value);
    else if (reduced instanceof PyObject) saveObject(this, reduced, value);
    else if (reduced !== undefined) {
      throw new PickleEncodeError("UNENCODABLE", "what reduce gave is neither a PyObject nor a PyGlobal");
    }
    return reduced !== undefined;
  }

  // Memo

  #marked(op: Op): void {
    this.byte(Op.MARK);
    this.byte(op);
  }

  /** Where an object or key stands in the memo, undefined where it was not written yet. */
  find(owner: object | string): number | undefined {
    if (owner instanceof PyDict && this.#session > 0) return PyDict.placeIn(owner, this.#session);
    if (this.#memo.size > 0) return this.#memo.get(owner);
    for (let i = 0; i < this.#fewCount; i++) if (this.#few[i] === owner) return this.#fewPlaces[i];
    return undefined;
  }

  #put(owner: object | string, place: number): void {
    if (this.#memo.size === 0) {
      this.#few[this.#fewCount] = owner;
      this.#fewPlaces[this.#fewCount++] = place;
      if (this.#fewCount < FEW) return;
      for (let i = 0; i < FEW; i++)
        this.#memo.set(this.#few[i] as object | string, this.#fewPlaces[i] as number);
    } else {
      this.#memo.set(owner, place);
    }
  }

  /** Where a class of that name stands in the memo, undefined where it was not written yet. */
  findGlobal(global: PyGlobal): number | undefined {
    const last = this.#global;
    if (last?.module === global.module && last.qualname === global.qualname) return this.#globalPlace;
    if (!this.#globals) return undefined;
    // Names are joined but once for each object that has them, as they may be long.
    const known = this.find(global);
    if (known !== undefined) return known;
    const place = this.#globals.get(`${global.module}\n${global.qualname}`);
    if (place !== undefined) this.#put(global, place);
    return place;
  }

  #noteGlobal(global: PyGlobal, place: number): void {
    const last = this.#global;
    if (last) {
      if (!this.#globals) {
        this.#globals = new Map();
        this.#rememberGlobal(this.#globals, last, this.#globalPlace);
      }
      this.#rememberGlobal(this.#globals, global, place);
    }
    this.#global = global;
    this.#globalPlace = place;
  }

  #rememberGlobal(globals: Map<string, number>, global: PyGlobal, place: number): void {
    globals.set(`${global.module}\n${global.qualname}`, place);
    this.#put(global, place);
  }

  /** @param owner what stands for the value in the memo, where it can occur again */
  memoize(owner: object | string | undefined): void {
    const index = this.memoized++;
    if (owner instanceof PyDict && this.#session > 0) PyDict.putIn(owner, this.#session, index);
    else if (owner instanceof PyGlobal) this.#noteGlobal(owner, index);
    else if (owner !== undefined) this.#put(owner, index);
    if (this.protocol >= 4) this.byte(Op.MEMOIZE);
    else if (this.protocol === 0) this.latin1(Op.PUT, `${index}\n`);
    else if (index <= 0xff) this.byte1(Op.BINPUT, index);
    else this.uint32(Op.LONG_BINPUT, index);
  }

  reference(index: number): void {
    if (this.protocol === 0) this.latin1(Op.GET, `${index}\n`);
    else if (index <= 0xff) this.byte1(Op.BINGET, index);
    else this.uint32(Op.LONG_BINGET, index);
  }
}

/** From how many short strings on it is worth while to write them at once, and how many are at most. */
const SHORTEST_ROW = 8;
const LONGEST_ROW = 128;

/** Up to where short strings stand in a row. */
function rowOfTexts(items: readonly PyValue[], from: number, to: number): number {
  const end = Math.min(to, from + LONGEST_ROW);
  for (let i = from; i < end; i++) {
    const item = items[i];
    if (typeof item !== "string" || item.length < 2 || item.length > 0xff) return i + (i === from ? 1 : 0);
  }
  return end;
}

/**
 * The batches that items are written in. CPython learns only after a full one that nothing is left: 1000 items are
 * followed by an empty batch.
 */
class Batches {
  readonly #out: PickleWriter;
  readonly #each: Op | undefined;
  readonly #end: Op;
  #size: number;
  #left = BATCH_SIZE;

  /** @param each ends every item instead of a batch, in protocol 0 and where there is but one */
  constructor(p: Pickler, size: number, each: Op | undefined, end: Op) {
    this.#out = p;
    this.#size = size;
    this.#end = end;
    this.#each = p.protocol === 0 || size === 1 ? each : undefined;
    if (size > 0 && this.#each === undefined) this.#out.byte(Op.MARK);
  }

  /** To be called after each item. */
  next(): void {
    if (this.#each !== undefined) {
      this.#out.byte(this.#each);
      return;
    }
    this.#left -= 1;
    this.#size -= 1;
    if (this.#left === 0) {
      this.#out.byte(this.#end);
      this.#out.byte(Op.MARK);
      this.#left = BATCH_SIZE;
    }
    if (this.#size === 0) this.#out.byte(this.#end);
  }
}

/** Whether an object stands for a dict with str keys. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
