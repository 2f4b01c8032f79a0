// How a decoded value looks to whoever walks it: how deep it nests, and how long the walk is. Walked without recursion,
// each container once, so that it is linear in the value and cannot itself overflow.

import { PyObject, PyPersistentId } from "./objects.js";
import { PyTuple, type PyValue } from "./values.js";

/** What was put into an instance of a registered class: its arguments and state. Undefined for anything else. */
export type PartsOf = (instance: object) => readonly PyValue[] | undefined;

/** What stands directly in a container, atoms left out where that is cheap. Undefined for a value that is none. */
function childrenOf(value: PyValue, partsOf: PartsOf): readonly PyValue[] | undefined {
  if (value === null || typeof value !== "object") return undefined;
  if (Array.isArray(value)) return value as PyValue[];
  if (value instanceof PyTuple) return value.items;
  if (value instanceof Map) return [...value.keys(), ...value.values()] as PyValue[];
  if (value instanceof Set) return [...value] as PyValue[];
  if (value instanceof PyObject) {
    return [value.callable, value.args, value.kwargs ?? null, ...value.changes.flatMap((c) => c.values)];
  }
  return value instanceof PyPersistentId ? [value.id] : partsOf(value);
}

/** A container that was met: what is known of it once it was walked to its end. */
interface Visit {
  /** What is left to look at: undefined at its end, so that a long walk does not hold it. */
  children: readonly PyValue[] | undefined;
  next: number;
  height: number;
  /** How many references to containers are followed below it, each as often as it is met. */
  references: number;
}

function visitOf(children: readonly PyValue[]): Visit {
  return { children, next: 0, height: 0, references: 0 };
}

/**
 * How deep containers stand in one another, and how many references to them a walk follows that takes the value for a
 * tree. A reference back to a container that is being walked does not count. Stops at more than `maxDepth`.
 */
export function treeOf(
  root: PyValue,
  maxDepth: number,
  partsOf: PartsOf,
): { readonly height: number; readonly references: number } {
  const met = new Map<PyValue, Visit>();
  const whole = visitOf([root]);
  const path = [whole];
  for (let visit: Visit | undefined = whole; visit; visit = path.at(-1)) {
    const { children = [] } = visit;
    if (visit.height > maxDepth || path.length > maxDepth + 1) return { height: maxDepth + 1, references: 0 };
    let inner: Visit | undefined;
    if (visit.next < children.length) {
      const child = children[visit.next++] as PyValue;
      if (typeof child !== "object") continue;
      inner = met.get(child);
      if (!inner) {
        const parts = childrenOf(child, partsOf);
        if (parts) {
          inner = visitOf(parts);
          met.set(child, inner);
          path.push(inner);
        }
      }
      if (!inner || inner.children) continue;
    } else {
      inner = visit;
      visit.children = undefined;
      path.pop();
      visit = path.at(-1);
      if (!visit) break;
    }
    visit.height = Math.max(visit.height, inner.height + 1);
    visit.references += inner.references + 1;
  }
  return whole;
}
