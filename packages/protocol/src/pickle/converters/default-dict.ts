// collections.defaultdict.

import type { RegisteredClass } from "../classes.js";
import { PyDict } from "../collections.js";
import { PyObject } from "../objects.js";
import { PyGlobal, PyTuple, type PyValue } from "../values.js";
import { checkCount } from "./check.js";

/**
 * A `collections.defaultdict`: a {@link PyDict} that goes back to Python as what it was. Its factory is only named here:
 * a key that is not there stays undefined.
 */
export class PyDefaultDict<K extends PyValue = PyValue, V extends PyValue = PyValue> extends PyDict<K, V> {
  /** What Python calls for a key that is not there: a class or function; null for nothing. */
  readonly defaultFactory: PyValue;

  constructor(defaultFactory: PyValue, entries?: Iterable<readonly [K, V]>) {
    super(entries);
    this.defaultFactory = defaultFactory;
  }
}

/**
 * `collections.defaultdict` as {@link PyDefaultDict}. Bytes as Python writes them. The factory's name must be known to the
 * decoder, too: {@link builtinTypes} has `list`, `int` and their like.
 */
export const defaultDict: RegisteredClass<PyDefaultDict> = {
  names: [["collections", "defaultdict"]],
  type: PyDefaultDict,
  create: (args) => {
    checkCount(args, 0, 1, "defaultdict");
    const [factory = null] = args;
    if (factory !== null && !isCallable(factory))
      throw new TypeError("the factory of a defaultdict must be a class or a function");
    return new PyDefaultDict(factory);
  },
  reduce: (dict) => {
    const { defaultFactory } = dict;
    const args = new PyTuple(defaultFactory === null ? [] : [defaultFactory]);
    return new PyObject(new PyGlobal("collections", "defaultdict"), args, { entries: dict });
  },
};

/** A name, or what a decoder that takes unknown classes leaves uncalled: `functools.partial(list)`. */
function isCallable(value: PyValue): boolean {
  return value instanceof PyGlobal || value instanceof PyObject;
}
