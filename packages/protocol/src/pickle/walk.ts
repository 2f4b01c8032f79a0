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

/** What is known of a container that was walked to its end; both are 0 while it is being walked. */
interface Tree {
  height: number;
  /** How many references to containers are followed below it, each as often as it is met. */
  references: number;
}

/** A container that is being walked. */
interface Visit extends Tree {
  readonly container: PyValue;
  readonly children: readonly PyValue[];
  next: number;
}

/**
 * How deep containers stand in one another, and how many references to them a walk follows that takes the value for a
 * tree. A reference back to a container that is being walked does not count. Stops at more than `maxDepth`.
 */
export function treeOf(root: PyValue, maxDepth: number, partsOf: PartsOf): Tree {
  const walked = new Map<PyValue, Tree>();
  const path: Visit[] = [];
  const whole: Visit = { container: null, children: [root], next: 0, height: 0, references: 0 };
  path.push(whole);
  for (let visit: Visit | undefined = whole; visit; visit = path[path.length - 1]) {
    if (visit.height > maxDepth || path.length > maxDepth + 1) return { height: maxDepth + 1, references: 0 };
    if (visit.next === visit.children.length) {
      path.pop();
      if (visit === whole) break;
      walked.set(visit.container, { height: visit.height + 1, references: visit.references });
      const parent = path[path.length - 1] as Visit;
      parent.height = Math.max(parent.height, visit.height + 1);
      parent.references += visit.references + 1;
      continue;
    }
    const child = visit.children[visit.next++] as PyValue;
    if (child === null || typeof child !== "object") continue;
    const known = walked.get(child);
    if (known) {
      visit.height = Math.max(visit.height, known.height);
      if (known.height > 0) visit.references += known.references + 1;
      continue;
    }
    const children = childrenOf(child, partsOf);
    if (!children) continue;
    walked.set(child, { height: 0, references: 0 });
    path.push({ container: child, children, next: 0, height: 0, references: 0 });
  }
  return whole;
}
