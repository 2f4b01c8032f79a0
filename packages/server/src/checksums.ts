// Checksums of what is sent, computed while it goes by: PROTOCOL.md section 6.2.

import { crc32 } from "node:zlib";

/** A checksum under way. */
export interface Checksum {
  update(piece: Uint8Array): void;
  /** In lower-case hexadecimal. */
  digest(): string;
}

/** A way to compute checksums. */
export interface ChecksumAlgorithm {
  readonly name: string;
  /** How many hexadecimal digits a checksum has. */
  readonly digits: number;
  create(): Checksum;
  /** The checksum of what is there already. */
  of(bytes: Uint8Array): string;
}

const algorithms: ReadonlyMap<string, () => Promise<ChecksumAlgorithm | undefined>> = new Map([
  ["xxh3", xxh3],
  ["crc32", async () => crc],
]);

/** The first of these algorithms that there is here. */
export async function chooseChecksum(names: readonly string[]): Promise<ChecksumAlgorithm | undefined> {
  for (const name of names) {
    const algorithm = await algorithms.get(name)?.();
    if (algorithm) return algorithm;
  }
  return undefined;
}

let loading: Promise<ChecksumAlgorithm | undefined> | undefined;

/** Imports by a name that bundlers do not see: they cannot take native code in, and it is done without where it is missing. */
function importAddon(name: string): Promise<typeof import("@node-rs/xxhash")> {
  return import(/* webpackIgnore: true */ /* @vite-ignore */ name);
}

/** 64-bit XXH3 with seed 0, which is native code, and so not there on every platform. */
function xxh3(): Promise<ChecksumAlgorithm | undefined> {
  loading ??= importAddon("@node-rs/xxhash").then(
    ({ xxh3 }) => {
      // To make a state for each small file, or the function for whole bytes, takes longer than to use one again.
      const smallState = xxh3.Xxh3.withSeed();
      return {
        name: "xxh3",
        digits: 16,
        create: () => {
          const state = xxh3.Xxh3.withSeed();
          return {
            update: (piece) => void state.update(piece),
            digest: () => hexadecimal(state.digest(), 16),
          };
        },
        of: (bytes) => {
          smallState.reset();
          smallState.update(bytes);
          return hexadecimal(smallState.digest(), 16);
        },
      };
    },
    () => undefined,
  );
  return loading;
}

const crc: ChecksumAlgorithm = {
  name: "crc32",
  digits: 8,
  create: () => {
    let value = 0;
    return {
      update: (piece) => {
        value = crc32(piece, value);
      },
      digest: () => hexadecimal(value, 8),
    };
  },
  of: (bytes) => hexadecimal(crc32(bytes), 8),
};

function hexadecimal(value: number | bigint, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
