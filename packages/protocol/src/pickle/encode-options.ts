// What the encoder may be told.

import type { Reduce } from "./classes.js";
import type { NameMapping } from "./names.js";
import type { PyBuffer } from "./objects.js";
import type { PickleProtocol } from "./opcodes.js";
import type { PyGlobal, PyValue } from "./values.js";

/** What {@link encode} may be told. */
export interface EncodeOptions {
  /** The pickle protocol to write. Default 4, the default of Python 3.8 to 3.13, which Python 3.4 and later read. */
  readonly protocol?: PickleProtocol | undefined;
  /** Says how instances of the app's own classes are written. Default: they are refused. A `ClassRegistry` has one. */
  readonly reduce?: Reduce | undefined;
  /**
   * Asked for each value: an id for one that is to stand outside the pickle, undefined for others. Default: none does.
   * Protocol 0 takes only str ids in ASCII without newlines.
   */
  readonly persistentId?: ((value: PyValue) => PyValue | undefined) | undefined;
  /** Classes to be written by their number in Python's `copyreg` extension registry, from protocol 2 on. Default none. */
  readonly extensions?: ReadonlyMap<number, PyGlobal> | undefined;
  /**
   * Given each {@link PyBuffer}, in protocol 5: a false result keeps it out of the pickle, for the reader to be given
   * among its `buffers` (PEP 574). Default: buffers are written into the pickle.
   */
  readonly bufferCallback?: ((buffer: PyBuffer) => unknown) | undefined;
  /** How names are told that Python 2 knew otherwise, in protocols 0 to 2. Default: those of the built-in types. */
  readonly names?: NameMapping | undefined;
  /**
   * Writes equal strings once, and then by reference, as Python does when they are one object: smaller where the same
   * keys occur again and again. Default false: each is an object of its own, as of strings that were read or computed.
   */
  readonly shareStrings?: boolean | undefined;
  /** How deep values may nest. Default 1000, as in decoding. Some thousands are as deep as the engine's stack reaches. */
  readonly maxDepth?: number | undefined;
}
