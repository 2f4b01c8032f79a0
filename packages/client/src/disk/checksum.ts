// The checksums of PROTOCOL.md 6.2, computed as bytes go by.

import nodeModule from "node:module";
import { crc32 } from "node:zlib";
import { lazy } from "../lazy.js";
import { workerScript } from "./script.js";

/** What a server said of bytes. */
export interface Checksum {
  readonly algorithm: string;
  /** In lower-case hexadecimal. */
  readonly value: string;
}

/** A checksum of bytes that come in pieces. */
export interface Hasher {
  readonly algorithm: string;
  update(bytes: Uint8Array): void;
  /** What it is of all that came, in lower-case hexadecimal. Asked once. */
  value(): string;
}

type XxHash = typeof import("@node-rs/xxhash");

/** Neither its name nor `createRequire` is written as bundlers look for it: they would take it in, and cannot. */
const addon = ["@node-rs", "xxhash"].join("/");

/**
 * The native module, where there is one for this machine. Not loaded before it is needed: who begins to save waits for that.
 * Both threads look for it from the same place, so that one computes what the other asks for.
 */
const xxhash = lazy((): XxHash | undefined => {
  try {
    return nodeModule.createRequire(workerScript())(addon) as XxHash;
  } catch {
    return undefined;
  }
});

const hex = (value: number | bigint, digits: number): string => value.toString(16).padStart(digits, "0");

class Crc32 implements Hasher {
  readonly algorithm = "crc32";
  #value = 0;

  update(bytes: Uint8Array): void {
    // Of no bytes that have no place in memory zlib begins anew.
    if (bytes.length > 0) this.#value = crc32(bytes, this.#value);
  }

  value(): string {
    return hex(this.#value, 8);
  }
}

class Xxh3 implements Hasher {
  readonly algorithm = "xxh3";
  readonly #state: InstanceType<XxHash["xxh3"]["Xxh3"]>;

  constructor({ xxh3 }: XxHash) {
    this.#state = xxh3.Xxh3.withSeed();
  }

  update(bytes: Uint8Array): void {
    this.#state.update(bytes);
  }

  value(): string {
    return hex(this.#state.digest(), 16);
  }
}

/** What can be computed here, the fastest first. */
const makers = lazy(() => {
  const known = new Map<string, () => Hasher>();
  const module = xxhash();
  if (module) known.set("xxh3", () => new Xxh3(module));
  return known.set("crc32", () => new Crc32());
});

/** Names of the checksums that can be computed here, the fastest first. */
export const algorithms: () => readonly string[] = lazy(() => Object.freeze([...makers().keys()]));

/** Begins a checksum, or gives nothing where it is not one of `algorithms`. */
export function hasherFor(algorithm: string): Hasher | undefined {
  return makers().get(algorithm)?.();
}

/** Begins a checksum of our own choice. */
export function ownHasher(): Hasher {
  const module = xxhash();
  return module ? new Xxh3(module) : new Crc32();
}

/** For small files: to make a state for each, or the function for whole bytes, takes longer than to use one again. */
const smallState = lazy(() => xxhash()?.xxh3.Xxh3.withSeed());

/** The checksum of a few bytes, or nothing where it is not one of `algorithms`. */
export function checksumOf(algorithm: string, bytes: Uint8Array): string | undefined {
  const state = algorithm === "xxh3" ? smallState() : undefined;
  if (state) {
    state.reset();
    state.update(bytes);
    return hex(state.digest(), 16);
  }
  const hasher = hasherFor(algorithm);
  hasher?.update(bytes);
  return hasher?.value();
}
