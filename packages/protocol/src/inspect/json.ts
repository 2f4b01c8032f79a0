// A value as JSON that says all of it: what JSON has no form for is an object with a `type`.

import { PyFrozenSet } from "../pickle/collections.js";
import { PyBuffer, PyExtension, PyObject, PyPersistentId } from "../pickle/objects.js";
import { PyByteArray, PyFloat, PyGlobal, PyTuple, type PyValue } from "../pickle/values.js";
import { base64Of } from "./base64.js";
import { Marks } from "./marks.js";
import { floatText, hexOf, isInt, isShortInt } from "./text.js";

/** What {@link valueToJson} may be told. */
export interface ValueToJsonOptions {
  /** How deep containers are written out; those below are `{ "type": …, "cut": true }`. Default: all. */
  readonly maxDepth?: number | undefined;
}

/** What `JSON.stringify` takes. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/**
 * A decoded value as JSON. The package's README says how each type is written. Recursive values and values that occur more
 * than once are written once, with an `id`, and from then on as `{ "type": "reference", "id": 1 }`.
 */
export function valueToJson(value: PyValue, options: ValueToJsonOptions = {}): Json {
  return new Writer(value, options.maxDepth ?? Number.POSITIVE_INFINITY).write(value, undefined, 0, 0);
}

class Writer {
  readonly #marks: Marks;
  readonly #maxDepth: number;

  constructor(root: PyValue, maxDepth: number) {
    this.#marks = new Marks(root);
    this.#maxDepth = maxDepth;
  }

  /** Recursion goes as deep as the value, which `maxDepth` of the decoder bounds. */
  write(value: PyValue, parent: PyValue | undefined, index: number, depth: number): Json {
    const atom = atomToJson(value);
    const id = this.#marks.of(value);
    if (atom !== undefined && id === undefined) return atom;
    if (id !== undefined && !this.#marks.isPlace(value, parent, index)) return { type: "reference", id };
    const marked = id === undefined ? {} : { id };
    if (atom !== undefined) return { ...(atom as object), ...marked };
    if (depth >= this.#maxDepth) return { type: typeOf(value), ...marked, cut: true };
    return { type: typeOf(value), ...marked, ...this.#content(value as object, depth + 1) };
  }

  #content(value: object, depth: number): Record<string, Json> {
    const row = (values: Iterable<PyValue>, from = 0): Json[] =>
      Array.from(values, (item, i) => this.write(item, value, from + i, depth));
    const pairs = (entries: Iterable<readonly [PyValue, PyValue]>, from = 0): Json[] =>
      Array.from(entries, ([key, item], i) => [
        this.write(key, value, from + i * 2, depth),
        this.write(item, value, from + i * 2 + 1, depth),
      ]);
    if (Array.isArray(value)) return { items: row(value as PyValue[]) };
    if (value instanceof PyTuple) return { items: row(value.items) };
    if (value instanceof Set) return { items: row(value as Set<PyValue>) };
    if (value instanceof Map) return { entries: pairs(value as Map<PyValue, PyValue>) };
    if (value instanceof PyPersistentId) return { of: this.write(value.id, value, 0, depth) };
    if (!(value instanceof PyObject)) return {};
    let from = 3;
    const changes = value.changes.map(({ kind, values }): Json => {
      const start = from;
      from += values.length;
      return { kind, values: row(values, start) };
    });
    return {
      construction: value.construction,
      callable: this.write(value.callable, value, 0, depth),
      args: this.write(value.args, value, 1, depth),
      ...(value.kwargs ? { kwargs: this.write(value.kwargs, value, 2, depth) } : {}),
      changes,
    };
  }
}

/** A value in which no other stands; undefined for one in which others may. */
function atomToJson(value: PyValue): Json | undefined {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return isInt(value) ? value : { type: "float", value: floatText(value) };
  if (typeof value === "bigint") {
    return isShortInt(value) ? { type: "int", value: String(value) } : { type: "int", value: hexOf(value) };
  }
  if (value instanceof PyFloat) return { type: "float", value: floatText(value) };
  if (value instanceof Uint8Array) return { type: "bytes", base64: base64Of(value) };
  if (value instanceof PyByteArray) return { type: "bytearray", base64: base64Of(value.bytes) };
  if (value instanceof PyBuffer) {
    return { type: "buffer", base64: base64Of(value.bytes), readonly: value.readonly };
  }
  if (value instanceof PyGlobal) return { type: "name", module: value.module, qualname: value.qualname };
  if (value instanceof PyExtension) return { type: "extension", code: value.code };
  return undefined;
}

function typeOf(value: PyValue): string {
  if (Array.isArray(value)) return "list";
  if (value instanceof PyTuple) return "tuple";
  if (value instanceof PyFrozenSet) return "frozenset";
  if (value instanceof Set) return "set";
  if (value instanceof Map) return "dict";
  if (value instanceof PyPersistentId) return "persistent id";
  return "object";
}
