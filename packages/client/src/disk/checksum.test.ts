import Module from "node:module";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { algorithms, checksumOf, hasherFor } from "./checksum.js";

// As zlib.crc32 of CPython and the xxhsum command print them.
const known = [
  ["crc32", "", "00000000"],
  ["crc32", "123456789", "cbf43926"],
  ["xxh3", "", "2d06800538d394c2"],
  ["xxh3", "a", "e6c632b61e964e1f"],
] as const;

describe("checksums", () => {
  it("are xxh3 and crc32, the faster first", () => expect(algorithms()).toEqual(["xxh3", "crc32"]));

  it.each(known)("%s of %j is %s", (algorithm, text, value) => {
    const bytes = Buffer.from(text);
    expect(checksumOf(algorithm, bytes)).toBe(value);
    const hasher = hasherFor(algorithm);
    for (const byte of bytes) {
      hasher?.update(Uint8Array.of(byte));
      hasher?.update(new Uint8Array(0));
      hasher?.update(Buffer.alloc(0));
    }
    expect(hasher?.value()).toBe(value);
  });

  it("are not computed where they are unknown", () => {
    expect(checksumOf("md5", Buffer.from("a"))).toBeUndefined();
    expect(hasherFor("constructor")).toBeUndefined();
  });
});

describe("checksums where there is no native module for the machine", () => {
  it("are crc32 alone", async () => {
    const loader = Module as unknown as { _load(name: string, ...rest: unknown[]): unknown };
    const load = loader._load;
    const spy = vi.spyOn(loader, "_load").mockImplementation((name, ...rest) => {
      if (name === "@node-rs/xxhash") throw new Error("Cannot find native binding");
      return load.call(loader, name, ...rest);
    });
    onTestFinished(() => spy.mockRestore());
    vi.resetModules();
    const without = await import("./checksum.js");
    expect(without.algorithms()).toEqual(["crc32"]);
    expect(without.ownHasher().algorithm).toBe("crc32");
    expect(without.checksumOf("xxh3", Buffer.from("a"))).toBeUndefined();
    expect(without.checksumOf("crc32", Buffer.from("123456789"))).toBe("cbf43926");
  });
});
