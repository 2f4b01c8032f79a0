// Random values that are the same in each run.

import {
  PyByteArray,
  PyDict,
  PyFloat,
  PyFrozenSet,
  PySet,
  PyTuple,
  type PyValue,
} from "../src/pickle/index.js";

/** A generator of random numbers, mulberry32. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** At least 0 and below `end`. */
  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  /** Offsets to cut a run of bytes at: ascending, with the end as the last. */
  cuts(length: number, longest: number): number[] {
    const cuts: number[] = [];
    for (let at = 0; at < length; ) {
      at = Math.min(length, at + 1 + this.below(longest));
      cuts.push(at);
    }
    return cuts;
  }

  double(): number {
    const value = new DataView(this.bytes(8).buffer).getFloat64(0);
    return Number.isNaN(value) ? 0.5 : value;
  }
}

const characters = [
  "a",
  "\\",
  "\n",
  "\r",
  "\0",
  "\x1a",
  "'",
  "\x7f",
  "é",
  "ÿ",
  "Ā",
  "中",
  "\ud800",
  "\udfff",
  "😀",
];

function randomText(random: Random): string {
  const unit = Array.from({ length: random.below(6) }, () => random.pick(characters)).join("");
  return unit.repeat(random.pick([1, 1, 1, 1, 60]));
}

function randomInt(random: Random): number | bigint {
  const bits = random.pick([1, 8, 16, 31, 32, 33, 53, 54, 63, 64, 65, 200, 2100]);
  const magnitude = 2n ** BigInt(bits) + BigInt(random.below(3)) - 1n;
  const value = random.below(2) === 0 ? magnitude : -magnitude;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function randomFloat(random: Random): number | PyFloat {
  const value = random.pick([
    random.double(),
    random.below(1e9) / 1000,
    0.1,
    -0,
    1e22,
    Number.POSITIVE_INFINITY,
  ]);
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? new PyFloat(value) : value;
}

function randomKey(random: Random, depth: number): PyValue {
  switch (random.below(depth > 0 ? 7 : 5)) {
    case 0:
    case 1:
      return randomText(random);
    case 2:
      return randomInt(random);
    case 3:
      return randomFloat(random);
    case 4:
      return random.pick([null, true, false, random.bytes(random.below(5))]);
    case 5:
      return new PyTuple(Array.from({ length: random.below(5) }, () => randomKey(random, depth - 1)));
    default:
      return new PyFrozenSet(Array.from({ length: 1 + random.below(4) }, () => randomKey(random, depth - 1)));
  }
}

/** A value as `decode` gives it: of all types, containers nested up to `depth`. */
export function randomValue(random: Random, depth: number): PyValue {
  const items = (): PyValue[] =>
    Array.from({ length: random.below(6) }, () => randomValue(random, depth - 1));
  switch (random.below(depth > 0 ? 9 : 4)) {
    case 0:
    case 1:
      return randomKey(random, 2);
    case 2:
      return random.bytes(random.pick([0, 1, 2, 255, 256, 300]));
    case 3:
      return new PyByteArray(random.bytes(random.below(5)));
    case 4:
    case 5:
      return items();
    case 6:
      return new PyTuple(items());
    case 7:
      return new PyDict(items().map((value) => [randomKey(random, 2), value]));
    default:
      return new PySet(Array.from({ length: random.below(6) }, () => randomKey(random, 2)));
  }
}
