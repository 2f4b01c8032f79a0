// Named tuples: collections.namedtuple and typing.NamedTuple.

import { PyObject } from "../objects.js";
import { PyGlobal, PyTuple, type PyValue } from "../values.js";
import { checkCount, toTuple } from "./check.js";
import { fieldOf, type RecordClass, recordType } from "./record.js";

/**
 * Registers a named tuple, as records with its fields as properties. Bytes as Python writes them. What types the values
 * have is not checked. In protocols 0 and 1 pickles name `tuple`, too, which {@link builtinTypes} has.
 *
 * @param fields in the order in which Python has them
 *
 * @example
 * ```ts
 * import { ClassRegistry, encode } from "@fileshare/protocol/pickle";
 * import { namedTuple } from "@fileshare/protocol/pickle/converters";
 *
 * const point = namedTuple<{ x: number; y: number }>("geometry", "Point", ["x", "y"]);
 * encode(point.make({ x: 1, y: 2 }), new ClassRegistry([point]));
 * ```
 *
 * @throws {RangeError} when a field is named twice
 */
export function namedTuple<Field extends string>(
  module: string,
  qualname: string,
  fields: readonly Field[],
): RecordClass<Record<Field, PyValue>>;
export function namedTuple<T extends object>(
  module: string,
  qualname: string,
  fields: readonly (keyof T & string)[],
): RecordClass<T>;
export function namedTuple<T extends object>(
  module: string,
  qualname: string,
  fields: readonly string[],
): RecordClass<T> {
  const { type, set, make } = recordType(qualname, fields);
  const itemsOf = (record: object): PyTuple =>
    new PyTuple(
      fields.map((field) => {
        const value = fieldOf(record, field);
        if (value === undefined) throw new TypeError(`a ${qualname} must have the field ${field}`);
        return value;
      }),
    );
  return {
    names: [[module, qualname]],
    type: type as new () => T,
    create: (args, { base }) => {
      if (base) checkCount(args, 1, 1, `${base.qualname}.__new__`);
      const values = base ? toTuple(args[0], `the content of a ${qualname}`) : args;
      checkCount(values, fields.length, fields.length, qualname);
      const record = new type();
      for (const [i, field] of fields.entries()) set(record, field, values[i] as PyValue);
      return record;
    },
    reduce: (record, protocol) => {
      const cls = new PyGlobal(module, qualname);
      if (protocol >= 2) return new PyObject(cls, itemsOf(record), { construction: "new" });
      const args = new PyTuple([cls, new PyGlobal("builtins", "tuple"), itemsOf(record)]);
      return new PyObject(new PyGlobal("copyreg", "_reconstructor"), args);
    },
    make: (values) => make(values) as T,
  };
}
