import { expect, test } from "vitest";
import { Random } from "../../test/random.js";
import { asciiOf, countHigh, countHighBytes, maskedOf, WINDOW_BYTES } from "./ascii.js";

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

test("bytes above ASCII are counted, by Node's way and by that of any engine", () => {
  for (const { input, start, end } of stretches) {
    const numbers = new DataView(input.buffer);
    const count = input.subarray(start, end).filter((byte) => byte > 0x7f).length;
    expect(countHigh(asciiOf(input, start, end), numbers, start, end)).toBe(count);
    expect(countHighBytes(numbers, start, end)).toBe(count);
  }
});
