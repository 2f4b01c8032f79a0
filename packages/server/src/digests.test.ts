import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { Digests } from "./digests.js";
import type { Storage, StoredFile } from "./storage/storage.js";

test("A digest is not waited for by who had given up before", async () => {
  const close = async (): Promise<void> => {};
  let opened = 0;
  const file: StoredFile = {
    size: 1,
    version: "1",
    modified: new Date(0),
    // As of a disk that does not answer.
    read: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) }),
    close,
    [Symbol.asyncDispose]: close,
  };
  const storage: Storage = {
    list: async () => [],
    open: async () => {
      opened += 1;
      return file;
    },
  };
  const digests = new Digests(storage);
  const given = digests.of("a", file, "sha256", AbortSignal.abort());
  expect(await Promise.race([given, setImmediate("still waits")])).toBeNull();
  expect(opened).toBe(1);
});
