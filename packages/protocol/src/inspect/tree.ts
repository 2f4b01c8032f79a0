// A value as a tree of short texts, to be shown line by line or opened branch by branch. Nodes are made when they are
// asked for, so that a large value costs no more than what is looked at.

import { PyFrozenSet } from "../pickle/collections.js";
import { PyBuffer, PyExtension, PyObject, PyPersistentId } from "../pickle/objects.js";
import { PyByteArray, PyFloat, PyGlobal, PyTuple, type PyValue } from "../pickle/values.js";
import { Marks } from "./marks.js";
import { bytesText, floatText, intText, isInt, nameText, strText } from "./text.js";

/** What a node stands for, by the name of its Python type where it has one. */
export type TreeKind =
  | "None"
  | "bool"
  | "int"
  | "float"
  | "str"
  | "bytes"
  | "bytearray"
  | "list"
  | "tuple"
  | "dict"
  | "set"
  | "frozenset"
  /** A class or function as a value. */
  | "name"
  /** What a class or function would make: it was not called. */
  | "object"
  | "persistent id"
  | "extension"
  | "buffer"
  /** An object that is shown elsewhere. */
  | "reference";

/** A value in its place. All of its texts are safe to print. */
export interface TreeNode {
  readonly kind: TreeKind;
  /** What it is of the node above: `[0]`, `'name'`, `state`. Undefined for the root, and for items of sets. */
  readonly label: string | undefined;
  /** The value in a line: all of it, or for a container what it is, `list of 3`; of a reference, `*1`. */
  readonly text: string;
  /** The number of an object that occurs more than once: where it is shown, and where it is only referred to. */
  readonly mark: number | undefined;
  /** How many nodes stand below. */
  readonly size: number;
  /** The nodes below, made anew by each call. */
  readonly children: () => Iterable<TreeNode>;
}

/** What {@link treeOf} may be told. */
export interface TreeOptions {
  /** Characters of a str, bytes, or digits of an int that are shown. Default 100. */
  readonly maxText?: number | undefined;
}

/** A container is shown in one line when it has no more items than this, and its line is no longer. */
const MOST_INLINE_ITEMS = 8;
const LONGEST_INLINE = 60;

/** The tree of a decoded value. */
export function treeOf(value: PyValue, options: TreeOptions = {}): TreeNode {
  return new Grower(value, options.maxText ?? 100).node(value, undefined, undefined, 0);
}

/** A part of a value: what it is of it, and its place among the parts, of the value itself unless it says of which. */
type Part = readonly [label: string | undefined, value: PyValue, index: number, of?: PyValue];

interface Described {
  readonly kind: TreeKind;
  readonly text: string;
  readonly size?: number;
  readonly parts?: () => Iterable<Part>;
}

class Grower {
  readonly #marks: Marks;
  readonly #maxText: number;

  constructor(root: PyValue, maxText: number) {
    this.#marks = new Marks(root);
    this.#maxText = maxText;
  }

  node(value: PyValue, label: string | undefined, parent: PyValue | undefined, index: number): TreeNode {
    const mark = this.#marks.of(value);
    if (mark !== undefined && !this.#marks.isPlace(value, parent, index)) {
      return { kind: "reference", label, text: `*${mark}`, mark, size: 0, children: () => [] };
    }
    const { kind, text, size = 0, parts = () => [] } = this.#describe(value);
    return { kind, label, text, mark, size, children: () => this.#children(value, parts) };
  }

  *#children(value: PyValue, parts: () => Iterable<Part>): Generator<TreeNode, void, undefined> {
    for (const [label, part, index, of = value] of parts()) yield this.node(part, label, of, index);
  }

  #describe(value: PyValue): Described {
    const atom = this.#atom(value);
    if (atom) return atom;
    const inline = this.#inline(value);
    if (inline) return inline;
    if (Array.isArray(value)) return row("list", value as PyValue[]);
    if (value instanceof PyTuple) return row("tuple", value.items);
    if (value instanceof Set) {
      const kind = value instanceof PyFrozenSet ? "frozenset" : "set";
      return { kind, text: `${kind} of ${value.size}`, size: value.size, parts: () => unnamed(value) };
    }
    if (value instanceof Map) {
      let size = 0;
      for (const key of value.keys()) size += this.#entrySize(key as PyValue);
      return { kind: "dict", text: `dict of ${value.size}`, size, parts: () => this.#entries(value) };
    }
    if (value instanceof PyPersistentId) {
      const id = this.#line(value.id);
      if (id !== undefined) return { kind: "persistent id", text: `persistent id ${id}` };
      return { kind: "persistent id", text: "persistent id", size: 1, parts: () => [["id", value.id, 0]] };
    }
    if (value instanceof PyObject) return this.#object(value);
    return { kind: "object", text: "an object that is not from a pickle" };
  }

  /** A value in which no other stands. */
  #atom(value: PyValue): Described | undefined {
    const most = this.#maxText;
    if (value === null) return { kind: "None", text: "None" };
    switch (typeof value) {
      case "boolean":
        return { kind: "bool", text: value ? "True" : "False" };
      case "string":
        return { kind: "str", text: strText(value, most) };
      case "bigint":
        return { kind: "int", text: intText(value, most) };
      case "number":
        return isInt(value)
          ? { kind: "int", text: String(value) }
          : { kind: "float", text: floatText(value) };
    }
    if (value instanceof PyFloat) return { kind: "float", text: floatText(value) };
    if (value instanceof Uint8Array) return { kind: "bytes", text: bytesText(value, most) };
    if (value instanceof PyByteArray) {
      return { kind: "bytearray", text: `bytearray(${bytesText(value.bytes, most)})` };
    }
    if (value instanceof PyGlobal) {
      return { kind: "name", text: `<${nameText(value.module, value.qualname)}>` };
    }
    if (value instanceof PyExtension) return { kind: "extension", text: `extension code ${value.code}` };
    if (value instanceof PyBuffer) {
      const kind = value.readonly ? "read-only buffer" : "buffer";
      return { kind: "buffer", text: `${kind} ${bytesText(value.bytes, most)}` };
    }
    return undefined;
  }

  /** The line of a value that needs but one, and is not shown elsewhere. */
  #line(value: PyValue): string | undefined {
    if (this.#marks.of(value) !== undefined) return undefined;
    return (this.#atom(value) ?? this.#inline(value))?.text;
  }

  /** A small container of atoms, in Python's notation. */
  #inline(value: PyValue): Described | undefined {
    if (value instanceof Map && value.size === 0) return { kind: "dict", text: "{}" };
    const items = Array.isArray(value) ? value : value instanceof PyTuple ? value.items : undefined;
    const values = items ?? (value instanceof Set ? [...first(value, MOST_INLINE_ITEMS + 1)] : undefined);
    if (!values || values.length > MOST_INLINE_ITEMS) return undefined;
    const texts: string[] = [];
    let length = 0;
    for (const item of values as PyValue[]) {
      const text = this.#marks.of(item) === undefined ? this.#atom(item)?.text : undefined;
      if (text === undefined) return undefined;
      length += text.length + 2;
      if (length > LONGEST_INLINE) return undefined;
      texts.push(text);
    }
    const joined = texts.join(", ");
    if (Array.isArray(value)) return { kind: "list", text: `[${joined}]` };
    if (value instanceof PyTuple)
      return { kind: "tuple", text: texts.length === 1 ? `(${joined},)` : `(${joined})` };
    if (value instanceof PyFrozenSet) {
      return { kind: "frozenset", text: texts.length > 0 ? `frozenset({${joined}})` : "frozenset()" };
    }
    return { kind: "set", text: texts.length > 0 ? `{${joined}}` : "set()" };
  }

  /** How many nodes a key and its value take: a key that does not fit in a label has one of its own. */
  #entrySize(key: PyValue): number {
    return typeof key !== "object" || this.#line(key) !== undefined ? 1 : 2;
  }

  *#entries(dict: Map<unknown, unknown>): Generator<Part, void, undefined> {
    let index = 0;
    for (const [key, value] of dict as Map<PyValue, PyValue>) {
      yield* this.#entry(key, value, index);
      index += 2;
    }
  }

  *#entry(key: PyValue, value: PyValue, index: number): Generator<Part, void, undefined> {
    const text = this.#line(key);
    if (text === undefined) yield ["key", key, index];
    yield [text === undefined ? "value" : text, value, index + 1];
  }

  #object(object: PyObject): Described {
    const { callable, args, kwargs, construction } = object;
    const name = callable instanceof PyGlobal ? nameText(callable.module, callable.qualname) : undefined;
    const line = this.#line(args);
    const isShort = line !== undefined && line.length <= LONGEST_INLINE;
    const call = isShort ? line.replace(/,\)$/, ")") : "(…)";
    const made = construction === "new" ? (args.length === 0 ? " object" : ` object ${call}`) : call;
    const text = `${name ?? "(…)"}${made}`;
    const parts = (): Part[] => {
      const own: Part[] = [];
      if (name === undefined) own.push(["callable", callable, 0]);
      if (!isShort && this.#marks.of(args) !== undefined) own.push(["arguments", args, 1]);
      else if (!isShort) own.push(...args.items.map((item, i): Part => [`(${i})`, item, i, args]));
      if (kwargs) own.push(["keyword arguments", kwargs, 2]);
      return own;
    };
    const size = parts().length + this.#changesSize(object);
    return { kind: "object", text, size, parts: () => this.#objectParts(object, parts()) };
  }

  #changesSize({ changes }: PyObject): number {
    let size = 0;
    for (const { kind, values } of changes) {
      if (kind !== "set") size += values.length;
      else for (let i = 0; i < values.length; i += 2) size += this.#entrySize(values[i] as PyValue);
    }
    return size;
  }

  *#objectParts({ changes }: PyObject, own: readonly Part[]): Generator<Part, void, undefined> {
    yield* own;
    let index = 3;
    let items = 0;
    for (const { kind, values } of changes) {
      if (kind === "set") {
        for (let i = 0; i < values.length; i += 2) {
          yield* this.#entry(values[i] as PyValue, values[i + 1] as PyValue, index + i);
        }
      } else {
        for (const [i, value] of values.entries()) {
          const label = kind === "append" ? `[${items++}]` : kind === "build" ? "state" : undefined;
          yield [label, value, index + i];
        }
      }
      index += values.length;
    }
  }
}

function row(kind: "list" | "tuple", items: readonly PyValue[]): Described {
  return { kind, text: `${kind} of ${items.length}`, size: items.length, parts: () => numbered(items) };
}

function* numbered(items: readonly PyValue[]): Generator<Part, void, undefined> {
  for (const [index, item] of items.entries()) yield [`[${index}]`, item, index];
}

function* unnamed(items: Iterable<unknown>): Generator<Part, void, undefined> {
  let index = 0;
  for (const item of items) yield [undefined, item as PyValue, index++];
}

function* first<T>(items: Iterable<T>, count: number): Generator<T, void, undefined> {
  let left = count;
  for (const item of items) {
    if (left-- === 0) return;
    yield item;
  }
}
