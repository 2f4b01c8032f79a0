// Which classes a pickle may name, and what becomes of their instances. Nothing that was not registered here is made.

import type { PyDict } from "./collections.js";
import type { PickleProtocol } from "./opcodes.js";
import type { PyTuple, PyValue } from "./values.js";

/** How an instance was made in the pickle that it came from. */
export interface InstanceOrigin {
  /** The module that the pickle named. */
  readonly module: string;
  /** The class that the pickle named, in that module. */
  readonly qualname: string;
  /** The pickle's protocol, as far as its bytes tell. */
  readonly protocol: PickleProtocol;
  /**
   * What made it: `new` (NEWOBJ, or REDUCE in protocols 0 and 1 through `copyreg._reconstructor`), `call` (REDUCE of
   * the class itself), or `classic` (INST or OBJ: an old-style class of Python 2).
   */
  readonly construction: "new" | "call" | "classic";
}

/** A Python class that a decoder may make instances of. */
export interface PickleClass {
  /**
   * Makes an instance, before its state is known.
   *
   * @param args what Python's `__new__` or the class would be called with
   */
  readonly create: (args: readonly PyValue[], origin: InstanceOrigin) => object;
  /**
   * Gives an instance the state that BUILD carries. Without it, a pickle with state is refused.
   *
   * @param state what Python's `__setstate__` would get: most often a dict of attributes, or for a class with
   *   `__slots__` a tuple of that (or null) and a dict of slots
   */
  readonly setState?: (instance: object, state: PyValue) => void;
}

/** Finds what was registered for a name in a pickle; undefined refuses the pickle. */
export type FindClass = (module: string, qualname: string) => PickleClass | undefined;

/** What the encoder writes for an instance: the parts of Python's `__reduce_ex__`. */
export interface Reduction {
  readonly module: string;
  readonly qualname: string;
  readonly construction: "new" | "classic";
  readonly args: PyTuple;
  /** The state for BUILD; undefined writes none. */
  readonly state: PyDict | PyTuple | undefined;
}

/** Says how an instance of an app's class is written; undefined for one that it does not know. */
export type Reduce = (instance: object) => Reduction | undefined;
