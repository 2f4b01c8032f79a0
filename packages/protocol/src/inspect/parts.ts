// What stands in a value, one after another: the one order that marks, trees and JSON number it by.

import { PyObject, PyPersistentId } from "../pickle/objects.js";
import { PyGlobal, PyTuple, type PyValue } from "../pickle/values.js";

/** Whether a value is an object that can occur more than once, and whose occurrences are worth telling. */
export function canBeShared(value: PyValue): value is object {
  if (value === null || typeof value !== "object" || value instanceof PyGlobal) return false;
  // Python has one object each of these.
  if (value instanceof PyTuple) return value.length > 0;
  if (value instanceof Uint8Array) return value.length > 1;
  return true;
}

/** What stands directly in a value. A key of a dict comes before its value. */
export function* partsOf(value: PyValue): Generator<PyValue, void, undefined> {
  if (value === null || typeof value !== "object") return;
  if (Array.isArray(value)) yield* value as PyValue[];
  else if (value instanceof PyTuple) yield* value.items;
  else if (value instanceof Set) yield* value as Set<PyValue>;
  else if (value instanceof Map) {
    for (const [key, item] of value as Map<PyValue, PyValue>) {
      yield key;
      yield item;
    }
  } else if (value instanceof PyPersistentId) yield value.id;
  else if (value instanceof PyObject) {
    yield value.callable;
    yield value.args;
    yield value.kwargs ?? null;
    for (const { values } of value.changes) yield* values;
  }
}
