// Dataclasses: dataclasses.dataclass, with slots and frozen ones as well.

import { PyDict } from "../collections.js";
import { PyObject } from "../objects.js";
import { PyGlobal, PyTuple, type PyValue } from "../values.js";
import { checkCount, toDict } from "./check.js";
import { fieldOf, type RecordClass, recordType } from "./record.js";

/** How the Python class was declared, which decides what is written; what is read tells for itself. */
export interface DataclassOptions {
  /** Whether it has `slots=True`. Default false. */
  readonly slots?: boolean | undefined;
  /** Whether it has `frozen=True`. Default false. */
  readonly frozen?: boolean | undefined;
}

/**
 * Registers a dataclass, as records with its fields as properties. Bytes as Python writes them; with slots, in protocols
 * 2 to 5, as Python has no others for those that are not frozen. What types the values have is not checked. An attribute
 * that is no field is refused; a field that an instance does not have stays undefined.
 *
 * @param fields in the order in which Python has them
 *
 * @example
 * ```ts
 * import { ClassRegistry, decode, encode } from "@fileshare/protocol/pickle";
 * import { dataclass } from "@fileshare/protocol/pickle/converters";
 *
 * const person = dataclass<{ name: string; age: number }>("people", "Person", ["name", "age"]);
 * const classes = new ClassRegistry([person]);
 * const bytes = encode(person.make({ name: "Ada", age: 36 }), classes);
 * decode(bytes, classes); // { name: "Ada", age: 36 }
 * ```
 *
 * @throws {RangeError} when a field is named twice
 */
export function dataclass<Field extends string>(
  module: string,
  qualname: string,
  fields: readonly Field[],
  options?: DataclassOptions,
): RecordClass<Record<Field, PyValue>>;
export function dataclass<T extends object>(
  module: string,
  qualname: string,
  fields: readonly (keyof T & string)[],
  options?: DataclassOptions,
): RecordClass<T>;
export function dataclass<T extends object>(
  module: string,
  qualname: string,
  fields: readonly string[],
  { slots = false, frozen = false }: DataclassOptions = {},
): RecordClass<T> {
  const { type, set, make } = recordType(qualname, fields);
  const declared = slots ? (frozen ? "list" : "slots") : "dict";
  /** The shape of state that a record was read from, where it is another than a dict. */
  const shapes = new WeakMap<object, "list" | "slots">();
  const setAll = (record: object, attributes: PyValue | undefined): void => {
    if (attributes === null) return;
    for (const [name, value] of toDict(attributes, `the attributes of a ${qualname}`))
      set(record, name, value);
  };
  const attributesOf = (record: object): PyDict => {
    const attributes = new PyDict();
    for (const field of fields) {
      const value = fieldOf(record, field);
      if (value !== undefined) attributes.set(field, value);
    }
    return attributes;
  };
  return {
    names: [[module, qualname]],
    type: type as new () => T,
    create: (args) => {
      checkCount(args, 0, 0, `${qualname}.__new__`);
      return new type();
    },
    setState: (record, state) => {
      if (Array.isArray(state)) shapes.set(record, "list");
      else if (state instanceof PyTuple) shapes.set(record, "slots");
      if (state instanceof PyTuple) {
        checkCount(state.items, 2, 2, `the state of a ${qualname}`);
        for (const attributes of state) setAll(record, attributes);
      } else if (Array.isArray(state)) {
        checkCount(state, fields.length, fields.length, `the state of a ${qualname}`);
        for (const [i, field] of fields.entries()) set(record, field, state[i] as PyValue);
      } else {
        setAll(record, state);
      }
    },
    reduce: (record, protocol) => {
      const attributes = attributesOf(record);
      const values = [...attributes.values()];
      // As it was read, or else as it was declared.
      const shape = shapes.get(record) ?? declared;
      const asList = shape === "list";
      if (asList) checkCount(values, fields.length, fields.length, `a frozen ${qualname}`);
      const state = asList ? values : shape === "slots" ? new PyTuple([null, attributes]) : attributes;
      const hasState = values.length > 0 || (asList && protocol >= 2);
      return new PyObject(new PyGlobal(module, qualname), undefined, {
        construction: "new",
        state: hasState ? state : undefined,
      });
    },
    make: (values) => make(values) as T,
  };
}
