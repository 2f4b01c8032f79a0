// The names that Python 2 knew otherwise than Python 3: protocols 0 to 2 are written with those of Python 2.
// Source: CPython Lib/_compat_pickle.py.

import type { ClassName } from "./classes.js";

/** Tells the names of protocols 0 to 2 in Python 3, and back. */
export interface NameMapping {
  readonly toPython3: (module: string, qualname: string) => ClassName;
  readonly toPython2: (module: string, qualname: string) => ClassName;
}

const modules: readonly ClassName[] = [
  ["__builtin__", "builtins"],
  ["copy_reg", "copyreg"],
];
const toPython3: ReadonlyMap<string, string> = new Map(modules);
const toPython2: ReadonlyMap<string, string> = new Map(modules.map(([old, now]) => [now, old]));

/** Built-in types that had other names. */
const types: readonly ClassName[] = [
  ["xrange", "range"],
  ["long", "int"],
  ["unicode", "str"],
];

/** What the built-in types need: the two modules that hold them, and three names. */
export const plainNames: NameMapping = {
  toPython3: (module, qualname) => [
    toPython3.get(module) ?? module,
    (module === "__builtin__" && types.find(([old]) => old === qualname)?.[1]) || qualname,
  ],
  toPython2: (module, qualname) => [
    toPython2.get(module) ?? module,
    (module === "builtins" && types.find(([, now]) => now === qualname)?.[0]) || qualname,
  ],
};
