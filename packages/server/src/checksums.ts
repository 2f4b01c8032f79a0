// Checksums of what is sent, computed while it goes by: PROTOCOL.md section 6.2.

import { crc32 } from "node:zlib";

/** A checksum under way. */
export interface Checksum {
  readonly algorithm: string;
  /** How many hexadecimal digits it has. */
  readonly digits: number;
  update(piece: Uint8Array): void;
  /** In lower-case hexadecimal. */
  digest(): string;
}

type Algorithm = () => Promise<(() => Checksum) | undefined>;

const algorithms: ReadonlyMap<string, Algorithm> = new Map([
  ["xxh3", xxh3],
  ["crc32", async () => crc],
]);

/** What makes checksums in the first of these algorithms that there is here; undefined where there is none. */
export async function chooseChecksum(names: readonly string[]): Promise<(() => Checksum) | undefined> {
  for (const name of names) {
    const checksum = await algorithms.get(name)?.();
    if (checksum) return checksum;
  }
  return undefined;
}

let loading: ReturnType<Algorithm> | undefined;

/** 64-bit XXH3 with seed 0, which is native code, and so not there on every platform. */
function xxh3(): ReturnType<Algorithm> {
  loading ??= import("@node-rs/xxhash").then(
    (module) => () => {
      const state = module.xxh3.Xxh3.withSeed();
      return {
        algorithm: "xxh3",
        digits: 16,
        update: (piece) => void state.update(piece),
        digest: () => state.digest().toString(16).padStart(16, "0"),
      };
    },
    () => undefined,
  );
  return loading;
}

function crc(): Checksum {
  let value = 0;
  return {
    algorithm: "crc32",
    digits: 8,
    update: (piece) => {
      value = crc32(piece, value);
    },
    digest: () => value.toString(16).padStart(8, "0"),
  };
}
