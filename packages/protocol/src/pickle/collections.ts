// dict, set and frozenset: JavaScript's Map and Set with Python's equality of keys.

import { KeyIndex } from "./keys.js";
import type { PyValue } from "./values.js";

/** What a subclass has for a pickle, as it may be written otherwise. */
const NO_NOTES = {};

/**
 * A Python dict: a Map in insertion order whose keys are equal where Python's are (`1`, `1.0` and `True` are one key;
 * two tuples with equal items are one key), and whose first writing of a key is kept, as in Python.
 */
export class PyDict<K extends PyValue = PyValue, V extends PyValue = PyValue> extends Map<K, V> {
  #index: KeyIndex<K> | undefined;
  /** Which pickle it was last written to, and its place in that one's memo: see own-collection.ts. */
  #session: object | undefined;
  #place = 0;

  constructor(entries?: Iterable<readonly [K, V]>) {
    super();
    if (!isPyDict(new.target)) this.#session = NO_NOTES;
    if (entries) for (const [key, value] of entries) this.set(key, value);
  }

  /** @internal For the encoder: see own-collection.ts. */
  get pickledAsItIs(): boolean {
    return this.#session !== NO_NOTES;
  }

  /** @internal */
  placeIn(session: object): number | undefined {
    return this.#session === session ? this.#place : undefined;
  }

  /** @internal */
  putIn(session: object, place: number): void {
    this.#session = session;
    this.#place = place;
  }

  override get(key: K): V | undefined {
    return super.get(typeof key === "string" || !this.#index ? key : this.#index.find(key));
  }

  override has(key: K): boolean {
    return super.has(typeof key === "string" || !this.#index ? key : this.#index.find(key));
  }

  /** @throws {TypeError} when Python could not hash the key: a list, dict, set or bytearray, within a tuple as well */
  override set(key: K, value: V): this {
    if (typeof key === "string") return super.set(key, value);
    this.#index ??= new KeyIndex();
    return super.set(
      this.#index.hold(key, (plain) => super.has(plain)),
      value,
    );
  }

  override delete(key: K): boolean {
    return super.delete(typeof key === "string" || !this.#index ? key : this.#index.release(key));
  }

  override clear(): void {
    this.#index = undefined;
    super.clear();
  }
}

// A class that names itself within its own body is given another name by the bundler, which is printed with its instances.
function isPyDict(type: unknown): boolean {
  return type === PyDict;
}

function isPySet(prototype: unknown): boolean {
  return prototype === PySet.prototype;
}

/** A Python set: a Set whose items are equal where Python's are. */
export class PySet<T extends PyValue = PyValue> extends Set<T> {
  #index: KeyIndex<T> | undefined;

  constructor(items?: Iterable<T>) {
    super();
    if (items) for (const item of items) this.add(item);
  }

  /** @internal For the encoder: see own-collection.ts. */
  get pickledAsItIs(): boolean {
    return isPySet(Object.getPrototypeOf(this));
  }

  override has(item: T): boolean {
    return super.has(typeof item === "string" || !this.#index ? item : this.#index.find(item));
  }

  /** @throws {TypeError} when Python could not hash the item */
  override add(item: T): this {
    if (typeof item === "string") return super.add(item);
    this.#index ??= new KeyIndex();
    return super.add(this.#index.hold(item, (plain) => super.has(plain)));
  }

  override delete(item: T): boolean {
    return super.delete(typeof item === "string" || !this.#index ? item : this.#index.release(item));
  }

  override clear(): void {
    this.#index = undefined;
    super.clear();
  }
}

/** A Python frozenset: a set that is complete when it is made, and so can be a key of a dict. */
export class PyFrozenSet<T extends PyValue = PyValue> extends PySet<T> {
  constructor(items?: Iterable<T>) {
    super(items);
    Object.freeze(this);
  }

  /** @throws {TypeError} always, once the set is made */
  override add(item: T): this {
    if (Object.isFrozen(this)) throw new TypeError("Cannot change a frozenset");
    return super.add(item);
  }

  override delete(_item: T): never {
    throw new TypeError("Cannot change a frozenset");
  }

  override clear(): never {
    throw new TypeError("Cannot change a frozenset");
  }
}
