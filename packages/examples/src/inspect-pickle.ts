// Shows what is in a Python pickle, as a tree with the names of the Python types. Nothing in it is ever executed: a class
// or function that was not registered is an error that names it.
//
//   npm run build && node packages/examples/dist/inspect-pickle.js [FILE.pkl]
//
// Without a file it makes a pickle of its own. It needs the codec alone: @fileshare/protocol/pickle has no dependencies
// and runs in browsers as well.

import { readFileSync } from "node:fs";
import {
  decode,
  encode,
  type FindClass,
  PickleDecodeError,
  PyByteArray,
  PyDict,
  PyFloat,
  PyFrozenSet,
  PyGlobal,
  PySet,
  PyTuple,
  type PyValue,
} from "@fileshare/protocol/pickle";

/** An instance of a class that is known here. */
class Instance {
  readonly type: string;
  state: PyValue = null;

  constructor(type: string) {
    this.type = type;
  }
}

/** The one class that is known: the protocol's Mensaje, of whatever module. */
const findClass: FindClass = (module, qualname) =>
  qualname === "Mensaje"
    ? {
        create: () => new Instance(`${module}.${qualname}`),
        setState: (instance, state) => {
          (instance as Instance).state = state;
        },
      }
    : undefined;

/** A value's type in Python, what to show of it on its own line, and what stands in it. */
type Described = readonly [type: string, shown: string, children?: Iterable<readonly [string, PyValue]>];

function describe(value: PyValue): Described {
  if (value === null) return ["NoneType", "None"];
  if (typeof value === "boolean") return ["bool", value ? "True" : "False"];
  if (typeof value === "string") return ["str", JSON.stringify(value)];
  if (typeof value === "bigint") return ["int", String(value)];
  // A float that looks like an int is a PyFloat, or beyond what a number holds exactly, or -0.
  if (typeof value === "number") {
    return Number.isSafeInteger(value) && !Object.is(value, -0)
      ? ["int", String(value)]
      : ["float", Object.is(value, -0) ? "-0.0" : String(value)];
  }
  if (value instanceof PyFloat) return ["float", value.value.toFixed(1)];
  if (value instanceof Uint8Array) return ["bytes", hex(value)];
  if (value instanceof PyByteArray) return ["bytearray", hex(value.bytes)];
  if (value instanceof PyGlobal) return ["name", `${value.module}.${value.qualname}`];
  if (value instanceof PyTuple) return ["tuple", `of ${value.length}`, numbered(value)];
  if (Array.isArray(value)) return ["list", `of ${value.length}`, numbered(value)];
  if (value instanceof PyFrozenSet) return ["frozenset", `of ${value.size}`, unnamed(value)];
  if (value instanceof PySet) return ["set", `of ${value.size}`, unnamed(value)];
  if (value instanceof PyDict) return ["dict", `of ${value.size}`, keyed(value)];
  if (value instanceof Instance) return [value.type, "instance", [["state: ", value.state]]];
  throw new TypeError(`Cannot describe ${value}`);
}

function* numbered(items: Iterable<PyValue>): Generator<[string, PyValue]> {
  let index = 0;
  for (const item of items) yield [`[${index++}] `, item];
}

function* unnamed(items: Iterable<PyValue>): Generator<[string, PyValue]> {
  for (const item of items) yield ["", item];
}

/** A key that is no container stands before its value; any other is a node of its own. */
function* keyed(dict: PyDict): Generator<[string, PyValue]> {
  for (const [key, value] of dict) {
    const [type, shown, children] = describe(key);
    if (children) yield ["key ", key];
    yield [children ? "value " : `${type === "str" ? shown : `${type} ${shown}`}: `, value];
  }
}

function hex(bytes: Uint8Array): string {
  const first = Array.from(bytes.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return `of ${bytes.length}${bytes.length > 0 ? `: ${first}${bytes.length > 16 ? " ..." : ""}` : ""}`;
}

/** A value in Python can hold itself: `within` is what stands around this one. */
function print(value: PyValue, label: string, within: readonly PyValue[]): void {
  const [type, shown, children = []] = describe(value);
  const recursive = typeof value === "object" && within.includes(value) && value !== null;
  console.log(`${"  ".repeat(within.length)}${label}${type} ${recursive ? "(see above)" : shown}`);
  if (recursive) return;
  for (const [name, child] of children) print(child, name, [...within, value]);
}

const sample = new PyDict<string, PyValue>([
  ["name", "canción.txt"],
  ["size", 62],
  ["ratio", new PyFloat(1)],
  ["tags", new PySet(["text", "utf-8"])],
  ["head", new PyTuple([Uint8Array.of(0x55, 0x6e), null])],
]);

try {
  const [file] = process.argv.slice(2);
  print(decode(file === undefined ? encode(sample) : readFileSync(file), { findClass }), "", []);
} catch (error) {
  if (!(error instanceof PickleDecodeError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
