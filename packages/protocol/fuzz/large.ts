// Inputs that are longer than most, or deeper, or with more keys: where the codec goes other ways than for small ones.

import { Op } from "../src/pickle/opcodes.js";
import type { Random } from "../test/random.js";
import { opcodeOffsets } from "./walk-opcodes.js";

/** Opcodes that wrap the value on the stack in a container, as their characters. */
const wrappers = ["\x85", "(N", "]", "}N", "capp\nPoint\n"] as const;
const closers = ["", "t", "a", "s", "\x85R"] as const;

/** Containers in one another, about as many as are allowed. */
function deep(random: Random): Uint8Array {
  const depth = random.pick([20, 200, 998, 999, 1000, 1001, 1002]);
  const mixed = random.below(2) === 0;
  const kind = random.below(wrappers.length);
  const kinds = Array.from({ length: depth }, () => (mixed ? random.below(wrappers.length) : kind));
  // What opens stands outside first; a tuple of one has nothing to open.
  const opening = kinds.map((one) => (one === 0 ? "" : wrappers[one])).join("");
  const closing = kinds
    .reverse()
    .map((one) => (one === 0 ? "\x85" : closers[one]))
    .join("");
  return Uint8Array.from(Buffer.from(`${opening}${random.pick(["N", "]", ")", "}"])}${closing}.`, "latin1"));
}

/** A dict or set of many keys, most of them numbers. */
function wide(random: Random): Uint8Array {
  const dict = random.below(2) === 0;
  const bytes: number[] = dict ? [Op.EMPTY_DICT, Op.MARK] : [Op.EMPTY_SET, Op.MARK];
  const count = random.pick([100, 128, 129, 300, 600]);
  const step = random.pick([1, 2, 256, 4096, 65536]);
  const shape = random.below(4);
  for (let i = 0; i < count; i++) {
    const number = shape === 0 ? random.below(2 ** 31) : i * step;
    if (shape === 3 && i % 2 === 0) {
      bytes.push(Op.BINFLOAT, 0x3f + random.below(2), ...random.bytes(2), 0, 0, 0, 0, 0);
    } else if (shape === 2) {
      bytes.push(Op.LONG1, 9, ...random.bytes(2), number & 0xff, (number >>> 8) & 0xff, 1, 0, 0, i & 0x7f, 1);
    } else {
      bytes.push(Op.BININT);
      for (let byte = 0; byte < 4; byte++) bytes.push((number >>> (8 * byte)) & 0xff);
    }
    if (dict) bytes.push(Op.NONE);
  }
  bytes.push(dict ? Op.SETITEMS : Op.ADDITEMS, Op.STOP);
  return Uint8Array.from(bytes);
}

/** A list of what other pickles hold. */
function bundle(random: Random, pickles: readonly Uint8Array[]): Uint8Array {
  const bytes: number[] = [Op.MARK];
  const count = 3 + random.below(random.pick([6, 6, 30]));
  for (let i = 0; i < count; i++) {
    const pickle = random.pick(pickles);
    // Without STOP; a frame of its own would be too long by that.
    const offsets = opcodeOffsets(pickle).slice(0, -1);
    for (const [j, at] of offsets.entries()) {
      if (pickle[at] === Op.FRAME || pickle[at] === Op.STOP) continue;
      bytes.push(...pickle.subarray(at, offsets[j + 1]));
    }
  }
  bytes.push(Op.LIST, Op.STOP);
  return Uint8Array.from(bytes);
}

/** Makes one of them. */
export function makeLarge(random: Random, pickles: readonly Uint8Array[]): Uint8Array {
  const kind = random.below(20);
  if (kind === 0) return deep(random);
  if (kind === 1) return wide(random);
  return bundle(random, pickles);
}
