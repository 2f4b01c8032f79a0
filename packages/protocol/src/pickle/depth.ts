// How deep a decoded value nests. Walked without recursion, each container once, so that it is linear in the value and
// cannot itself overflow.

import { PyTuple, type PyValue } from "./values.js";

/** What was put into an instance of a registered class: its arguments and state. Undefined for anything else. */
export type PartsOf = (instance: object) => readonly PyValue[] | undefined;

/** What stands directly in a container. Undefined for a value that is none. */
function childrenOf(value: PyValue, partsOf: PartsOf): Iterable<PyValue> | undefined {
  if (value === null || typeof value !== "object") return undefined;
  if (Array.isArray(value)) return value as PyValue[];
  if (value instanceof PyTuple) return value.items;
  if (value instanceof Map) return mapParts(value as Map<PyValue, PyValue>);
  if (value instanceof Set) return value as Set<PyValue>;
  return partsOf(value);
}

function* mapParts(map: Map<PyValue, PyValue>): Generator<PyValue> {
  for (const [key, value] of map) {
    yield key;
    yield value;
  }
}

interface Visit {
  readonly container: PyValue;
  readonly children: Iterator<PyValue>;
  height: number;
}

/**
 * Tells whether containers stand more than `maxDepth` deep in one another; a reference back to a container that is
 * being walked does not count.
 */
export function isDeeperThan(maxDepth: number, root: PyValue, partsOf: PartsOf): boolean {
  /** Height of each container that was walked to its end; 0 while it is being walked. */
  const heights = new Map<PyValue, number>();
  const path: Visit[] = [];

  const enter = (value: PyValue): void => {
    const children = childrenOf(value, partsOf);
    if (!children) return;
    heights.set(value, 0);
    path.push({ container: value, children: children[Symbol.iterator](), height: 1 });
  };

  enter(root);
  for (let visit = path.at(-1); visit; visit = path.at(-1)) {
    if (path.length > maxDepth) return true;
    const next = visit.children.next();
    if (next.done) {
      heights.set(visit.container, visit.height);
      path.pop();
      const parent = path.at(-1);
      if (parent) parent.height = Math.max(parent.height, visit.height + 1);
      if (visit.height > maxDepth) return true;
      continue;
    }
    const child = next.value;
    const height = heights.get(child);
    if (height === undefined) enter(child);
    else visit.height = Math.max(visit.height, height + 1);
  }
  return false;
}
