// Valid pickles for the mutations to begin with: those that CPython wrote, and what our encoder writes of many values.

import {
  encode,
  PyBuffer,
  PyExtension,
  PyGlobal,
  PyObject,
  PyPersistentId,
  PyTuple,
  type PyValue,
} from "../src/pickle/index.js";
import { dataModel } from "../test/data-model.js";
import { protocols } from "../test/pickles.js";
import { Random, randomValue } from "../test/random.js";
import { seeds } from "./seeds.js";

/** Longer ones would only take time. */
const LONGEST = 700;

const point = new PyGlobal("app", "Point");

function instances(): PyValue[] {
  const plain = new PyObject(point, new PyTuple(), { construction: "new", state: { x: 1, y: [2] } });
  const own = new PyObject(point, new PyTuple([1]), { construction: "call" });
  own.changes.push({ kind: "build", values: [new PyTuple([null, own])] });
  const nested = new PyObject(new PyObject(point, new PyTuple(["class"])), new PyTuple([plain]));
  return [
    plain,
    own,
    nested,
    new PyObject(point, new PyTuple([1, 2]), { construction: "classic", state: { z: 3 } }),
    new PyObject(point, new PyTuple(), { items: [1, 2, 3], entries: [["k", 1]], state: 5 }),
    [plain, own, plain, point],
    new PyTuple([new PyPersistentId("id"), new PyExtension(7), new PyExtension(300)]),
    [new PyBuffer(Uint8Array.of(1, 2)), new PyBuffer(Uint8Array.of(3), true)],
  ];
}

/** The pickle of a value, where the protocol can hold it. */
function tried(write: () => Uint8Array): Uint8Array[] {
  try {
    const pickle = write();
    return pickle.length <= LONGEST ? [pickle] : [];
  } catch {
    return [];
  }
}

/** All of them, always in the same order. */
export function corpus(): Uint8Array[] {
  const random = new Random(20);
  const values = [
    ...dataModel.map(({ value }) => value),
    ...Array.from({ length: 80 }, () => randomValue(random, 4)),
    ...instances(),
    ...instances(),
    ...instances(),
  ];
  const written = values.flatMap((value) =>
    protocols.flatMap((protocol) => tried(() => encode(value, { protocol }))),
  );
  const outOfBand = instances().flatMap((value) =>
    tried(() => encode(value, { protocol: 5, bufferCallback: () => false })),
  );
  const checkedIn = seeds.map((hex) => Uint8Array.from(Buffer.from(hex, "hex")));
  return [...written, ...outOfBand, ...checkedIn, ...checkedIn];
}
