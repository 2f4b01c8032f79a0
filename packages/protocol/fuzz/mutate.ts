// Inputs made of valid pickles: a few changes to their bytes, or to their opcodes.

import { Op, Shape, shapes } from "../src/pickle/opcodes.js";
import type { Random } from "../test/random.js";
import { opcodeOffsets } from "./walk-opcodes.js";

type Mutation = (bytes: Uint8Array, random: Random, other: Uint8Array) => Uint8Array;

const opcodes = Object.values(Op).filter((op) => typeof op === "number");
const byShape = new Map<number, number[]>();
for (const op of opcodes) {
  const shape = shapes[op] as number;
  byShape.set(shape, [...(byShape.get(shape) ?? []), op]);
}

/** What a byte is likely to matter as. */
const telling = [0, 1, 2, 0x0a, 0x20, 0x2e, 0x7f, 0x80, 0xfe, 0xff];

function joined(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function put(bytes: Uint8Array, from: number, to: number, part: Uint8Array | readonly number[]): Uint8Array {
  return joined(bytes.subarray(0, from), part, bytes.subarray(to));
}

/** Two of the offsets, in order. */
function range(offsets: readonly number[], random: Random, most: number): [number, number] {
  const from = random.below(offsets.length);
  const to = Math.min(offsets.length - 1, from + random.below(most + 1));
  return [offsets[from] as number, offsets[to] as number];
}

const ofBytes: readonly Mutation[] = [
  function flip(bytes, random) {
    const out = bytes.slice();
    const at = random.below(out.length);
    out[at] = (out[at] as number) ^ (1 << random.below(8));
    return out;
  },
  function set(bytes, random) {
    const out = bytes.slice();
    out[random.below(out.length)] = random.below(2) === 0 ? random.pick(telling) : random.below(256);
    return out;
  },
  function insert(bytes, random) {
    const at = random.below(bytes.length + 1);
    return put(bytes, at, at, random.bytes(1 + random.below(3)));
  },
  function remove(bytes, random) {
    const at = random.below(bytes.length);
    return put(bytes, at, Math.min(bytes.length, at + 1 + random.below(4)), []);
  },
  function truncate(bytes, random) {
    return bytes.slice(0, random.below(bytes.length));
  },
  function splice(bytes, random, other) {
    return joined(bytes.subarray(0, random.below(bytes.length)), other.subarray(random.below(other.length)));
  },
];

const ofOpcodes: readonly Mutation[] = [
  function change(bytes, random) {
    const out = bytes.slice();
    const at = random.pick(opcodeOffsets(out).slice(0, -1)) ?? 0;
    const alike = byShape.get(shapes[out[at] as number] as number) ?? opcodes;
    out[at] = random.pick(random.below(8) === 0 ? opcodes : alike);
    return out;
  },
  function insert(bytes, random) {
    const at = random.pick(opcodeOffsets(bytes));
    return put(bytes, at, at, [random.pick(byShape.get(0) ?? opcodes)]);
  },
  function remove(bytes, random) {
    const [from, to] = range(opcodeOffsets(bytes), random, 3);
    return put(bytes, from, to, []);
  },
  function duplicate(bytes, random) {
    const [from, to] = range(opcodeOffsets(bytes), random, 6);
    return put(bytes, to, to, bytes.slice(from, to));
  },
  function swap(bytes, random) {
    const offsets = opcodeOffsets(bytes);
    const [from, middle] = range(offsets, random, 2);
    const to = offsets[Math.min(offsets.length - 1, offsets.indexOf(middle) + 1)] as number;
    return joined(
      bytes.subarray(0, from),
      bytes.subarray(middle, to),
      bytes.subarray(from, middle),
      bytes.subarray(to),
    );
  },
  function splice(bytes, random, other) {
    const at = random.pick(opcodeOffsets(bytes));
    const [from, to] = range(opcodeOffsets(other), random, 12);
    return put(bytes, at, at, other.subarray(from, to));
  },
  function cross(bytes, random, other) {
    return joined(
      bytes.subarray(0, random.pick(opcodeOffsets(bytes))),
      other.subarray(random.pick(opcodeOffsets(other))),
    );
  },
  function tweakLength(bytes, random) {
    const counted = opcodeOffsets(bytes).filter((at) => {
      const shape = shapes[bytes[at] ?? 0] as number;
      return (shape < 0 && shape > Shape.Line) || bytes[at] === Op.FRAME;
    });
    if (counted.length === 0) return bytes;
    const out = bytes.slice();
    const at = random.pick(counted);
    const width = out[at] === Op.FRAME ? 8 : -(shapes[out[at] as number] as number);
    // Most often the lowest byte of the length: the others make it longer than any input.
    const byte = at + 1 + (random.below(4) === 0 ? random.below(width) : 0);
    out[byte] = random.below(4) === 0 ? random.pick(telling) : (out[byte] as number) + random.below(5) - 2;
    return out;
  },
];

/**
 * Changes a pickle a little.
 *
 * @param other another pickle, to take pieces from
 */
export function mutate(pickle: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  let bytes = pickle;
  const changes = 1 + random.below(random.below(4) === 0 ? 8 : 2);
  for (let i = 0; i < changes && bytes.length > 0; i++) {
    const mutation = random.pick(random.below(3) === 0 ? ofBytes : ofOpcodes);
    bytes = mutation(bytes, random, other);
  }
  return bytes;
}
