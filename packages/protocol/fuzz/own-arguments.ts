// Instances that hold themselves through the arguments of the call that makes them, and persistent ids that hold
// themselves, through a set of protocols 0 to 3 for one, which such a call makes.

import { PyObject, PyPersistentId, PyTuple, type PyValue } from "../src/pickle/index.js";

/**
 * Whether a value has one of these. CPython's pickler writes it once more within its own arguments, or for ever, and
 * ours copies containers in them for that, so that they are no longer one, or comes to its limit of depth.
 */
export function holdsOwnArguments(value: PyValue): boolean {
  for (const part of reachedFrom([value])) {
    if (part instanceof PyObject && reachedFrom(makingOf(part)).has(part)) return true;
    if (part instanceof PyPersistentId && reachedFrom([part.id]).has(part)) return true;
  }
  return false;
}

function makingOf({ callable, args, kwargs }: PyObject): PyValue[] {
  return [callable, ...args.items, kwargs ?? null];
}

/** All that can be met on the way from some values. */
function reachedFrom(values: readonly PyValue[]): Set<PyValue> {
  const reached = new Set(values);
  // What is added to a Set while it is walked is walked too.
  for (const one of reached) for (const part of partsOf(one)) reached.add(part);
  return reached;
}

function partsOf(value: PyValue): Iterable<PyValue> {
  if (Array.isArray(value)) return value as PyValue[];
  if (value instanceof PyTuple) return value.items;
  if (value instanceof Map) return [...value.keys(), ...value.values()];
  if (value instanceof Set) return value as Set<PyValue>;
  if (value instanceof PyPersistentId) return [value.id];
  if (value instanceof PyObject) {
    return [...makingOf(value), ...value.changes.flatMap((change) => change.values)];
  }
  return [];
}
