// What only Python can make, as it stands in a pickle: calls that were not made, ids that were not looked up. All of it
// is inert data. A decoder that was told so gives these for what it does not know; the encoder writes them back.

import type { PyDict } from "./collections.js";
import { PyGlobal, PyTuple, type PyValue } from "./values.js";

/**
 * How a pickle makes an instance: `new` by the class's `__new__` (NEWOBJ, NEWOBJ_EX, and in protocols 0 and 1
 * `copyreg._reconstructor`), `call` by calling the class or function (REDUCE), or `classic` (INST and OBJ: an old-style
 * class of Python 2, or a call of any other).
 */
export type Construction = "new" | "call" | "classic";

/**
 * What a pickle does to an instance once it is made: `append` items (APPEND, APPENDS), `set` items, a key and its value
 * in turn (SETITEM, SETITEMS), `add` items to a set (ADDITEMS), `build` it with one state (BUILD), or `call` a function
 * with it and one state, the two in turn (a REDUCE whose result is dropped: the state setter of a `__reduce__`).
 */
export interface PyChange {
  readonly kind: "append" | "set" | "add" | "build" | "call";
  readonly values: readonly PyValue[];
}

/** What a {@link PyObject} may be made with, besides its callable and arguments. */
export interface PyObjectParts {
  /** Default `"call"`. */
  readonly construction?: Construction | undefined;
  /** Keyword arguments of `__new__` (NEWOBJ_EX). */
  readonly kwargs?: PyDict | undefined;
  /** What it is extended with, as a list is. */
  readonly items?: readonly PyValue[] | undefined;
  /** What is set in it, as in a dict. */
  readonly entries?: Iterable<readonly [PyValue, PyValue]> | undefined;
  /** What its `__setstate__` or `__dict__` gets; undefined for none. A plain object stands for a dict. */
  readonly state?: PyValue | undefined;
}

/**
 * An instance of a class that is only named, never made: the class or function, its arguments, and all that the pickle
 * then does to the instance. `decode` gives it for unknown classes with `unknown: "opaque"`, and `encode` writes it as
 * a pickle that makes an equal instance.
 */
export class PyObject {
  /** What makes it: most often a {@link PyGlobal}; a {@link PyObject} where the callable is itself the result of a call. */
  readonly callable: PyValue;
  readonly args: PyTuple;
  readonly construction: Construction;
  /** The keyword arguments of `__new__`, where the pickle gives any. */
  readonly kwargs: PyDict | undefined;
  /** What was done to the instance, in order. */
  readonly changes: PyChange[];

  constructor(callable: PyValue, args: PyTuple = new PyTuple(), parts: PyObjectParts = {}) {
    this.callable = callable;
    this.args = args;
    this.construction = parts.construction ?? "call";
    this.kwargs = parts.kwargs;
    this.changes = [];
    if (parts.items) this.changes.push({ kind: "append", values: parts.items });
    if (parts.entries) this.changes.push({ kind: "set", values: [...parts.entries].flat() });
    if (parts.state !== undefined) this.changes.push({ kind: "build", values: [parts.state] });
  }

  /** The class or function by its full name, `collections.OrderedDict`; undefined where it is none by name. */
  get name(): string | undefined {
    return this.callable instanceof PyGlobal
      ? `${this.callable.module}.${this.callable.qualname}`
      : undefined;
  }

  /** The last state that it was given; undefined for none. */
  get state(): PyValue | undefined {
    return this.changes.findLast((change) => change.kind === "build")?.values[0];
  }

  /** All that was appended or added to it. */
  get items(): PyValue[] {
    return this.changes.flatMap(({ kind, values }) => (kind === "append" || kind === "add" ? values : []));
  }

  /** All that was set in it, as pairs of key and value. */
  get entries(): [key: PyValue, value: PyValue][] {
    const entries: [PyValue, PyValue][] = [];
    for (const { kind, values } of this.changes) {
      if (kind !== "set") continue;
      for (let i = 0; i < values.length; i += 2)
        entries.push([values[i] as PyValue, values[i + 1] as PyValue]);
    }
    return entries;
  }
}

/** A persistent id (PERSID, BINPERSID): a reference to something outside the pickle that was not looked up. */
export class PyPersistentId {
  readonly id: PyValue;

  constructor(id: PyValue) {
    this.id = id;
  }
}

/** A class by its number in Python's extension registry (EXT1, EXT2, EXT4), where nobody said which class that is. */
export class PyExtension {
  readonly code: number;

  constructor(code: number) {
    this.code = code;
  }
}

/**
 * A `pickle.PickleBuffer` (PEP 574): bytes that `encode` hands to `bufferCallback` instead of writing them into the
 * pickle, or writes as bytes (read-only) or a bytearray.
 */
export class PyBuffer {
  readonly bytes: Uint8Array;
  readonly readonly: boolean;

  constructor(bytes: Uint8Array, readonly = false) {
    this.bytes = bytes;
    this.readonly = readonly;
  }
}
