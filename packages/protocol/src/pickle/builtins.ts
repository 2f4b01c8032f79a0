// The few Python callables that CPython's own pickler names for the built-in data model, where a protocol has no opcode
// for it: sets and bytes in the old protocols, bytearrays before protocol 5. Each is written out here; a name from the
// wire only ever selects a row of this table.

import { copyOf } from "./bytes.js";
import { PyFrozenSet } from "./collections.js";
import { setOf } from "./containers.js";
import type { Machine } from "./machine.js";
import { PyByteArray, type PyValue } from "./values.js";

/** Makes the value, or gives undefined where the arguments are not those that CPython's pickler writes. */
export type Builtin = (args: readonly PyValue[], m: Machine) => PyValue | undefined;

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

const makeBytes: Builtin = (args, m) => {
  if (args.length === 0) return new Uint8Array(0);
  return args.length === 1 && args[0] instanceof Uint8Array ? args[0] : encodeText(args, m);
};

const makeSet: Builtin = (args, m) => {
  const items = iterableOf(args);
  return items && setOf(m, items);
};

const makeFrozenSet: Builtin = (args, m) => {
  const items = iterableOf(args);
  return items && new PyFrozenSet(setOf(m, items));
};

const makeByteArray: Builtin = (args, m) => {
  const bytes = makeBytes(args, m);
  return bytes instanceof Uint8Array ? new PyByteArray(copyOf(bytes, 0, bytes.length)) : undefined;
};

const ofBuiltins: ReadonlyMap<string, Builtin> = new Map([
  ["set", makeSet],
  ["frozenset", makeFrozenSet],
  ["bytes", makeBytes],
  ["bytearray", makeByteArray],
]);

/** The built-in callable of that name, if it is one that CPython's pickler writes for plain data. */
export function findBuiltin(module: string, qualname: string): Builtin | undefined {
  if (module === "builtins") return ofBuiltins.get(qualname);
  return module === "_codecs" && qualname === "encode" ? encodeText : undefined;
}
