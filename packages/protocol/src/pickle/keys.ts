// Python's equality of dict keys and set items, on top of a JavaScript Map or Set.
//
// Strings, and ints that nothing else was equal to, are held as they are and cost nothing extra. Any other key is
// reduced to what Python compares: a number for bool, int and float alike, a text for bytes, tuples and frozensets.

import { NodeBuffer } from "./bytes.js";
import { PyBuffer } from "./objects.js";
import { PyByteArray, PyFloat, PyGlobal, PyTuple, type PyValue } from "./values.js";

/** How deep a tuple may nest when it is a key: its parts are compared recursively. */
const MAX_KEY_DEPTH = 1000;

/** Up to this many characters, a string is compared as fast as an int. */
export const CHEAP_KEY_LENGTH = 255;

/** Finds the key that a Map or Set holds for a key that Python calls equal. */
export class KeyIndex<K extends PyValue> {
  /** The keys whose JavaScript equality is not Python's, by what Python compares. */
  readonly #held = new Map<PyValue, K>();

  /** The held key that is equal to this one; the key itself when there is none. */
  find(key: K): K {
    const compared = comparedAs(key);
    return this.#held.get(compared) ?? (typeof compared === "string" ? key : (compared as K));
  }

  /**
   * The key to store under: the one already held when there is an equal one, as Python keeps the first.
   *
   * @throws {TypeError} when Python could not hash the key
   */
  hold(key: K, has: (key: K) => boolean): K {
    const compared = comparedAs(key);
    const held = this.#held.get(compared);
    if (held !== undefined) return held;
    if (typeof compared !== "string") {
      const plain = compared as K;
      if (Object.is(plain, key) || has(plain)) return plain;
    }
    const kept = Object.is(key, -0) ? (new PyFloat(-0) as PyValue as K) : key;
    this.#held.set(compared, kept);
    return kept;
  }

  /** Forgets a key. Gives the one that was held for it. */
  release(key: K): K {
    const found = this.find(key);
    this.#held.delete(comparedAs(key));
    return found;
  }
}

/** The number that Python compares of a bool, int or float; undefined for any other key. */
export function comparedNumber(key: PyValue): number | bigint | undefined {
  if (typeof key === "number") return key;
  if (typeof key === "bigint") return comparedBigint(key);
  if (typeof key === "boolean") return key ? 1 : 0;
  return key instanceof PyFloat ? key.value : undefined;
}

/** What Python compares of a key that is no string: a text for a composite key, else a value that Map compares alike. */
function comparedAs(key: PyValue): PyValue {
  switch (typeof key) {
    case "number":
      return key === 0 ? 0 : key;
    case "boolean":
      return key ? 1 : 0;
    case "bigint":
      return comparedBigint(key);
    case "object":
      if (key === null) return key;
      if (key instanceof PyFloat) {
        // A NaN that is an object is a key of its own, as in Python.
        if (Number.isNaN(key.value)) return `o${identityOf(key)};`;
        return key.value === 0 ? 0 : key.value;
      }
      if (isComposite(key)) return textOf(key, 0);
      refuseUnhashable(key);
  }
  return key;
}

/** A bigint that a number holds exactly is equal to that number, as Python's 2**60 == 2.0**60. */
function comparedBigint(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isFinite(number) && BigInt(number) === value ? number : value;
}

type FrozenSet = ReadonlySet<PyValue>;
type Composite = Uint8Array | PyTuple | FrozenSet | PyGlobal;

function isFrozenSet(value: object): value is FrozenSet {
  return value instanceof Set && Object.isFrozen(value);
}

function isComposite(value: object): value is Composite {
  return (
    value instanceof PyTuple || value instanceof Uint8Array || value instanceof PyGlobal || isFrozenSet(value)
  );
}

function textOf(value: PyValue, depth: number): string {
  if (depth > MAX_KEY_DEPTH)
    throw new RangeError(`Cannot use a tuple as a key: nested deeper than ${MAX_KEY_DEPTH}`);
  if (typeof value === "string") return `s${value.length}:${value}`;
  if (value instanceof PyTuple)
    return `t${value.length}:${value.items.map((item) => textOf(item, depth + 1)).join("")}`;
  if (value instanceof Uint8Array) return `b${value.length}:${latin1(value)}`;
  if (value instanceof PyGlobal)
    return `g${value.module.length}:${value.module}${value.qualname.length}:${value.qualname}`;
  if (value !== null && typeof value === "object" && isFrozenSet(value)) {
    return `f${value.size}:${Array.from(value, (item) => textOf(item, depth + 1))
      .sort()
      .join("")}`;
  }
  const compared = comparedAs(value);
  if (compared !== null && typeof compared === "object") return `o${identityOf(compared)};`;
  // Hexadecimal, as the decimal text of a long bigint takes more than linear time.
  return typeof compared === "bigint" ? `i${compared.toString(16)};` : `n${String(compared)};`;
}

function latin1(bytes: Uint8Array): string {
  const slice = NodeBuffer?.prototype.latin1Slice;
  if (slice) return slice.call(bytes, 0, bytes.length);
  let text = "";
  for (let start = 0; start < bytes.length; start += 4096) {
    text += String.fromCharCode(...bytes.subarray(start, start + 4096));
  }
  return text;
}

/** Instances are keys by identity, as Python's default `__hash__` has it. */
const identities = new WeakMap<object, number>();
let identitiesGiven = 0;

function identityOf(value: object): number {
  const known = identities.get(value);
  if (known !== undefined) return known;
  identitiesGiven += 1;
  identities.set(value, identitiesGiven);
  return identitiesGiven;
}

/**
 * What it costs to compare a key, in items: 1 for each of its parts and for every 16 characters or bytes, as many times
 * as the part is nested, because the text of a composite key is put together level by level. Stops counting over
 * `budget`, so that a tuple of tuples of itself costs no more than the budget.
 */
export function keyCost(key: PyValue, budget: number, depth = 0): number {
  let cost = (1 + (lengthOf(key) >>> 4)) * (depth + 1);
  if (!(key instanceof PyTuple || (key instanceof Set && isFrozenSet(key)))) return cost;
  for (const part of key) {
    if (cost > budget || depth > MAX_KEY_DEPTH) break;
    cost += keyCost(part, budget - cost, depth + 1);
  }
  return cost;
}

function lengthOf(key: PyValue): number {
  if (typeof key === "string" || key instanceof Uint8Array) return key.length;
  if (typeof key === "bigint") return key.toString(16).length;
  if (key instanceof PyGlobal) return key.module.length + key.qualname.length;
  return 0;
}

/**
 * @param isDict whether an object that is no class of this package stands for a dict
 * @throws {TypeError} when Python could not hash the key, or a part of it
 */
export function checkHashable(key: PyValue, isDict: (part: object) => boolean): void {
  // What is added to a Set while it is walked is walked too, and once.
  const parts = new Set([key]);
  for (const part of parts) {
    if (part === null || typeof part !== "object") continue;
    if (part instanceof PyTuple || isFrozenSet(part)) for (const inner of part) parts.add(inner);
    else if (isDict(part)) throw new TypeError("Cannot use a dict as a key: Python cannot hash it");
    else refuseUnhashable(part);
  }
}

function refuseUnhashable(value: object): void {
  const type = Array.isArray(value)
    ? "list"
    : value instanceof Map
      ? "dict"
      : value instanceof Set
        ? "set"
        : value instanceof PyByteArray
          ? "bytearray"
          : value instanceof PyBuffer
            ? "buffer"
            : undefined;
  if (type) throw new TypeError(`Cannot use a ${type} as a key: Python cannot hash it`);
}
