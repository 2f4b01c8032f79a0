// How a peer writes its Mensaje objects, so that it can be answered in a way that it can read.

import type { PickleProtocol } from "../pickle/opcodes.js";

/** How a peer writes a Mensaje, and so what it can read: the class reference, the pickle protocol, the shape of the class. */
export interface Dialect {
  readonly protocol: PickleProtocol;
  /** The module of the peer's class: `__main__` where the peer is a script. */
  readonly module: string;
  readonly qualname: string;
  /** `classic` is an old-style class of Python 2. */
  readonly construction: "new" | "classic";
  /** The class has `__slots__` instead of a `__dict__`. */
  readonly slots: boolean;
}

/**
 * What a peer is taken to write until it has sent something: the class of a script, in the highest pickle protocol that
 * every Python 3 reads.
 */
export const defaultDialect: Dialect = Object.freeze({
  protocol: 3,
  module: "__main__",
  qualname: "Mensaje",
  construction: "new",
  slots: false,
});

/** Which classes are taken for a Mensaje. Default: every class named `Mensaje`, of whatever module. */
export type AcceptClass = (module: string, qualname: string) => boolean;

/** The default of {@link AcceptClass}. */
export const acceptAnyModule: AcceptClass = (_module, qualname) => qualname === "Mensaje";
