import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { type DecodeOptions, decode, encode, type PyValue } from "./index.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Decodes a pickle of one million bytes besides the value, and keeps only the value. */
function decodeAndForget(
  value: PyValue,
  options?: DecodeOptions,
): { kept: PyValue; input: WeakRef<ArrayBufferLike> } {
  const pickle = encode([new Uint8Array(1_000_000), value]).slice();
  const [, kept] = decode(pickle, options) as [Uint8Array, PyValue];
  return { kept, input: new WeakRef(pickle.buffer) };
}

async function isCollected(input: WeakRef<ArrayBufferLike>): Promise<boolean> {
  // A WeakRef holds what it refers to until the turn is over.
  for (let turn = 0; turn < 10 && input.deref(); turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  return input.deref() === undefined;
}

test.each(["corta", "una que es más larga", "a name of more than twelve characters"])(
  "the string %j does not keep the input alive",
  async (text) => {
    const { kept, input } = decodeAndForget(text);
    expect(await isCollected(input)).toBe(true);
    expect(kept).toBe(text);
  },
);

test("bytes keep the input alive, as they are a view on it, and a copy does not", async () => {
  const view = decodeAndForget(Uint8Array.of(1, 2, 3));
  expect(await isCollected(view.input)).toBe(false);
  expect(view.kept).toEqual(Uint8Array.of(1, 2, 3));
  const copy = decodeAndForget(Uint8Array.of(1, 2, 3), { copyBytes: true });
  expect(await isCollected(copy.input)).toBe(true);
  expect(copy.kept).toEqual(view.kept);
});

test("a string keeps 1 KiB of text alive at most", async () => {
  const strings: PyValue[] = [];
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 1000; i++) {
    const pickle = encode([
      `una cadena de texto ${i}`,
      ...Array.from({ length: 2000 }, (_, k) => `otra cadena ${k}`),
    ]);
    strings.push((decode(pickle) as PyValue[])[0] as PyValue);
  }
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  expect((process.memoryUsage().heapUsed - before) / strings.length).toBeLessThan(2048);
  expect(strings[7]).toBe("una cadena de texto 7");
});
