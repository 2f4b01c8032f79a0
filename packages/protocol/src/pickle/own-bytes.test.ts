import { afterEach, describe, expect, test, vi } from "vitest";
import { encode } from "./index.js";

const wait = { estado: "wait", data: null };

afterEach(() => vi.unstubAllGlobals());

/** Tries to take a pickle's memory away, as handing it to a worker would. */
function transfer({ buffer }: Uint8Array): void {
  try {
    structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
  } catch {
    // Node from 21 on refuses, Node 20 makes a copy.
  }
}

describe("a small pickle", () => {
  test("is a plain Uint8Array of its own length", () => {
    const pickle = encode(wait);
    expect(Object.getPrototypeOf(pickle)).toBe(Uint8Array.prototype);
    expect([pickle[0], pickle.at(-1)]).toEqual([0x80, 0x2e]);
  });

  test("is not changed by those that are written after it", () => {
    const pickles = Array.from({ length: 500 }, (_, i) => encode([i, "x".repeat(i % 50)]));
    pickles.forEach((pickle, i) => {
      expect(pickle).toEqual(encode([i, "x".repeat(i % 50)]));
    });
  });

  test("is not lost when another one is transferred", () => {
    const pickles = Array.from({ length: 100 }, () => encode(wait));
    const copy = (pickles[0] as Uint8Array).slice();
    transfer(pickles[50] as Uint8Array);
    pickles.push(encode(wait));
    for (const pickle of pickles) expect(pickle).toEqual(copy);
  });
});

describe.each([
  { name: "there is no Buffer", Buffer: undefined },
  { name: "Buffer has no pool", Buffer: { allocUnsafe: (length: number) => new Uint8Array(length) } },
])("where $name", ({ Buffer }) => {
  test("a pickle has an ArrayBuffer of its own, so that it can be transferred", () => {
    const expected = encode(wait).slice();
    // More than what is left of the memory that was in use.
    vi.stubGlobal("Buffer", Buffer);
    const pickles = Array.from({ length: 100 }, () => encode(wait)).slice(50);
    for (const pickle of pickles) expect(pickle.buffer.byteLength).toBe(pickle.length);
    const [first, ...others] = pickles as [Uint8Array, ...Uint8Array[]];
    transfer(first);
    expect(first).toHaveLength(0);
    for (const pickle of others) expect(pickle).toEqual(expected);
  });
});

test("a pickle of more than a kibibyte has an ArrayBuffer of its own", () => {
  const pickle = encode("x".repeat(2000));
  expect(pickle.buffer.byteLength).toBe(pickle.length);
});
