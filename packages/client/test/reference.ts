// Files as a server would have them, for tests of what is saved.

import { crc32 } from "node:zlib";
import type { Checksum, RemoteFile } from "../src/disk/disk.js";

/** Bytes that are the same for the same seed, none of them 0: what was never written is 0. */
export function reference(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = (seed + 1) * 0x9e3779b1;
  for (let i = 0; i < length; i++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5;
    bytes[i] = 1 + ((state >>> 8) % 255);
  }
  return bytes;
}

export function remote(size: number, version = "v1"): RemoteFile {
  return { name: "carpeta/fichero", version, size, modified: 1_700_000_000.25 };
}

/** What a server says of bytes. */
export function crc(bytes: Uint8Array): Checksum {
  return { algorithm: "crc32", value: crc32(bytes).toString(16).padStart(8, "0") };
}
