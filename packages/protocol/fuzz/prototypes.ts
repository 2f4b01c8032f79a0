// Whether decoding has left a trace on what all values share.

const watched: readonly object[] = [
  Object,
  Array,
  Map,
  Set,
  Function,
  String,
  Number,
  BigInt,
  Boolean,
  Uint8Array,
  Error,
  Symbol,
].flatMap((type) => [type, type.prototype]);

/** The properties of the built-in types and their prototypes, each with what it is. */
export class Prototypes {
  readonly #before = watched.map((object) => Object.getOwnPropertyDescriptors(object) as object);
  readonly #counts = [Object.prototype, Array.prototype].map((object) => Reflect.ownKeys(object).length);

  /** Whether there are more or fewer properties on the two that matter most: quick enough to ask each time. */
  get looksTouched(): boolean {
    return (
      Reflect.ownKeys(Object.prototype).length !== this.#counts[0] ||
      Reflect.ownKeys(Array.prototype).length !== this.#counts[1]
    );
  }

  /** What is no longer as it was; undefined when all is. */
  get touched(): string | undefined {
    for (const [i, object] of watched.entries()) {
      const before = this.#before[i] as Record<PropertyKey, PropertyDescriptor>;
      const now = Object.getOwnPropertyDescriptors(object) as Record<PropertyKey, PropertyDescriptor>;
      if (Reflect.ownKeys(before).length !== Reflect.ownKeys(now).length) return `built-in type ${i}`;
      for (const key of Reflect.ownKeys(before)) {
        const was = before[key];
        const is = now[key];
        if (!Object.is(was?.value, is?.value) || was?.get !== is?.get || was?.set !== is?.set)
          return String(key);
      }
    }
    return undefined;
  }
}
