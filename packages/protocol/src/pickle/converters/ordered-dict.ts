// collections.OrderedDict.

import type { RegisteredClass } from "../classes.js";
import { PyDict } from "../collections.js";
import { PyObject } from "../objects.js";
import { PyGlobal, type PyValue } from "../values.js";
import { checkCount } from "./check.js";
import { setPairs, takeOnce } from "./guarded.js";

/** A `collections.OrderedDict`: a {@link PyDict} that goes back to Python as what it was. */
export class PyOrderedDict<K extends PyValue = PyValue, V extends PyValue = PyValue> extends PyDict<K, V> {}

/**
 * `collections.OrderedDict` as {@link PyOrderedDict}. Bytes as Python 3 writes them. Reads the list of pairs that
 * Python 2 writes, too.
 */
export const orderedDict: RegisteredClass<PyOrderedDict> = {
  names: [["collections", "OrderedDict"]],
  type: PyOrderedDict,
  create: (args) => {
    checkCount(args, 0, 1, "OrderedDict");
    const dict = new PyOrderedDict();
    const [pairs = []] = args;
    if (!Array.isArray(pairs)) throw new TypeError("the argument of an OrderedDict must be a list of pairs");
    setPairs(dict, takeOnce(pairs as PyValue[]));
    return dict;
  },
  reduce: (dict) => new PyObject(new PyGlobal("collections", "OrderedDict"), undefined, { entries: dict }),
};
