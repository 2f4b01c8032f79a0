// Keys from the wire that a converter itself puts into a dict or looks up in one. The codec bounds what the keys of a
// dict cost while it decodes one; a list of pairs, or a single value, it does not take for keys.

import { PyDict } from "../collections.js";
import { KeyGuard } from "../key-guard.js";
import { keyCost } from "../keys.js";
import { defaultLimits } from "../limits.js";
import { PyFloat, PyTuple, type PyValue } from "../values.js";

/** What all keys of one list may cost to compare, in items, for each of them. */
const COST_PER_KEY = 1000;

/**
 * Sets pairs in a dict, as Python's `dict(pairs)` does.
 *
 * @throws {TypeError} when an item is no pair, or a key cannot be hashed
 * @throws {RangeError} when the keys would cost more than linear time
 */
export function setPairs(dict: PyDict, pairs: readonly PyValue[]): void {
  const guard = new KeyGuard(defaultLimits.maxCollisions);
  let budget = COST_PER_KEY * (1 + pairs.length);
  for (const pair of pairs) {
    const [key, value] = pairOf(pair);
    budget -= keyCost(key, budget);
    if (budget < 0) throw new RangeError("the keys of a dict are too long or nest too deep");
    const number = key instanceof PyFloat ? key.value : key;
    if ((typeof number === "number" || typeof number === "bigint") && !guard.admits(number))
      throw new RangeError("too many keys of a dict collide");
    dict.set(key, value);
  }
}

/**
 * Looks up a value, where it is of a size that keys usually have.
 *
 * @throws {RangeError} when the value is too long or nests too deep
 */
export function lookUp<T extends PyValue>(dict: PyDict<PyValue, T>, key: PyValue): T | undefined {
  if (keyCost(key, COST_PER_KEY) > COST_PER_KEY) throw new RangeError("a value is too long to look up");
  return dict.get(key);
}

/** What was copied already. */
const taken = /* @__PURE__ */ new WeakSet<object>();

/**
 * A list, tuple or dict that a call is about to copy. Python's pickler writes a new one for each call; a pickle that names
 * one twice could have it copied a million times.
 *
 * @throws {TypeError} when it was taken already
 */
export function takeOnce<T extends readonly PyValue[] | PyDict>(value: T): T {
  if ((value instanceof PyDict ? value.size : value.length) === 0) return value;
  if (taken.has(value)) throw new TypeError("two collections cannot be made of the same list or dict");
  taken.add(value);
  return value;
}

function pairOf(pair: PyValue): readonly [PyValue, PyValue] {
  const items = pair instanceof PyTuple ? pair.items : pair;
  if (!Array.isArray(items) || items.length !== 2) throw new TypeError("the items of a dict must be pairs");
  return items as [PyValue, PyValue];
}
