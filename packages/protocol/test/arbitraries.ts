// Values of the whole data model for property tests: trees, and graphs in which containers stand in several places, or
// in themselves.

import fc from "fast-check";
import {
  PyByteArray,
  PyDict,
  PyFloat,
  PyFrozenSet,
  PyGlobal,
  PyObject,
  PyPersistentId,
  PySet,
  PyTuple,
  type PyValue,
} from "../src/pickle/index.js";

/** Any text, lone surrogates with it. */
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 4 })
    .map((units) => String.fromCharCode(...units)),
  fc.constantFrom("", "__proto__", "constructor", "x".repeat(255), "é".repeat(128)),
);

const int = fc.oneof(
  fc.integer({ min: -300, max: 70_000 }),
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }).map(plainInt),
  fc.bigInt({ min: -(2n ** 2100n), max: 2n ** 2100n }).map(plainInt),
);

/** An int is a bigint only where a number does not hold it. */
function plainInt(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

const float = fc
  .oneof(fc.double(), fc.constantFrom(0, -0, 1, 1e15, 2 ** 53))
  .map((value) => (Number.isSafeInteger(value) && !Object.is(value, -0) ? new PyFloat(value) : value));

const bytes = fc.oneof(fc.uint8Array({ maxLength: 6 }), fc.uint8Array({ minLength: 250, maxLength: 260 }));

const identifier = fc.stringMatching(/^[A-Za-z_][A-Za-z_0-9]{0,8}$/);

const global = fc.tuple(identifier, identifier).map(([module, name]) => new PyGlobal(module, name));

/** What can be a key, and has no parts. NaN is left out: in Python, one is not equal to another, and here it is. */
const keyAtom: fc.Arbitrary<PyValue> = fc.oneof(
  fc.constantFrom(null, true, false),
  int,
  float.filter((value) => !Number.isNaN(Number(value))),
  text,
  bytes,
  global,
);

const atom: fc.Arbitrary<PyValue> = fc.oneof(
  keyAtom,
  float,
  bytes.map((content) => new PyByteArray(content)),
  fc.stringMatching(/^[ -~]{0,8}$/).map((id) => new PyPersistentId(id)),
);

const { key } = fc.letrec<{ key: PyValue }>((tie) => ({
  key: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    keyAtom,
    fc.array(tie("key"), { maxLength: 4 }).map((items) => new PyTuple(items)),
    fc.array(tie("key"), { maxLength: 4 }).map((items) => new PyFrozenSet(items)),
  ),
}));

const constructions = fc.constantFrom("new" as const, "call" as const, "classic" as const);

function dictOf<V extends PyValue>(value: fc.Arbitrary<V>): fc.Arbitrary<PyDict> {
  return fc
    .array(fc.tuple(key, value), { maxLength: 5 })
    .map((entries) => new PyDict<PyValue, PyValue>(entries));
}

/** Values in which nothing stands twice. */
export const tree: fc.Arbitrary<PyValue> = fc.letrec<{ tree: PyValue }>((tie) => {
  const items = fc.array(tie("tree"), { maxLength: 5 });
  const some = fc.option(fc.array(tie("tree"), { minLength: 1, maxLength: 5 }), { nil: undefined });
  return {
    tree: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      atom,
      items,
      items.map((list) => new PyTuple(list)),
      dictOf(tie("tree")),
      fc.array(key, { maxLength: 5 }).map((list) => new PySet(list)),
      key,
      fc
        .tuple(
          global,
          items,
          constructions,
          fc.option(tie("tree"), { nil: undefined }),
          some,
          fc.option(fc.tuple(key, tie("tree")), { nil: undefined }),
        )
        .map(
          ([callable, args, construction, state, list, entry]) =>
            new PyObject(callable, new PyTuple(args), {
              construction,
              state,
              items: list,
              entries: entry && [entry],
            }),
        ),
      fc.tuple(global, items, fc.dictionary(identifier, tie("tree"), { minKeys: 1, maxKeys: 3 })).map(
        ([callable, args, kwargs]) =>
          new PyObject(callable, new PyTuple(args), {
            construction: "new",
            kwargs: new PyDict(Object.entries(kwargs)),
          }),
      ),
    ),
  };
}).tree;

const nodeKinds = [
  "list",
  "list",
  "dict",
  "object",
  "object",
  "tuple",
  "tuple",
  "set",
  "frozenset",
  "bytearray",
  "bytes",
] as const;

type NodeKind = (typeof nodeKinds)[number];

const node = fc.record({
  kind: fc.constantFrom(...nodeKinds),
  /** Which nodes stand in it, counted from the first; in a set, those of them that Python can hash. */
  parts: fc.array(fc.nat({ max: 11 }), { maxLength: 4 }),
});

/** Values that stand in several places, and in themselves. */
export const graph: fc.Arbitrary<PyValue> = fc.array(node, { minLength: 1, maxLength: 12 }).map((nodes) => {
  const made: PyValue[] = [];
  for (const [i, { kind, parts }] of nodes.entries()) {
    // Tuples and frozensets are complete when they are made: they hold only what there is by then.
    const earlier = parts.filter((part) => part < i).map((part) => made[part] as PyValue);
    made.push(shellOf(kind, earlier));
  }
  for (const [i, { parts }] of nodes.entries()) {
    fill(
      made[i] as PyValue,
      parts.flatMap((part) => (part < made.length ? [made[part] as PyValue] : [])),
    );
  }
  return made;
});

function shellOf(kind: NodeKind, earlier: readonly PyValue[]): PyValue {
  switch (kind) {
    case "list":
      return [];
    case "dict":
      return new PyDict();
    case "object":
      return new PyObject(new PyGlobal("app", "Point"), new PyTuple(), { construction: "new" });
    case "tuple":
      return new PyTuple(earlier);
    case "set":
      return new PySet();
    case "frozenset":
      return new PyFrozenSet(earlier.filter(isKey));
    case "bytearray":
      return new PyByteArray(Uint8Array.of(1, 2));
    case "bytes":
      return Uint8Array.of(3, 4);
  }
}

const isKey = (value: PyValue): boolean => value instanceof PyObject || value instanceof Uint8Array;

function fill(shell: PyValue, parts: readonly PyValue[]): void {
  if (Array.isArray(shell)) shell.push(...parts);
  if (shell instanceof PyDict) for (const [i, part] of parts.entries()) shell.set(i, part);
  if (shell instanceof PySet && !(shell instanceof PyFrozenSet)) {
    for (const part of parts.filter(isKey)) shell.add(part);
  }
  if (shell instanceof PyObject && parts.length > 0) {
    shell.changes.push({ kind: "append", values: parts }, { kind: "build", values: [parts[0] as PyValue] });
  }
}
