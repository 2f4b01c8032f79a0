// What a pickle holds, in JavaScript. The mapping is decided here, once; the package's README has it as a table.
//
// A Python type with a natural counterpart becomes that (str is string, list is Array, bytes is Uint8Array, dict is Map);
// a type that would be mistaken for another one gets a small class of its own, so that a value which came from Python
// goes back as what it was.

/**
 * Anything that a pickle holds: null, boolean, number, bigint, string, Uint8Array, Array, Map, Set, the `Py…` classes of
 * this module, and instances of registered classes.
 */
export type PyValue = null | boolean | number | bigint | string | object;

/**
 * A Python float whose value is an integer that a JavaScript number would stand for an int with: 1.0, -3.0, 0.0.
 * All other floats (0.5, -0.0, 1e300, inf, nan) are plain numbers in both directions.
 */
export class PyFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }

  /** So that arithmetic and comparison work: `new PyFloat(2) + 1 === 3`. */
  valueOf(): number {
    return this.value;
  }

  toString(): string {
    return String(this.value);
  }

  toJSON(): number {
    return this.value;
  }
}

/** A Python tuple: a fixed row of values. A list is a plain Array. */
export class PyTuple<T extends PyValue = PyValue> implements Iterable<T> {
  readonly items: readonly T[];

  constructor(items: readonly T[] = []) {
    this.items = items;
  }

  get length(): number {
    return this.items.length;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.items[Symbol.iterator]();
  }
}

/** A Python bytearray: bytes that can be changed. Python's bytes is a plain Uint8Array. */
export class PyByteArray {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** A class or function that a pickle names and that stands in it as a value. It is inert: nothing is looked up or called. */
export class PyGlobal {
  readonly module: string;
  readonly qualname: string;

  constructor(module: string, qualname: string) {
    this.module = module;
    this.qualname = qualname;
  }
}
