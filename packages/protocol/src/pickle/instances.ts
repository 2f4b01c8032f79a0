// Items that are put into an instance instead of a list, dict or set: its class says whether it takes them.

import { guarded, type Machine } from "./machine.js";
import { PyObject } from "./objects.js";
import type { PyValue } from "./values.js";

/** What APPEND, APPENDS, SETITEM, SETITEMS and ADDITEMS do to anything but a list, dict or set. */
export function fillInstance(
  m: Machine,
  target: PyValue,
  kind: "append" | "set" | "add",
  values: readonly PyValue[],
): void {
  if (target instanceof PyObject) {
    target.changes.push({ kind, values });
    return;
  }
  const way = kind === "set" ? "setItem" : kind;
  const known = m.madeOf(target);
  if (!known?.cls[way]) m.fail("BAD_OPERAND", `it has no ${way}`);
  const { cls, instance, parts } = known;
  for (const value of values) parts.push(value);
  guarded(m, () => {
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as PyValue;
      if (kind === "set") cls.setItem?.(instance, value, values[++i] as PyValue);
      else cls[kind]?.(instance, value);
    }
  });
}
