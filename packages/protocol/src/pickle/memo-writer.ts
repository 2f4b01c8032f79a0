// What was written of a pickle and where it stands in the memo: what is met again is written as a reference.

import { Op } from "./opcodes.js";
import { isOwnDict, type NotedDict } from "./own-collection.js";
import { PyGlobal } from "./values.js";
import { PickleWriter } from "./writer.js";

/**
 * What stands for a value in the memo: an object for itself, a string for a str that is but one object in Python, a
 * number for bytes that are.
 */
export type MemoKey = object | string | number;

/** How many entries make a Map of the memo. */
const FEW = 8;

/** Writes what has a place in the memo, and references to it. */
export class MemoWriter extends PickleWriter {
  /** How many entries the memo has. */
  memoized = 0;
  /** Stands for this pickle. None where it is written within another one: it would write over the notes of its dicts. */
  session: object | undefined;
  readonly #places: Map<MemoKey, number | undefined> = new Map();
  /** What was put there first, as long as it is little: to search a few takes less time than to fill a Map. */
  readonly #few: (MemoKey | undefined)[] = [];
  readonly #fewPlaces: (number | undefined)[] = [];
  #fewCount = 0;
  /** The places of classes by module and name, but for the last one: most pickles have no other. */
  readonly #classes: Map<string, Map<string, number>> = new Map();
  #lastClass: PyGlobal | undefined;

  override reset(): void {
    super.reset();
    this.memoized = 0;
    while (this.#fewCount > 0) this.#few[--this.#fewCount] = undefined;
    if (this.#places.size > 0) this.#places.clear();
    if (this.#classes.size > 0) this.#classes.clear();
    this.#lastClass = undefined;
  }

  /** Where a value stands in the memo, undefined where it was not written yet. */
  find(key: MemoKey): number | undefined {
    if (this.#places.size > 0) return this.#places.get(key);
    // Where a key stands twice, the last one counts.
    for (let i = this.#fewCount - 1; i >= 0; i--) if (this.#few[i] === key) return this.#fewPlaces[i];
    return undefined;
  }

  /** Where a class stands in the memo, whichever object with its name was written. */
  findClass(value: PyGlobal): number | undefined {
    const known = this.find(value);
    if (known !== undefined) return known;
    this.#nameLastClass();
    const place = this.#classes.get(value.module)?.get(value.qualname);
    if (place !== undefined) this.#put(value, place);
    return place;
  }

  /** @param key what stands for the value in the memo, where it can occur again */
  memoize(key: MemoKey | undefined): void {
    if (key !== undefined) {
      this.#put(key, this.memoized);
      if (key instanceof PyGlobal) {
        this.#nameLastClass();
        this.#lastClass = key;
      }
    }
    this.#writeMemoize();
  }

  /** As {@link memoize}, for a dict that notes its place. */
  memoizeDict(dict: NotedDict): void {
    if (this.session !== undefined) dict.putIn(this.session, this.memoized);
    this.#writeMemoize();
  }

  /** Writes a reference to what was written before. False, and nothing is written, where it was not. */
  recall(key: MemoKey): boolean {
    const place = this.find(key);
    if (place === undefined) return false;
    this.reference(place);
    return true;
  }

  reference(index: number): void {
    if (this.protocol === 0) this.latin1(Op.GET, index);
    else if (index <= 0xff) this.byte1(Op.BINGET, index);
    else this.uint32(Op.LONG_BINGET, index);
  }

  /** Has a value written anew where it is met next. */
  forget(key: object): void {
    if (this.session !== undefined && isOwnDict(key)) key.putIn({}, 0);
    this.#put(key, undefined);
  }

  #nameLastClass(): void {
    const last = this.#lastClass;
    if (last === undefined) return;
    this.#lastClass = undefined;
    const names = this.#classes.get(last.module) ?? new Map<string, number>();
    names.set(last.qualname, this.find(last) as number);
    this.#classes.set(last.module, names);
  }

  #writeMemoize(): void {
    const index = this.memoized++;
    if (this.protocol >= 4) this.byte(Op.MEMOIZE);
    else if (this.protocol === 0) this.latin1(Op.PUT, index);
    else if (index <= 0xff) this.byte1(Op.BINPUT, index);
    else this.uint32(Op.LONG_BINPUT, index);
  }

  #put(key: MemoKey, place: number | undefined): void {
    if (this.#places.size === 0) {
      this.#few[this.#fewCount] = key;
      this.#fewPlaces[this.#fewCount++] = place;
      if (this.#fewCount < FEW) return;
      for (let i = 0; i < FEW; i++) this.#places.set(this.#few[i] as MemoKey, this.#fewPlaces[i]);
    } else {
      this.#places.set(key, place);
    }
  }
}
