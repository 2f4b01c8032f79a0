// Items that are put into an instance instead of a list, dict or set: its class says whether it takes them.

import type { PickleClass } from "./classes.js";
import { guarded, type Machine } from "./machine.js";
import { PyObject } from "./objects.js";
import type { PyValue } from "./values.js";

type Filler = "append" | "setItem" | "add";

/** The class of an instance, when it takes what is to be put into it. */
function filler(m: Machine, instance: PyValue, way: Filler, what: string): PickleClass {
  const known = m.madeOf(instance);
  if (!known?.cls[way]) m.fail("BAD_OPERAND", `there is no ${what}`);
  return known.cls;
}

function holds(m: Machine, instance: PyValue, values: readonly PyValue[]): object {
  const parts = m.madeOf(instance)?.parts;
  for (const value of values) parts?.push(value);
  return instance as object;
}

/** What APPEND and APPENDS do to anything but a list. */
export function appendToInstance(m: Machine, target: PyValue, values: readonly PyValue[]): void {
  if (target instanceof PyObject) {
    target.changes.push({ kind: "append", values });
    return;
  }
  const { append } = filler(m, target, "append", "list to append to");
  const instance = holds(m, target, values);
  guarded(m, () => {
    for (const value of values) append?.(instance, value);
  });
}

/** What ADDITEMS does to anything but a set. */
export function addToInstance(m: Machine, target: PyValue, values: readonly PyValue[]): void {
  if (target instanceof PyObject) {
    target.changes.push({ kind: "add", values });
    return;
  }
  const { add } = filler(m, target, "add", "set to add to");
  const instance = holds(m, target, values);
  guarded(m, () => {
    for (const value of values) add?.(instance, value);
  });
}

/** What SETITEM and SETITEMS do to anything but a dict. */
export function setInInstance(m: Machine, target: PyValue, values: readonly PyValue[]): void {
  if (target instanceof PyObject) {
    target.changes.push({ kind: "set", values });
    return;
  }
  const { setItem } = filler(m, target, "setItem", "dict to set items of");
  const instance = holds(m, target, values);
  guarded(m, () => {
    for (let i = 0; i < values.length; i += 2)
      setItem?.(instance, values[i] as PyValue, values[i + 1] as PyValue);
  });
}
