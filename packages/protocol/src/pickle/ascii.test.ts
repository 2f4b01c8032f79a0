import { expect, test, vi } from "vitest";
import { Random } from "../../test/random.js";
import { asciiOf, countHigh, maskedOf, WINDOW_BYTES } from "./ascii.js";
import { decode, encode, PyDict } from "./index.js";

const source = new Random(7);
const stretches = Array.from({ length: 300 }, () => {
  const share = source.pick([0, 0, 1, 20, 100]);
  const input = source.bytes(2000).map((byte) => (source.below(100) < share ? byte | 0x80 : byte & 0x7f));
  const start = source.below(900);
  return { input, start, end: start + source.below(WINDOW_BYTES + 1) };
});

test("a stretch of input has its ASCII in place, by Node's way and by that of any engine", () => {
  for (const { input, start, end } of stretches) {
    for (const text of [asciiOf(input, start, end), maskedOf(input, start, end)]) {
      expect(text).toHaveLength(end - start);
      for (let at = start; at < end; at++) {
        const byte = input[at] as number;
        if (byte < 0x80) expect(text.charCodeAt(at - start)).toBe(byte);
      }
    }
  }
});

test("pickles are read the same where there is no Buffer", async () => {
  const texts = Array.from({ length: 200 }, (_, i) => (i % 50 === 49 ? `año ${i}` : `informe-${i}.pdf`));
  const value = [texts, new PyDict(texts.map((text) => [text, new PyDict([["nombre", text]])])), "corto"];
  const pickles = [value, ["corto"], "informe"].map((each) => encode(each));
  vi.resetModules();
  const { Buffer } = globalThis;
  Reflect.deleteProperty(globalThis, "Buffer");
  let portable: typeof import("./index.js");
  try {
    portable = await import("./index.js");
  } finally {
    globalThis.Buffer = Buffer;
  }
  expect(portable.decode).not.toBe(decode);
  for (const pickle of pickles) {
    const read = portable.decode(pickle);
    expect(portable.encode(read)).toEqual(pickle);
  }
});

test("characters above ASCII are counted", () => {
  for (const { input, start, end } of stretches) {
    const count = input.subarray(start, end).filter((byte) => byte > 0x7f).length;
    expect(countHigh?.(asciiOf(input, start, end))).toBe(count);
  }
});
