import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { Digests } from "./digests.js";
import type { Storage, StoredFile } from "./storage/storage.js";

const close = async (): Promise<void> => {};

/** A file of that version, which is read as told. */
function fileOf(version: string, next: () => Promise<IteratorResult<Uint8Array>>): StoredFile {
  return {
    size: 1,
    version,
    modified: new Date(0),
    read: () => ({ [Symbol.asyncIterator]: () => ({ next }) }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** As of a disk that does not answer. */
const stuck = (): Promise<IteratorResult<Uint8Array>> => new Promise(() => {});

/** As of a disk that is broken. */
const broken = (): Promise<IteratorResult<Uint8Array>> => Promise.reject(new Error("EIO"));

/** Whoever asks so has given up, and is told at once that there is no digest yet. */
const givenUp = AbortSignal.abort();
const waiting = new AbortController().signal;

/** Digests of a storage that has the file that was put there last. */
function digestsOf(file: StoredFile): { digests: Digests; put(file: StoredFile): void; opened(): number } {
  let current = file;
  let opened = 0;
  const storage: Storage = {
    list: async () => [],
    open: async () => {
      opened += 1;
      return current;
    },
  };
  const put = (file: StoredFile): void => {
    current = file;
  };
  return { digests: new Digests(storage), put, opened: () => opened };
}

const refusedAs = (reason: string): object => expect.objectContaining({ code: "REFUSED", reason });

describe("A digest", () => {
  beforeEach(() => () => void vi.useRealTimers());

  test("is not waited for by who had given up before", async () => {
    const file = fileOf("1", stuck);
    const { digests, opened } = digestsOf(file);
    const given = digests.of("a", file, "sha256", givenUp);
    expect(await Promise.race([given, setImmediate("still waits")])).toBeNull();
    expect(opened()).toBe(1);
  });

  test("is refused to who asks again for a file that has become another one meanwhile, once", async () => {
    const [one, two] = [fileOf("1", stuck), fileOf("2", stuck)];
    const { digests, opened } = digestsOf(one);
    expect(await digests.of("a", one, "sha256", givenUp)).toBeNull();
    await expect(digests.of("a", two, "sha256", givenUp)).rejects.toEqual(refusedAs("CHANGED"));
    expect(await digests.of("a", two, "sha256", givenUp)).toBeNull();
    expect(opened()).toBe(2);
  });

  test("is refused to who waits once another one finds the file changed", async () => {
    const [one, two] = [fileOf("1", stuck), fileOf("2", stuck)];
    const { digests } = digestsOf(one);
    const waits = digests.of("a", one, "sha256", waiting);
    const refused = expect(waits).rejects.toEqual(refusedAs("CHANGED"));
    expect(await digests.of("a", two, "sha256", givenUp)).toBeNull();
    await refused;
  });

  test("that failed while nobody waited is refused to who asks again, and computed anew for who asks then", async () => {
    const file = fileOf("1", broken);
    const { digests, opened } = digestsOf(file);
    expect(await digests.of("a", file, "sha256", givenUp)).toBeNull();
    await setImmediate();
    await expect(digests.of("a", file, "sha256", waiting)).rejects.toEqual(refusedAs("FAILED"));
    expect(opened()).toBe(1);
    await expect(digests.of("a", file, "sha256", waiting)).rejects.toEqual(refusedAs("FAILED"));
    expect(opened()).toBe(2);
  });

  test.each([
    ["is shorter than it was", [Uint8Array.of(97)], "CHANGED"],
    ["is longer than it was", [Uint8Array.of(97, 98, 99)], "FAILED"],
    ["goes on after its end", [Uint8Array.of(97, 98), Uint8Array.of(99)], "FAILED"],
    ["is given as text", ["ab"], "FAILED"],
    ["is given as numbers", [[97, 98]], "FAILED"],
  ])("of a file that %s is refused, and not remembered", async (_, given, reason) => {
    const read = (pieces: readonly unknown[]): StoredFile => {
      const iterator = pieces.values() as IterableIterator<Uint8Array>;
      return { ...fileOf("1", async () => iterator.next()), size: 2 };
    };
    const [file, mended] = [read(given), read([Uint8Array.of(97, 98)])];
    const { digests, put } = digestsOf(file);
    onTestFinished(() => digests.close());
    await expect(digests.of("a", file, "sha256", waiting)).rejects.toEqual(refusedAs(reason));
    put(mended);
    const expected = createHash("sha256").update("ab").digest("hex");
    expect(await digests.of("a", mended, "sha256", waiting)).toBe(expected);
  });

  test("is computed anew for who comes long after it has failed", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const pieces = [Uint8Array.of(97)].values();
    const [file, mended] = [fileOf("1", broken), fileOf("1", async () => pieces.next())];
    const { digests, put } = digestsOf(file);
    onTestFinished(() => digests.close());
    expect(await digests.of("a", file, "sha256", givenUp)).toBeNull();
    await setImmediate();
    put(mended);
    vi.setSystemTime(Date.now() + 6000);
    const expected = createHash("sha256").update("a").digest("hex");
    expect(await digests.of("a", mended, "sha256", waiting)).toBe(expected);
  });
});
