import { describe, expect, it } from "vitest";
import { algorithms, checksumOf, hasherFor } from "./checksum.js";

// As zlib.crc32 of CPython and the xxhsum command print them.
const known = [
  ["crc32", "", "00000000"],
  ["crc32", "123456789", "cbf43926"],
  ["xxh3", "", "2d06800538d394c2"],
  ["xxh3", "a", "e6c632b61e964e1f"],
] as const;

describe("checksums", () => {
  it("are xxh3 and crc32, the faster first", () => expect(algorithms).toEqual(["xxh3", "crc32"]));

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
