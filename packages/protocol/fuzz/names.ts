// Names of classes and functions that the fuzzer's pickles ask for.

import type { Random } from "../test/random.js";

type Name = readonly [module: string, qualname: string];

/** Those that the codec knows by itself, by the names of Python 3 and Python 2. */
const known: readonly Name[] = [
  ["builtins", "set"],
  ["builtins", "frozenset"],
  ["builtins", "bytes"],
  ["builtins", "bytearray"],
  ["builtins", "object"],
  ["builtins", "getattr"],
  ["__builtin__", "set"],
  ["__builtin__", "frozenset"],
  ["__builtin__", "bytearray"],
  ["__builtin__", "bytes"],
  ["__builtin__", "object"],
  ["__builtin__", "xrange"],
  ["_codecs", "encode"],
  ["copyreg", "_reconstructor"],
  ["copy_reg", "_reconstructor"],
  ["copyreg", "__newobj__"],
  ["copyreg", "__newobj_ex__"],
  ["copy_reg", "__newobj_ex__"],
];

const unknown: readonly Name[] = [
  ["app", "Point"],
  ["app", "Point"],
  ["app", "Outer.Inner"],
  ["collections", "OrderedDict"],
  ["datetime", "datetime"],
  ["UserDict", "UserDict"],
  ["__main__", "Mensaje"],
  ["os", "system"],
  ["__builtin__", "eval"],
  ["builtins", "eval"],
  ["copy_reg", "pickle"],
];

/** As their bytes, one character each. */
const odd: readonly Name[] = [
  ["__proto__", "constructor"],
  ["constructor", "__proto__"],
  ["hasOwnProperty", "toString"],
  ["", ""],
  ["app", ""],
  ["", "Point"],
  [" app ", "Point\r"],
  ["app\0", "Point\0"],
  ["\xc3\xa9", "Punto"],
  ["app", "\xe6\x96\x87"],
  ["\xe9", "x"],
  ["app", "\xed\xa0\xbd"],
  ["a.b.c", "x.y.z"],
];

/** A module and a name in it. */
export function randomName(random: Random): Name {
  const kind = random.below(20);
  if (kind === 0) return random.pick(odd);
  return random.pick(kind < 10 ? known : unknown);
}
