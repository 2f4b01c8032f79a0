// What named tuples and dataclasses have in common: a JavaScript class with the fields that the app names.

import type { RegisteredClass } from "../classes.js";
import type { PyValue } from "../values.js";

/** A registered class of records. */
export interface RecordClass<T extends object> extends RegisteredClass<T> {
  /** Makes a record, which `encode` writes as an instance of the Python class. */
  readonly make: (values: T) => T;
}

/** The fields of a class, and how its records are made. */
export interface RecordType {
  readonly type: new () => object;
  readonly fields: readonly string[];
  /**
   * Sets a field, as a property of the record's own whatever its name.
   *
   * @throws {TypeError} when there is no such field
   */
  readonly set: (record: object, field: PyValue | undefined, value: PyValue) => void;
  readonly make: (values: object) => object;
}

/** @throws {RangeError} when a field is named twice */
export function recordType(qualname: string, fields: readonly string[]): RecordType {
  const known = new Set<PyValue | undefined>(fields);
  if (known.size !== fields.length) throw new RangeError(`${qualname} has two fields of one name`);
  const type = class {};
  Object.defineProperty(type, "name", { value: qualname });
  const set: RecordType["set"] = (record, field, value) => {
    if (!known.has(field)) throw new TypeError(`${qualname} has no such field`);
    const property = { value, writable: true, enumerable: true, configurable: true };
    Object.defineProperty(record, field as string, property);
  };
  const make = (values: object): object => {
    const record = new type();
    for (const field of fields)
      if (Object.hasOwn(values, field)) set(record, field, fieldOf(values, field) as PyValue);
    return record;
  };
  return { type, fields: [...fields], set, make };
}

/** The value of a field; undefined where the record does not have it. */
export function fieldOf(record: object, field: string): PyValue | undefined {
  return Object.hasOwn(record, field) ? (record as Record<string, PyValue>)[field] : undefined;
}
