// The opcodes that fill containers: what stands on the stack above a container, put into it.

import { PyDict, PyFrozenSet, PySet } from "./collections.js";
import { fillInstance } from "./instances.js";
import { GUARDED_SIZE, KeyGuard } from "./key-guard.js";
import { CHEAP_KEY_LENGTH, comparedNumber, keyCost } from "./keys.js";
import { guarded, type Machine } from "./machine.js";
import { PyFloat, PyTuple, type PyValue } from "./values.js";

/** Makes a tuple of the topmost values. */
export function tupleOf(m: Machine, from: number): void {
  if (from < m.fence) m.fail("STACK");
  const height = m.heightOf(from) + 1;
  m.pushObject(new PyTuple(spent(m, from)), height);
}

/** Takes the values from a place on off the stack, and counts them. */
export function spent(m: Machine, from: number): PyValue[] {
  const values = m.stack.slice(from, m.sp);
  m.sp = from;
  m.spend(values.length);
  return values;
}

/**
 * What the opcodes that fill a container begin with: counts the values from `from` on, which are to be put into what stands
 * below them. False when there are none.
 */
function fills(m: Machine, from: number): boolean {
  if (from <= m.fence || from > m.sp) m.fail("STACK");
  m.spend(m.sp - from);
  return from < m.sp;
}

/** Appends the values from `from` on to the list that stands below. */
export function appendItems(m: Machine, from: number): void {
  if (!fills(m, from)) return;
  const { stack, sp } = m;
  const list = stack[from - 1] as PyValue;
  m.sp = from;
  if (Array.isArray(list)) for (let i = from; i < sp; i++) list.push(stack[i]);
  else fillInstance(m, list, "append", stack.slice(from, sp));
  m.raise(from - 1, m.heightOf(from, sp));
}

/** Sets the values from `from` on, keys and values in turn, in the dict that stands below. */
export function setItems(m: Machine, from: number): void {
  if (!fills(m, from)) return;
  const { stack, sp } = m;
  m.sp = from;
  if ((sp - from) % 2 !== 0) m.fail("BAD_OPERAND");
  const dict = stack[from - 1] as PyValue;
  if (dict instanceof PyDict) fillDict(m, dict, from, sp);
  else fillInstance(m, dict, "set", stack.slice(from, sp));
  m.raise(from - 1, m.heightOf(from, sp));
}

/** Makes a dict of what stands from `from` on (DICT). */
export function dictOf(m: Machine, from: number): void {
  const { sp } = m;
  if ((sp - from) % 2 !== 0) m.fail("BAD_OPERAND");
  m.spend(sp - from);
  const dict = new PyDict();
  fillDict(m, dict, from, sp);
  m.sp = from;
  m.pushObject(dict, m.heightOf(from, sp) + 1);
}

function fillDict(m: Machine, dict: PyDict, from: number, to: number): void {
  const { stack } = m;
  let at = from;
  // Most keys are short strings, which no dict refuses but one of an app's class.
  while (at < to && dict.set === setInDict) {
    const key = stack[at] as PyValue;
    if (typeof key !== "string" || key.length > CHEAP_KEY_LENGTH) break;
    setText.call(dict, key, stack[at + 1] as PyValue);
    at += 2;
  }
  if (at < to) fillChecked(m, dict, at, to);
}

export const setInDict: PyDict["set"] = PyDict.prototype.set;
/** What that does for a key that is a string. */
export const setText: (key: PyValue, value: PyValue) => unknown = Map.prototype.set;

/** Apart from the above, as it makes a closure. */
function fillChecked(m: Machine, dict: PyDict, from: number, to: number): void {
  const { stack } = m;
  guarded(m, () => {
    for (let i = from; i < to; i += 2) {
      dict.set(checkKey(m, dict, stack[i] as PyValue), stack[i + 1] as PyValue);
    }
  });
}

/** Adds the values from `from` on to the set that stands below (ADDITEMS). */
export function addItems(m: Machine, from: number): void {
  if (!fills(m, from)) return;
  const set = m.stack[from - 1] as PyValue;
  const height = m.heightOf(from);
  const items = m.stack.slice(from, m.sp);
  m.sp = from;
  if (set instanceof PySet && !(set instanceof PyFrozenSet)) fillSet(m, set, items);
  else fillInstance(m, set, "add", items);
  m.raise(from - 1, height);
}

/** Makes a frozenset of what stands from `from` on (FROZENSET). */
export function frozenSetOf(m: Machine, from: number): void {
  const height = m.heightOf(from) + 1;
  m.pushObject(new PyFrozenSet(setOf(m, spent(m, from))), height);
}

/** A set of items, each counted as a key. */
export function setOf(m: Machine, items: readonly PyValue[]): PySet {
  const set = new PySet();
  fillSet(m, set, items);
  return set;
}

function fillSet(m: Machine, set: PySet, items: readonly PyValue[]): void {
  guarded(m, () => {
    for (const item of items) set.add(checkKey(m, set, item));
  });
}

/** Counts what it costs to compare a key. Gives the key to set. */
function checkKey(m: Machine, into: PyDict | PySet, key: PyValue): PyValue {
  const compared = comparedNumber(key);
  if (compared === undefined) {
    if (key === null || (typeof key === "string" && key.length <= CHEAP_KEY_LENGTH)) return key;
    m.spendKey(keyCost(key, m.limits.maxItems - m.items));
    return key;
  }
  // JavaScript has one NaN; in Python each is a key of its own.
  if (Number.isNaN(compared)) {
    if (!into.has(Number.NaN)) return Number.NaN;
    m.spend(1);
    return key instanceof PyFloat ? key : new PyFloat(Number.NaN);
  }
  if (typeof compared === "bigint") m.spend(keyCost(key, m.limits.maxItems - m.items));
  if (into.size >= GUARDED_SIZE && !into.has(key)) {
    let guard = m.guards.get(into);
    if (!guard) {
      guard = new KeyGuard(m.limits.maxCollisions);
      m.guards.set(into, guard);
    }
    if (!guard.admits(compared)) m.refuse("maxCollisions");
  }
  return key;
}
