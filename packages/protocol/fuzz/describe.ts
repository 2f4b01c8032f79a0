// A decoded value as ASCII text that is the same for equal values and for no others; python/describe.py says how it is
// written, and writes the same text of what CPython makes of a pickle.

import {
  PyBuffer,
  PyByteArray,
  PyExtension,
  PyFloat,
  PyFrozenSet,
  PyGlobal,
  PyObject,
  PyPersistentId,
  PyTuple,
  type PyValue,
} from "../src/pickle/index.js";

const MOST_PARTS = 3000;
const DEEPEST_KEY = 3;

/** An item of a set whose place among the others takes too long to find. */
export class TooComplex extends Error {}

/** A piece of the description itself. */
class Token {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = PyValue | Token;

/** A value as text, and what that does not tell at a glance. */
export class Description {
  readonly text: string;
  /** Names an object within another one. */
  nested = false;
  /** Has a name that Python 2 knew otherwise. */
  python2 = false;
  /** Has a buffer, or a class by a number that nobody registered. */
  unread = false;
  readonly #out: string[] = [];
  readonly #numbers = new Map<object, number>();
  readonly #sets: ReadonlySet<PyValue>[] = [];
  #parts = 0;

  readonly #calls: boolean;

  /**
   * @param calls tells the functions that were called for an instance, which CPython forgets. Default false.
   * @throws {TooComplex} when it has a set whose items cannot be put into an order
   */
  constructor(value: PyValue, calls = false) {
    this.#calls = calls;
    this.text = this.#whole(value);
  }

  #whole(root: PyValue): string {
    this.#walk([root]);
    for (const set of this.#sets) {
      this.#out.push(`C${this.#numbers.get(set)}`);
      this.#walk(this.#inOrder(set));
    }
    return this.#out.join(" ");
  }

  #walk(values: readonly Part[]): void {
    const stack: Part[] = [];
    const out = this.#out;
    push(stack, values);
    while (stack.length > 0) {
      const value = stack.pop() as Part;
      if (value instanceof Token) {
        out.push(value.text);
        continue;
      }
      if (value instanceof PyPersistentId) {
        out.push("p");
        stack.push(value.id);
        continue;
      }
      const written = this.#leaf(value) ?? this.#met(value as object);
      out.push(written ?? this.#open(value as object, stack));
    }
  }

  /** The number of a container that was met before. Gives it the next one otherwise. */
  #met(value: object): string | undefined {
    const number = this.#numbers.get(value);
    if (number !== undefined) return `#${number}`;
    this.#numbers.set(value, this.#numbers.size);
    return undefined;
  }

  /** Writes a container's type, and leaves what is in it to be written next. */
  #open(value: object, stack: Part[]): string {
    if (Array.isArray(value)) {
      push(stack, value as PyValue[]);
      return `l${value.length}`;
    }
    if (value instanceof PyTuple) {
      push(stack, value.items);
      return `t${value.length}`;
    }
    if (value instanceof Map) {
      push(stack, [...(value as Map<PyValue, PyValue>)].flat());
      return `d${value.size}`;
    }
    if (value instanceof Set) {
      this.#sets.push(value as Set<PyValue>);
      return `${value instanceof PyFrozenSet ? "Z" : "S"}${value.size}`;
    }
    if (value instanceof Uint8Array) return `b${hex(value)}`;
    if (value instanceof PyByteArray) return `y${hex(value.bytes)}`;
    if (value instanceof PyObject) {
      push(stack, partsOf(value, this.#calls));
      return `o${howOf(value)} ${value.args.length} ${value.kwargs?.size ?? 0}`;
    }
    throw new TypeError(`no description of ${Object.prototype.toString.call(value)}`);
  }

  /** The text of a value that has no parts and no identity. */
  #leaf(value: PyValue): string | undefined {
    switch (typeof value) {
      case "string":
        return text(value);
      case "number":
        return Number.isSafeInteger(value) && !Object.is(value, -0) ? `i${value.toString(16)}` : float(value);
      case "bigint":
        return `i${value.toString(16)}`;
      case "boolean":
        return value ? "T" : "F";
      case "object":
        break;
      default:
        throw new TypeError(`no description of ${typeof value}`);
    }
    if (value === null) return "N";
    if (value instanceof PyFloat) return float(value.value);
    if (value instanceof PyGlobal) return this.#name(value);
    if (value instanceof PyBuffer) {
      this.unread = true;
      return `m${value.readonly ? "r" : "w"}${hex(value.bytes)}`;
    }
    if (value instanceof PyExtension) {
      this.unread = true;
      return `e${value.code}`;
    }
    if (value instanceof Uint8Array && value.length < 2) return `b${hex(value)}`;
    if (value instanceof PyTuple && value.length === 0) return "t0";
    if (value instanceof PyFrozenSet && value.size === 0) return "Z0";
    return undefined;
  }

  #name({ module, qualname }: PyGlobal): string {
    if (qualname.includes(".")) this.nested = true;
    if (module === "__builtin__" || module === "copy_reg") this.python2 = true;
    return `g ${text(module)} ${text(qualname)}`;
  }

  #inOrder(set: ReadonlySet<PyValue>): Part[] {
    const keyed = Array.from(set, (item) => ({ item, key: this.#key(item) }));
    keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    return keyed.map(({ item, key }, i) => {
      const tied = keyed[i - 1]?.key === key || keyed[i + 1]?.key === key;
      return tied ? new Token(`~${key}`) : item;
    });
  }

  #key(item: PyValue): string {
    this.#parts = 0;
    return this.#free(item, 0);
  }

  /** A text that takes no notice of what is the same as what, but for what is numbered already. */
  #free(value: Part, depth: number): string {
    this.#parts += 1;
    if (this.#parts > MOST_PARTS) throw new TooComplex();
    if (value instanceof Token) return value.text;
    const written = this.#leaf(value);
    if (written !== undefined) return written;
    const object = value as object;
    const number = this.#numbers.get(object);
    if (number !== undefined) return `#${number}`;
    const all = (parts: Iterable<Part>): string[] => Array.from(parts, (part) => this.#free(part, depth + 1));
    if (object instanceof PyTuple) {
      return depth > DEEPEST_KEY ? `...${object.length}` : `t(${all(object.items).join(" ")})`;
    }
    if (object instanceof PyFrozenSet) {
      return depth > DEEPEST_KEY ? `...${object.size}` : `Z(${all(object).sort().join(" ")})`;
    }
    if (object instanceof PyObject) {
      return depth > DEEPEST_KEY
        ? "o..."
        : `o${howOf(object)}(${all(partsOf(object, this.#calls)).join(" ")})`;
    }
    if (object instanceof PyPersistentId) {
      return depth > DEEPEST_KEY ? "p..." : `p(${this.#free(object.id, depth + 1)})`;
    }
    if (object instanceof Uint8Array) return `b${hex(object)}`;
    return `?${sizeOf(object)}`;
  }
}

function sizeOf(container: object): number {
  if (container instanceof PyByteArray) return container.bytes.length;
  if (Array.isArray(container)) return container.length;
  return (container as Map<PyValue, PyValue> | Set<PyValue>).size;
}

function push(stack: Part[], values: readonly Part[]): void {
  for (let i = values.length - 1; i >= 0; i--) stack.push(values[i] as Part);
}

function text(value: string): string {
  if (/^[\0-\x7f]*$/.test(value)) return `s${value.length}:${value}`;
  return `u${Array.from(value, (character) => (character.codePointAt(0) as number).toString(16)).join(",")}`;
}

const double = Buffer.alloc(8);

function float(value: number): string {
  if (Number.isNaN(value)) return "fnan";
  double.writeDoubleBE(value);
  return `f${double.toString("hex")}`;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}

/** OBJ and INST call a class, too. */
function howOf({ construction }: PyObject): string {
  return construction === "new" ? "new" : "call";
}

const letters = { append: "a", set: "s", add: "d", build: "b", call: "c" } as const;

/**
 * The callable, the arguments and the changes of an instance; changes of one kind in a row are one.
 *
 * @param calls with what functions were called for it: to CPython, that is a call like any other, and forgotten
 */
function partsOf(made: PyObject, calls: boolean): Part[] {
  const parts: Part[] = [made.callable, ...made.args.items];
  for (const pair of made.kwargs ?? []) parts.push(...pair);
  const merged: { letter: string; values: PyValue[] }[] = [];
  for (const { kind, values } of made.changes) {
    const letter = letters[kind];
    if (values.length === 0 || (kind === "call" && !calls)) continue;
    const last = merged.at(-1);
    if (last && letter !== "b" && letter !== "c" && last.letter === letter) last.values.push(...values);
    else merged.push({ letter, values: [...values] });
  }
  for (const { letter, values } of merged) parts.push(new Token(`${letter}${values.length}`), ...values);
  parts.push(new Token("."));
  return parts;
}
