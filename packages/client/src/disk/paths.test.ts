import { describe, expect, it } from "vitest";
import { native, resumableNames, temporaryName, temporaryPath, textOf } from "./paths.js";

describe.skipIf(process.platform === "win32")("native()", () => {
  it("leaves text as it is", () => expect(native("/niño/😀")).toBe("/niño/😀"));

  it.each([
    ["one byte", "/a/x\udcff", [0x2f, 0x61, 0x2f, 0x78, 0xff]],
    ["bytes beside text", "é\udce9é", [0xc3, 0xa9, 0xe9, 0xc3, 0xa9]],
    ["a character cut short", "\udcf0\udc9f\udc98", [0xf0, 0x9f, 0x98]],
  ])("turns lone surrogates into %s", (_, text, bytes) => {
    expect(native(text)).toEqual(Buffer.from(bytes));
    expect(textOf(Buffer.from(bytes))).toBe(text);
  });

  it.each([
    ["a NUL", "a\0b"],
    ["a surrogate that stands for no byte", "a\udc7f"],
    ["the first half of a pair", "a\ud800"],
    ["bytes that are text after all", "\udcc3\udca9"],
  ])("refuses %s", (_, path) => {
    expect(() => native(path)).toThrow(
      expect.objectContaining({ name: "TargetError", code: "BAD_NAME", path }),
    );
  });
});

describe("textOf()", () => {
  // As bytes.decode("utf-8", "surrogateescape") of CPython.
  it.each([
    ["c3a9", "é"],
    ["c0af", "\udcc0\udcaf"],
    ["e08080", "\udce0\udc80\udc80"],
    ["eda080", "\udced\udca0\udc80"],
    ["efbfbd", "\ufffd"],
    ["f0808080", "\udcf0\udc80\udc80\udc80"],
    ["f4908080", "\udcf4\udc90\udc80\udc80"],
    ["f09f9880", "😀"],
    ["61e9", "a\udce9"],
    ["e98180ff", "遀\udcff"],
    ["f5", "\udcf5"],
  ])("reads %s", (hex, text) => expect(textOf(Buffer.from(hex, "hex"))).toBe(text));
});

describe("names of parts", () => {
  it("are short, the same for the same target, and others for others", () => {
    const names = resumableNames(`/a/${"x".repeat(255)}`);
    expect(names).toEqual(resumableNames(`/a/${"x".repeat(255)}`));
    expect(names.part).toMatch(/^\/a\/\.fileshare-[0-9a-f]{16}\.part$/);
    expect(resumableNames("/a/y\udcff")).not.toEqual(resumableNames("/a/y\udcfe"));
    const temporary = [temporaryPath("/a/x"), temporaryPath("/a/x")];
    expect(new Set(temporary).size).toBe(2);
    for (const path of [names.part, names.log, ...temporary]) expect(path.slice(3)).toMatch(temporaryName);
  });
});
