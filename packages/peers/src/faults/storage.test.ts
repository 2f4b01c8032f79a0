import { buffer } from "node:stream/consumers";
import { afterEach, describe, expect, test } from "vitest";
import type { Storage, StoredFile } from "../../../server/src/storage/storage.ts";
import { contentOf, FaultyStorage, generationOf, StorageFaultError, type StorageFaults } from "../index.ts";

const SIZE = 10_000;
const PIECE = 999;
/** A Buffer, as storages give: what is made of it must leave it as it is. */
const original = Buffer.from(Array.from({ length: SIZE }, (_, index) => index >> 2));
const untouched = Uint8Array.from(original);

afterEach(() => expect(original.equals(untouched)).toBe(true));

/** Files of the same content under any name that begins with "file". Counts what is open. */
class MemoryStorage implements Storage {
  opened = 0;
  closed = 0;

  async close(): Promise<void> {
    this.closed += 1;
  }

  async list(): Promise<string[]> {
    return ["file 1", "file 2"];
  }

  async open(name: string): Promise<StoredFile | undefined> {
    if (!name.startsWith("file")) return undefined;
    this.opened += 1;
    const close = async (): Promise<void> => {
      this.opened -= 1;
    };
    return {
      size: SIZE,
      version: "v",
      modified: new Date(0),
      async *read(start, end) {
        for (let at = start; at < end; at += PIECE) yield original.subarray(at, Math.min(end, at + PIECE));
      },
      close,
      [Symbol.asyncDispose]: close,
    };
  }
}

function faulty(faults: StorageFaults, seed = 1): FaultyStorage {
  return new FaultyStorage(new MemoryStorage(), { seed, faults });
}

async function open(storage: Storage, name = "file 1"): Promise<StoredFile> {
  const file = await storage.open(name);
  if (!file) throw new Error("There is no such file");
  return file;
}

/** Reads a file, and gives what came before reading failed too. */
async function read(
  file: StoredFile,
  start = 0,
  end = file.size,
): Promise<{ bytes: Buffer; error?: unknown }> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of file.read(start, end)) pieces.push(piece);
  } catch (error) {
    return { bytes: Buffer.concat(pieces), error };
  }
  return { bytes: Buffer.concat(pieces) };
}

describe("FaultyStorage", () => {
  test("gives what the other storage gives where nothing goes wrong", async () => {
    const storage = faulty({});
    expect(await storage.list()).toEqual(["file 1", "file 2"]);
    expect(await storage.open("none")).toBeUndefined();
    const file = await open(storage);
    expect((await buffer(file.read(0, SIZE))).equals(original)).toBe(true);
    expect((await buffer(file.read(10, 20))).equals(original.subarray(10, 20))).toBe(true);
    expect(generationOf(file.version)).toBe(0);
    expect(Object.values(storage.counts())).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test("fails to open and to list, and lets go of the file", async () => {
    const inner = new MemoryStorage();
    const storage = new FaultyStorage(inner, { seed: 1, faults: { openFails: 1, listFails: 1 } });
    await expect(storage.open("file 1")).rejects.toThrow(StorageFaultError);
    await expect(storage.list()).rejects.toThrow(StorageFaultError);
    expect(await storage.open("none")).toBeUndefined();
    expect(inner.opened).toBe(0);
    await storage.close();
    expect(inner.closed).toBe(1);
    expect(storage.counts()).toMatchObject({ openFails: 1, listFails: 1 });
  });

  test("fails to read at some byte, once", async () => {
    const storage = faulty({ readFails: 1 });
    const file = await open(storage);
    const { bytes, error } = await read(file);
    expect(error).toBeInstanceOf(StorageFaultError);
    expect(bytes.length).toBeLessThan(SIZE);
    expect(bytes.equals(original.subarray(0, bytes.length))).toBe(true);
    expect((await read(file)).bytes.equals(original)).toBe(true);
    expect(storage.counts().readFails).toBe(1);
  });

  test("ends a file early, which is a change", async () => {
    const storage = faulty({ shrinks: 1 });
    const file = await open(storage);
    expect(file.size).toBe(SIZE);
    const { bytes, error } = await read(file);
    expect(error).toBeUndefined();
    expect(bytes.length).toBeLessThan(SIZE);
    expect(bytes.equals(original.subarray(0, bytes.length))).toBe(true);
    expect((await read(file, SIZE - 1)).bytes.length).toBe(0);
    expect(storage.generation("file 1")).toBe(1);
    expect(generationOf((await open(storage)).version)).toBe(1);
    expect(storage.counts().shrinks).toBe(1);
  });

  test("changes content, version and time between two openings", async () => {
    const storage = faulty({ changesBefore: 1 });
    const [first, second] = [await open(storage), await open(storage)];
    expect([first, second].map(({ version }) => generationOf(version))).toEqual([1, 2]);
    expect(second.modified.getTime()).toBeGreaterThan(first.modified.getTime());
    const [one, two] = [(await read(first)).bytes, (await read(second)).bytes];
    expect(one.equals(contentOf(original, first.version))).toBe(true);
    expect(two.equals(contentOf(original, second.version))).toBe(true);
    expect(one.some((byte, index) => byte === two[index] || byte === original[index])).toBe(false);
    expect((await read(second, 5000, 5010)).bytes.equals(two.subarray(5000, 5010))).toBe(true);
  });

  test("changes a file from some byte on, and says so", async () => {
    const storage = faulty({ changesDuring: 1 });
    const file = (await open(storage)) as StoredFile & { changed(): Promise<boolean> };
    expect(await file.changed()).toBe(false);
    const { bytes } = await read(file);
    expect(await file.changed()).toBe(true);
    const changed = contentOf(original, 1);
    const at = bytes.findIndex((byte, index) => byte !== original[index]);
    expect(bytes.subarray(0, at).equals(original.subarray(0, at))).toBe(true);
    expect(bytes.subarray(at).equals(changed.subarray(at))).toBe(true);
    expect(generationOf(file.version)).toBe(0);
    expect((await read(file)).bytes.equals(changed)).toBe(true);
    expect(generationOf((await open(storage)).version)).toBe(1);
  });

  test("does nothing at bytes that are not read", async () => {
    const storage = faulty({ changesDuring: 1 });
    const { bytes } = await read(await open(storage));
    const at = bytes.findIndex((byte, index) => byte !== original[index]);
    const again = faulty({ changesDuring: 1 });
    const file = await open(again);
    expect((await read(file, at + 1)).bytes.equals(original.subarray(at + 1))).toBe(true);
    expect((await read(file, 0, at)).bytes.equals(original.subarray(0, at))).toBe(true);
    expect(again.counts().changesDuring).toBe(0);
  });

  test("does the same again with the same seed, in whatever order the files are opened", async () => {
    const faults = { openFails: 0.2, changesBefore: 0.2, changesDuring: 0.2, shrinks: 0.2, readFails: 0.2 };
    const run = async (seed: number, names: readonly string[]): Promise<Record<string, string[]>> => {
      const storage = faulty(faults, seed);
      const seen: Record<string, string[]> = {};
      for (const name of names) {
        const file = await storage.open(name).catch(() => undefined);
        const result = file ? await read(file) : undefined;
        const what = `${file?.version} ${result?.bytes.toString("base64")} ${result?.error}`;
        seen[name] = [...(seen[name] ?? []), what];
      }
      return seen;
    };
    const names = Array.from({ length: 40 }, (_, index) => `file ${index % 2}`);
    const first = await run(1, names);
    expect(await run(1, names.toSorted())).toEqual(first);
    expect(await run(2, names)).not.toEqual(first);
  });

  test("takes the faults of each opening of each file", async () => {
    const storage = new FaultyStorage(new MemoryStorage(), {
      seed: 1,
      faults: (name, opening) => ({ openFails: name === "file 1" && opening === 0 ? 1 : 0 }),
    });
    await expect(storage.open("file 1")).rejects.toThrow(StorageFaultError);
    await open(storage, "file 1");
    await open(storage, "file 2");
  });

  test("fails on the fast way to files as on the slow one", async () => {
    const faults = (name: string): StorageFaults => ({
      openFails: name === "file 1" ? 1 : 0,
      changesBefore: 1,
    });
    const storage = new FaultyStorage(new MemoryStorage(), { seed: 1, faults });
    await expect(storage.readSmall("file 1", SIZE)).rejects.toThrow(StorageFaultError);
    expect(await storage.readSmall("file 2", SIZE - 1)).toBeUndefined();
    const small = await storage.readSmall("file 2", SIZE);
    expect(small?.version).toBe("v+1");
    expect(Buffer.from(small?.bytes ?? []).equals(contentOf(original, 1))).toBe(true);
    const during = faulty({ changesDuring: 1 });
    expect(await during.readSmall("file 1", SIZE)).toBeUndefined();
  });

  test("refuses a probability that is none", () => {
    expect(() => faulty({ shrinks: 1.1 })).toThrow(RangeError);
    expect(() => faulty({ readFails: Number.NaN })).toThrow(
      "Cannot use readFails NaN: it must be from 0 to 1",
    );
  });
});
