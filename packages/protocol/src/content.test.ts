import { describe, expect, it } from "vitest";
import { Content } from "./index.js";

describe("Content", () => {
  it("gives the bytes it was made of, as often as it is opened", async () => {
    const content = Content.of(Uint8Array.of(1, 2, 3));
    expect(content.length).toBe(3);
    for (let i = 0; i < 2; i++) expect(await content.bytes()).toEqual(Uint8Array.of(1, 2, 3));
    expect(await Content.of(new Uint8Array(0)).bytes()).toEqual(new Uint8Array(0));
    await content.cancel();
  });

  it("gives copies of what its source overwrites, and lends that itself", async () => {
    const memory = new Uint8Array(2);
    const source = async function* (): AsyncGenerator<Uint8Array> {
      for (const byte of [1, 2, 3]) yield memory.fill(byte);
    };
    const content = new Content(6, { open: source, lends: true });
    const kept: Uint8Array[] = [];
    for await (const piece of content) kept.push(piece);
    expect(kept).toEqual([Uint8Array.of(1, 1), Uint8Array.of(2, 2), Uint8Array.of(3, 3)]);
    for await (const piece of content.lend()) expect(piece).toBe(memory);
    expect(await content.bytes()).toEqual(Uint8Array.of(1, 1, 2, 2, 3, 3));
  });

  it("ends its source where a loop over copies is left early", async () => {
    let ended = false;
    const source = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield Uint8Array.of(1);
      } finally {
        ended = true;
      }
    };
    for await (const _ of new Content(9, { open: source, lends: true })) break;
    expect(ended).toBe(true);
  });

  it("is given up where it is too long for an array", async () => {
    let cancelled = 0;
    const content = new Content(Number.MAX_SAFE_INTEGER, {
      open: () => ({ next: () => new Promise(() => {}) }),
      cancel: async () => {
        cancelled += 1;
      },
    });
    await expect(content.bytes()).rejects.toThrow(
      "Cannot hold a content of 9007199254740991 bytes in one array",
    );
    expect(cancelled).toBe(1);
  });

  it.each([-1, 1.5, Number.NaN])("refuses a length of %s", (length) => {
    expect(() => new Content(length, { open: () => ({ next: () => new Promise(() => {}) }) })).toThrow(
      TypeError,
    );
  });

  it("refuses a source that cannot be opened", () => {
    expect(() => new Content(1, {} as ConstructorParameters<typeof Content>[1])).toThrow("no open()");
  });
});
