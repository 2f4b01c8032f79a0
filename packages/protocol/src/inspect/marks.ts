// Which objects of a value occur more than once, or within themselves: each has a number, and one place where it is shown.

import type { PyValue } from "../pickle/values.js";
import { canBeShared, partsOf } from "./parts.js";

interface Place {
  readonly parent: PyValue | undefined;
  readonly index: number;
  /** 0 while it was met once. */
  number: number;
}

/** The numbers of the objects that occur more than once, from 1 on, in the order in which they come. */
export class Marks {
  readonly #places = new Map<object, Place>();

  constructor(root: PyValue) {
    const path: { value: PyValue | undefined; parts: Iterator<PyValue>; index: number }[] = [
      { value: undefined, parts: [root][Symbol.iterator](), index: 0 },
    ];
    for (let visit = path.at(-1); visit; visit = path.at(-1)) {
      const { done, value } = visit.parts.next();
      const index = visit.index++;
      if (done) path.pop();
      else if (canBeShared(value)) {
        const met = this.#places.get(value);
        if (met) met.number = 1;
        else {
          this.#places.set(value, { parent: visit.value, index, number: 0 });
          path.push({ value, parts: partsOf(value), index: 0 });
        }
      }
    }
    let number = 0;
    for (const place of this.#places.values()) {
      if (place.number > 0) place.number = ++number;
    }
  }

  /** The object's number; undefined for one that occurs once, and for what is no object. */
  of(value: PyValue): number | undefined {
    return (this.#places.get(value as object)?.number ?? 0) || undefined;
  }

  /** Whether this is where the object is shown: as that part of that parent (undefined: the value itself). */
  isPlace(value: PyValue, parent: PyValue | undefined, index: number): boolean {
    const place = this.#places.get(value as object);
    return place === undefined || (place.parent === parent && place.index === index);
  }
}
