// Which classes a pickle may name, and what becomes of their instances. Nothing that was not registered here is made.

import type { PyDict } from "./collections.js";
import type { Construction, PyObject } from "./objects.js";
import type { PickleProtocol } from "./opcodes.js";
import type { PyGlobal, PyValue } from "./values.js";

/** How an instance was made in the pickle that it came from. */
export interface InstanceOrigin {
  /** The module that the pickle named. */
  readonly module: string;
  /** The class that the pickle named, in that module. */
  readonly qualname: string;
  /** The pickle's protocol, as far as its bytes tell. */
  readonly protocol: PickleProtocol;
  readonly construction: Construction;
  /** The keyword arguments of `__new__`, where the pickle gives any. */
  readonly kwargs: PyDict | undefined;
  /**
   * In protocols 0 and 1, the built-in class that an instance of a subclass is made by (`tuple`, `dict`): the only
   * argument is then its content.
   */
  readonly base: PyGlobal | undefined;
}

/**
 * A Python class or function that a decoder may call for a pickle. A TypeError or RangeError that it throws refuses the
 * pickle, with `BAD_OPERAND`; any other error comes through.
 */
export interface PickleClass {
  /**
   * Makes an instance, before its items and state are known.
   *
   * @param args what Python's `__new__` or the class would be called with
   */
  readonly create: (args: readonly PyValue[], origin: InstanceOrigin) => PyValue;
  /**
   * Gives an instance the state that BUILD carries. Without it, a pickle with state is refused.
   *
   * @param state what Python's `__setstate__` would get: most often a dict of attributes, or for a class with
   *   `__slots__` a tuple of that (or null) and a dict of slots
   */
  readonly setState?: (instance: object, state: PyValue) => void;
  /** Appends an item, as to a list. Without it, a pickle that does so is refused. */
  readonly append?: (instance: object, item: PyValue) => void;
  /** Sets an item, as of a dict. Without it, a pickle that does so is refused. */
  readonly setItem?: (instance: object, key: PyValue, value: PyValue) => void;
  /** Adds an item, as to a set. Without it, a pickle that does so is refused. */
  readonly add?: (instance: object, item: PyValue) => void;
}

/** Finds what was registered for a name in a pickle; undefined leaves it unknown. */
export type FindClass = (module: string, qualname: string) => PickleClass | undefined;

/**
 * Says how an instance of an app's class is written: what makes it in Python, or a class or function that it stands for.
 * Undefined for one that it does not know.
 */
export type Reduce = (instance: object, protocol: PickleProtocol) => PyObject | PyGlobal | undefined;

/** The name of a class: its module and its qualified name in it. */
export type ClassName = readonly [module: string, qualname: string];

/** A row of a {@link ClassRegistry}: a Python class, how it is made here, and how it is written. */
// biome-ignore lint/suspicious/noExplicitAny: each row is for a type of its own, and a registry holds them all.
export interface RegisteredClass<T extends object = any> {
  /** The names that pickles know it by. */
  readonly names: readonly ClassName[];
  /** Makes an instance. Without it, the class is only written. */
  readonly create?: PickleClass["create"];
  readonly setState?: (instance: T, state: PyValue) => void;
  readonly append?: (instance: T, item: PyValue) => void;
  readonly setItem?: (instance: T, key: PyValue, value: PyValue) => void;
  readonly add?: (instance: T, item: PyValue) => void;
  /** The JavaScript class whose instances are written as this one: exactly that class, no subclass. */
  readonly type?: abstract new (
    ...args: never[]
  ) => T;
  /** How an instance is written. Wanted where `type` is given. */
  readonly reduce?: (instance: T, protocol: PickleProtocol) => PyObject | PyGlobal;
}

/**
 * Classes by exact name. It can be given to `decode` and `encode` as their options, or spread into them.
 *
 * @example
 * ```ts
 * import { ClassRegistry, decode, encode, PyDict, PyGlobal, PyObject } from "@fileshare/protocol/pickle";
 *
 * class Point {
 *   x = 0;
 *   y = 0;
 * }
 * const classes = new ClassRegistry([
 *   {
 *     names: [["geometry", "Point"]],
 *     type: Point,
 *     create: () => new Point(),
 *     setState: (point, state) => {
 *       if (!(state instanceof PyDict)) throw new TypeError("a Point has a dict of attributes");
 *       point.x = Number(state.get("x"));
 *       point.y = Number(state.get("y"));
 *     },
 *     reduce: ({ x, y }) =>
 *       new PyObject(new PyGlobal("geometry", "Point"), undefined, { construction: "new", state: { x, y } }),
 *   },
 * ]);
 * const bytes = encode([new Point()], { ...classes, protocol: 5 });
 * decode(bytes, classes); // [Point { x: 0, y: 0 }]
 * ```
 */
export class ClassRegistry {
  readonly findClass: FindClass;
  readonly reduce: Reduce;

  /** @throws {RangeError} when two rows have the same name or type */
  constructor(classes: Iterable<RegisteredClass>) {
    const byName = new Map<string, Map<string, PickleClass>>();
    const byPrototype = new Map<unknown, RegisteredClass>();
    for (const row of classes) {
      for (const [module, qualname] of row.names) {
        const names = byName.get(module) ?? new Map<string, PickleClass>();
        if (names.has(qualname))
          throw new RangeError(`Cannot register ${module}.${qualname}: it is registered already`);
        if (row.create) names.set(qualname, row as PickleClass);
        byName.set(module, names);
      }
      if (!row.type || !row.reduce) continue;
      if (byPrototype.has(row.type.prototype))
        throw new RangeError(`Cannot register ${row.type.name}: it is registered already`);
      byPrototype.set(row.type.prototype, row);
    }
    this.findClass = (module, qualname) => byName.get(module)?.get(qualname);
    this.reduce = (instance, protocol) =>
      byPrototype.get(Object.getPrototypeOf(instance))?.reduce?.(instance, protocol);
  }
}
