// What the encoder knows of PyDict and PySet. It does not import them: what only encodes plain objects and Maps need not
// carry Python's equality of keys in its bundle.

import type { PyValue } from "./values.js";

/** A PyDict, which notes where it stands in the memo of which pickle: that is faster than a Map of all of them. */
export interface NotedDict extends ReadonlyMap<PyValue, PyValue> {
  /** @param session what stands for a pickle, and for no other, even where an app has this package twice */
  placeIn(session: object): number | undefined;
  putIn(session: object, place: number): void;
}

/** Whether it is a PyDict or PySet, and of no subclass, which an app may have written otherwise. */
function isOwn(value: ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>): boolean {
  return (value as { pickledAsItIs?: boolean }).pickledAsItIs === true;
}

export function isOwnDict(value: object): value is NotedDict {
  return value instanceof Map && isOwn(value);
}

export function isOwnSet(value: object): boolean {
  return value instanceof Set && isOwn(value);
}
