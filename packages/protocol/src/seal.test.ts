import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { sealOf } from "./seal.js";

describe("sealOf()", () => {
  it.each([
    [[], ""],
    [["a.txt", "v1", 5, 0, 5], "a.txt\nv1\n5\n0\n5\n"],
    [["año", "", 2 ** 40], "año\n\n1099511627776\n"],
  ])("is the CRC-32 of %j, each on a line", (fields, text) => {
    const seal = crc32(Buffer.from(text)).toString(16).padStart(8, "0");
    expect(sealOf(fields)).toBe(seal);
    expect(sealOf(fields, crc32)).toBe(seal);
  });

  it("tells lone surrogates apart", () => {
    const bytes = Buffer.from([0x61, 0xed, 0xb2, 0x80, 0x0a]);
    expect(sealOf(["a\udc80"])).toBe(crc32(bytes).toString(16).padStart(8, "0"));
    expect(sealOf(["a\udc81"])).not.toBe(sealOf(["a\udc80"]));
  });
});
