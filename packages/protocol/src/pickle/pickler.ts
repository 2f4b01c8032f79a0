// Walks a value and writes it: what is an object of its own, what a reference to one that was written. Source: CPython
// 3.11 Modules/_pickle.c, save() and what it calls.
//
// One thing a JavaScript value cannot say is which equal strings are one object in Python. The policy: each occurrence
// of a string is an object of its own, and is written out in full, as of strings that were read from somewhere. Only
// where CPython itself knows but one object, for an empty or one-character Latin-1 str and for as short bytes, is a
// repeated one written as a reference. With `shareStrings`, all equal strings are one object instead.

import { checkRange } from "../range.js";
import type { EncodeOptions } from "./encode-options.js";
import { PickleEncodeError } from "./errors.js";
import type { EncodedPart } from "./frames.js";
import { BytesGap } from "./gap.js";
import { DEFAULT_MAX_DEPTH } from "./limits.js";
import { MemoWriter } from "./memo-writer.js";
import { PyBuffer, PyExtension, PyObject, PyPersistentId } from "./objects.js";
import { HIGHEST_PROTOCOL, Op } from "./opcodes.js";
import { isOwnDict, isOwnSet } from "./own-collection.js";
import { needProtocol, refuseProtocol, refuseValue } from "./refuse.js";
import { saveBoolean, saveByteArray, saveBytes, saveFloat, saveInt, saveString } from "./save-atoms.js";
import { saveList, saveMap, savePlain, saveSet, saveTuple } from "./save-containers.js";
import {
  saveBuffer,
  saveExtension,
  saveGlobal,
  saveNewGlobal,
  saveObject,
  savePersistentId,
} from "./save-objects.js";
import { PyByteArray, PyFloat, PyGlobal, PyTuple, type PyValue } from "./values.js";

/** What is written as it is, and no `reduce` is asked for: of ours, PyDict and PySet as well. */
const plainTypes: ReadonlySet<unknown> = /* @__PURE__ */ new Set([
  Map.prototype,
  Set.prototype,
  Array.prototype,
  Uint8Array.prototype,
  PyTuple.prototype,
  PyObject.prototype,
]);

const NO_OPTIONS: EncodeOptions = {};

/** Writes one value after another. */
export class Pickler extends MemoWriter {
  options: EncodeOptions = NO_OPTIONS;
  shareStrings = false;
  /** Most short strings are written in full, as protocols 4 and 5 write them, and nobody is asked for them. */
  plainStrings = true;
  /** What is being made, and how many times at once: its arguments are not written to their end. */
  readonly making: Map<object, number> = new Map();
  /** The lists and dicts in such arguments that are not written to their end. */
  readonly open: Set<object> = new Set();
  #depth = 0;
  #maxDepth = 0;
  #persistentId: EncodeOptions["persistentId"];

  /** @param nested whether it is written within another pickle */
  pickle(value: PyValue, options: EncodeOptions, nested: boolean): EncodedPart[] {
    const protocol = options.protocol ?? 4;
    if (!Number.isInteger(protocol) || protocol < 0 || protocol > HIGHEST_PROTOCOL)
      refuseProtocol(`protocol ${protocol} is not known`);
    const maxDepth = options.maxDepth ?? DEFAULT_MAX_DEPTH;
    checkRange("maxDepth", maxDepth, 0, Number.POSITIVE_INFINITY);
    this.session = nested ? undefined : {};
    this.options = options;
    this.protocol = protocol;
    if (options.bufferCallback) needProtocol(5, this, "bufferCallback");
    this.shareStrings = options.shareStrings ?? false;
    this.#persistentId = options.persistentId;
    this.plainStrings = protocol >= 4 && !this.shareStrings && this.#persistentId === undefined;
    this.#maxDepth = maxDepth;
    if (protocol >= 2) this.byte1(Op.PROTO, protocol);
    if (protocol >= 4) this.startFraming();
    this.save(value);
    this.byte(Op.STOP);
    return this.finish();
  }

  /** Forgets a value that was written to its end. */
  override reset(): void {
    super.reset();
    this.#persistentId = undefined;
    this.options = NO_OPTIONS;
  }

  save(value: PyValue): void {
    if (typeof value === "string" && this.plainStrings && this.shortText(value)) this.memoized += 1;
    else this.#save(value);
  }

  #save(value: PyValue): void {
    this.boundary();
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
        refuseValue(typeof value);
    }
  }

  #saveObject(value: object): void {
    if (value instanceof PyFloat) {
      saveFloat(this, value.value);
      return;
    }
    const { session } = this;
    const noted = session !== undefined && isOwnDict(value);
    const index = noted ? value.placeIn(session) : this.find(value);
    if (index !== undefined) {
      this.reference(index);
      return;
    }
    if (value instanceof PyGlobal) {
      saveGlobal(this, value);
      return;
    }
    this.#depth += 1;
    if (this.#depth > this.#maxDepth)
      throw new PickleEncodeError("DEPTH", `the value nests deeper than maxDepth, ${this.#maxDepth}`);
    const inArguments = this.making.size > 0;
    if (inArguments) this.open.add(value);
    if (noted) saveMap(this, value, value);
    else this.#saveByType(value);
    if (inArguments) this.open.delete(value);
    this.#depth -= 1;
  }

  #saveByType(value: object): void {
    const type: unknown = Object.getPrototypeOf(value);
    if (this.#saveReduced(value, type)) {
      // An instance of an app's class, which may extend one of those below.
    } else if (type === Object.prototype || type === null) savePlain(this, value as Record<string, PyValue>);
    else if (value instanceof Map) saveMap(this, value);
    else if (Array.isArray(value)) saveList(this, value);
    else if (value instanceof PyTuple) saveTuple(this, value);
    else if (value instanceof Uint8Array || value instanceof BytesGap) saveBytes(this, value);
    else if (value instanceof PyByteArray) saveByteArray(this, value);
    else if (value instanceof Set) saveSet(this, value);
    else if (value instanceof PyObject) saveObject(this, value, value);
    else if (value instanceof PyBuffer) saveBuffer(this, value);
    else if (value instanceof PyPersistentId) savePersistentId(this, value.id);
    else if (value instanceof PyExtension) saveExtension(this, value.code);
    else refuseValue(`an instance of ${value.constructor?.name} that reduce does not know`);
  }

  #saveReduced(value: object, type: unknown): boolean {
    const { reduce } = this.options;
    if (reduce === undefined || plainTypes.has(type) || isOwnSet(value) || isOwnDict(value)) return false;
    const reduced = reduce(value, this.protocol);
    if (reduced instanceof PyObject) saveObject(this, reduced, value);
    else if (reduced instanceof PyGlobal) saveNewGlobal(this, reduced, value);
    else if (reduced !== undefined) refuseValue("what reduce gave");
    return reduced !== undefined;
  }
}
