// Keeps dicts linear whatever their keys are. V8 hashes strings with a secret seed, but numbers and bigints with a known
// function: crafted ints take a Map many times as long as others, and of a bigint only the low 64 bits count. The guard computes the same hash and counts how
// many keys of one dict fall into a bucket. Other engines hash otherwise; there it finds nothing, and costs the same.
// Source of the functions: V8 src/utils/utils.h, ComputeUnseededHash and ComputeLongHash (the same in V8 11 to 14).

/** Below this many keys, a dict of colliding ones is slower by a small factor only. */
export const GUARDED_SIZE = 128;

/** Counts collisions among the number keys of one dict or set. */
export class KeyGuard {
  readonly #limit: number;
  #counts = new Uint32Array(GUARDED_SIZE * 2);
  #hashes: number[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Counts a key. False when too many have collided. */
  admits(key: number | bigint): boolean {
    const hash = hashOf(key);
    this.#hashes.push(hash);
    if (this.#hashes.length <= this.#counts.length) return this.#count(hash);
    this.#counts = new Uint32Array(this.#counts.length * 2);
    return this.#hashes.every((each) => this.#count(each));
  }

  #count(hash: number): boolean {
    const bucket = hash & (this.#counts.length - 1);
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    return (this.#counts[bucket] as number) <= this.#limit;
  }
}

function hashOf(key: number | bigint): number {
  if (typeof key === "bigint") return longHash(BigInt.asUintN(64, key < 0n ? -key : key));
  if (key === (key | 0)) return intHash(key);
  float[0] = key;
  return longHash(bits[0] as bigint);
}

const float = /* @__PURE__ */ new Float64Array(1);
const bits = /* @__PURE__ */ new BigUint64Array(float.buffer);

function intHash(key: number): number {
  let hash = (~key + (key << 15)) | 0;
  hash ^= hash >>> 12;
  hash = (hash + (hash << 2)) | 0;
  hash ^= hash >>> 4;
  hash = Math.imul(hash, 2057);
  return hash ^ (hash >>> 16);
}

function longHash(key: bigint): number {
  let hash = BigInt.asUintN(64, (key << 18n) - key - 1n);
  hash ^= hash >> 31n;
  hash = BigInt.asUintN(64, hash * 21n);
  hash ^= hash >> 11n;
  hash = BigInt.asUintN(64, hash * 65n);
  hash ^= hash >> 22n;
  return Number(hash & 0x3fffffffn);
}
