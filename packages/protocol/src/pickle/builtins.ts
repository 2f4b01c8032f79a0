// The few Python callables that CPython's own pickler names for the built-in data model, where a protocol has no opcode
// for it: sets and bytes in the old protocols, bytearrays before protocol 5. Each is written out here; a name from the
// wire only ever selects a row of this table.

import { PyFrozenSet, PySet } from "./collections.js";
import { PyByteArray, type PyValue } from "./values.js";

/** Makes the value, or gives undefined where the arguments are not those that CPython's pickler writes. */
export type Builtin = (args: readonly PyValue[]) => PyValue | undefined;

function iterableOf(args: readonly PyValue[]): readonly PyValue[] | undefined {
  if (args.length === 0) return [];
  return args.length === 1 && Array.isArray(args[0]) ? (args[0] as PyValue[]) : undefined;
}

/** Encodes text one byte a character, as Python's latin-1 codec. */
function latin1Bytes(text: PyValue | undefined): Uint8Array | undefined {
  if (typeof text !== "string") return undefined;
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) return undefined;
    bytes[i] = code;
  }
  return bytes;
}

const isLatin1 = (encoding: PyValue | undefined): boolean => encoding === "latin1" || encoding === "latin-1";

const encodeText: Builtin = (args) =>
  args.length === 2 && isLatin1(args[1]) ? latin1Bytes(args[0]) : undefined;

const makeBytes: Builtin = (args) => {
  if (args.length === 0) return new Uint8Array(0);
  return args.length === 1 && args[0] instanceof Uint8Array ? args[0] : encodeText(args);
};

const makeSet: Builtin = (args) => {
  const items = iterableOf(args);
  return items && new PySet(items);
};

const makeFrozenSet: Builtin = (args) => {
  const items = iterableOf(args);
  return items && new PyFrozenSet(items);
};

const makeByteArray: Builtin = (args) => {
  const bytes = makeBytes(args);
  return bytes instanceof Uint8Array ? new PyByteArray(bytes.slice()) : undefined;
};

const byName: ReadonlyMap<string, Builtin> = new Map([
  ["builtins set", makeSet],
  ["builtins frozenset", makeFrozenSet],
  ["builtins bytes", makeBytes],
  ["builtins bytearray", makeByteArray],
  ["_codecs encode", encodeText],
]);

/** The two names of a module that Python 3 calls otherwise than Python 2, which protocols 0 to 2 go by. */
const python3Names: ReadonlyMap<string, string> = new Map([
  ["__builtin__", "builtins"],
  ["copy_reg", "copyreg"],
]);

/** The module's name in Python 3. */
export function python3Module(module: string): string {
  return python3Names.get(module) ?? module;
}

/** The built-in callable of that name, if it is one that CPython's pickler writes for plain data. */
export function findBuiltin(module: string, qualname: string): Builtin | undefined {
  return byName.get(`${python3Module(module)} ${qualname}`);
}
