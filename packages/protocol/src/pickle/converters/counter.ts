// collections.Counter.

import type { RegisteredClass } from "../classes.js";
import { PyDict } from "../collections.js";
import { PyObject } from "../objects.js";
import { PyGlobal, PyTuple, type PyValue } from "../values.js";
import { checkCount, toDict } from "./check.js";
import { takeOnce } from "./guarded.js";

/** A `collections.Counter`: a {@link PyDict} of counts that goes back to Python as what it was. */
export class PyCounter<K extends PyValue = PyValue> extends PyDict<K, PyValue> {}

/** `collections.Counter` as {@link PyCounter}. Bytes as Python writes them. */
export const counter: RegisteredClass<PyCounter> = {
  names: [["collections", "Counter"]],
  type: PyCounter,
  create: (args) => {
    checkCount(args, 0, 1, "Counter");
    if (args.length === 0) return new PyCounter();
    return new PyCounter(takeOnce(toDict(args[0], "the argument of a Counter")));
  },
  reduce: (counts) => new PyObject(new PyGlobal("collections", "Counter"), new PyTuple([new PyDict(counts)])),
};
