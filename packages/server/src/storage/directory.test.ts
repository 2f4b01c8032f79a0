import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, rename, rm, stat, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { basename, join } from "node:path";
import { defaultPython, tempFolder } from "@fileshare/peers";
import { describe, expect, onTestFinished, test } from "vitest";
import { openFiles } from "../../test/support/held.js";
import { asNobody } from "../../test/support/nobody.js";
import { DirectoryStorage } from "./directory.js";
import type { StoredFile } from "./storage.js";

/** How much is read at once, of few files and of many: see directory-file.ts. */
const PIECE = 4 * 1024 * 1024;
const LEAST_PIECE = 1024 * 1024;

async function temp(): Promise<string> {
  const folder = await tempFolder();
  onTestFinished(() => folder[Symbol.asyncDispose]());
  return folder.path;
}

/** A folder `archivos` with something of every kind in it, beside a file and a folder that are not to be served. */
async function everyKind(): Promise<{ root: string; outside: string }> {
  const parent = await temp();
  const root = join(parent, "archivos");
  const outside = join(parent, "secretos");
  await mkdir(join(root, "carpeta"), { recursive: true });
  await mkdir(outside);
  await writeFile(join(root, "uno.txt"), "uno");
  await writeFile(join(root, ".oculto"), "oculto");
  await writeFile(join(root, "carpeta", "dentro.txt"), "dentro");
  await writeFile(join(outside, "clave"), "secreto");
  await writeFile(join(parent, "archivos-2"), "secreto");
  const links: Readonly<Record<string, string>> = {
    "enlace-dentro": "uno.txt",
    "enlace-absoluto": join(root, "uno.txt"),
    "enlace-de-enlace": "enlace-dentro",
    "enlace-a-carpeta-dentro": "carpeta",
    "enlace-en-carpeta": join("carpeta", "dentro.txt"),
    "enlace-de-ida-y-vuelta": join("..", "archivos", "uno.txt"),
    "enlace-roto": "no-hay",
    "enlace-circular": "enlace-circular",
    "enlace-fuera": join("..", "secretos", "clave"),
    "enlace-fuera-absoluto": join(outside, "clave"),
    "enlace-fuera-en-cadena": "enlace-fuera",
    "enlace-fuera-carpeta": outside,
    "enlace-al-vecino": join("..", "archivos-2"),
    "enlace-a-la-raiz": ".",
    "enlace-al-sistema": "/etc/passwd",
  };
  for (const [name, target] of Object.entries(links)) await symlink(target, join(root, name));
  execFileSync("sh", ["-c", 'mkfifo "$1"', "sh", join(root, "tubo")]);
  const server = createServer().listen(join(root, "enchufe"));
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { root, outside };
}

test("A folder is the one that its path has named when it was given, wherever the process goes", async () => {
  const [parent, elsewhere] = [await temp(), await temp()];
  await mkdir(join(parent, "real", "below"), { recursive: true });
  await writeFile(join(parent, "real", "uno.txt"), "uno");
  await symlink(join("real", "below"), join(parent, "enlace"));
  const before = process.cwd();
  onTestFinished(() => process.chdir(before));
  process.chdir(parent);
  const storages = ["real", "./real/", "enlace/.."].map(storageOf);
  process.chdir(elsewhere);
  for (const storage of storages) {
    await storage.check();
    expect(await storage.list()).toEqual(["uno.txt"]);
    expect((await storage.readSmall("uno.txt", 10))?.bytes.length).toBe(3);
    expect((await open(storage, "uno.txt")).size).toBe(3);
  }
});

const servedNames = [
  ".oculto",
  "enlace-absoluto",
  "enlace-de-enlace",
  "enlace-de-ida-y-vuelta",
  "enlace-dentro",
  "enlace-en-carpeta",
  "uno.txt",
];

/** A storage that lets go of its workers at the end of the test. */
function storageOf(folder: string): DirectoryStorage {
  const storage = new DirectoryStorage(folder);
  onTestFinished(() => storage.close());
  return storage;
}

async function open(storage: DirectoryStorage, name: string): Promise<StoredFile> {
  const file = await storage.open(name);
  if (!file) throw new Error(`${name} is not served`);
  onTestFinished(() => file.close());
  return file;
}

/** The bytes of a range; the sizes of its pieces where wanted. */
async function bytes(file: StoredFile, start = 0, end = file.size, sizes: number[] = []): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of file.read(start, end)) {
    sizes.push(piece.length);
    pieces.push(Buffer.from(piece));
  }
  return Buffer.concat(pieces);
}

/** Bytes that tell their own offset. */
function numbered(length: number): Buffer {
  const content = Buffer.alloc(Math.ceil(length / 4) * 4);
  for (let at = 0; at < content.length; at += 4) content.writeUInt32BE(at, at);
  return content.subarray(0, length);
}

/** The time that the file system has now. */
async function touched(folder: string): Promise<bigint> {
  const path = join(folder, "..", `reloj-${basename(folder)}`);
  await writeFile(path, "");
  const { ctimeNs } = await stat(path, { bigint: true });
  await rm(path);
  return ctimeNs;
}

describe("DirectoryStorage list()", () => {
  test("gives the regular files and the links to them within the folder, sorted", async () => {
    const { root } = await everyKind();
    expect(await storageOf(root).list()).toEqual(servedNames);
  });

  test("gives only names that open() opens", async () => {
    const { root } = await everyKind();
    await writeFile(Buffer.concat([Buffer.from(`${root}/no-utf8-`), Buffer.of(0xff)]), "");
    await writeFile(join(root, "\u{FFFD}"), "");
    const storage = storageOf(root);
    const names = await storage.list();
    expect(names).toEqual([...servedNames, "\u{FFFD}"]);
    for (const name of names) await open(storage, name);
  });

  test("gives nothing for an empty folder", async () => {
    expect(await storageOf(await temp()).list()).toEqual([]);
  });

  test("sees the folder as it is at each call", async () => {
    const root = await temp();
    const storage = storageOf(root);
    await writeFile(join(root, "b"), "");
    await writeFile(join(root, "a"), "");
    expect(await storage.list()).toEqual(["a", "b"]);
    await rm(join(root, "a"));
    expect(await storage.list()).toEqual(["b"]);
  });

  test("works where the folder is itself a link", async () => {
    const { root } = await everyKind();
    const link = join(await temp(), "enlace");
    await symlink(root, link);
    const storage = storageOf(link);
    expect(await storage.list()).toEqual(servedNames);
    expect(await bytes(await open(storage, "uno.txt"))).toEqual(Buffer.from("uno"));
  });

  test.each(["no-hay", "uno.txt"])("rejects when the folder is %s", async (name) => {
    const root = await temp();
    await writeFile(join(root, "uno.txt"), "");
    await expect(storageOf(join(root, name)).list()).rejects.toThrow(/ENOENT|ENOTDIR/);
  });
});

describe("DirectoryStorage open()", () => {
  test("opens a file by its name, with its size and when it was changed", async () => {
    const root = await temp();
    await writeFile(join(root, "año ñandú 文件 😀.txt"), "¿qué tal?");
    const file = await open(storageOf(root), "año ñandú 文件 😀.txt");
    expect(file.size).toBe(Buffer.byteLength("¿qué tal?"));
    expect(file.modified.getTime()).toBeLessThanOrEqual(Date.now() + 1000);
    expect((await bytes(file)).toString()).toBe("¿qué tal?");
  });

  test.each(["..a", "...", " ", "a\\b", "-rf", "a\nb", "%2e%2e", "~"])(
    "opens a file of the unusual name %j",
    async (name) => {
      const root = await temp();
      await writeFile(join(root, name), name);
      expect((await bytes(await open(storageOf(root), name))).toString()).toBe(name);
    },
  );

  test("gives another version once the content has changed", async () => {
    const root = await temp();
    const storage = storageOf(root);
    await writeFile(join(root, "a"), "one");
    const { version } = await open(storage, "a");
    expect((await open(storage, "a")).version).toBe(version);
    await writeFile(join(root, "b"), "two");
    await rename(join(root, "b"), join(root, "a"));
    expect((await open(storage, "a")).version).not.toBe(version);
  });

  test("gives another version where other content of the same size was given the same time, as cp -p does", async () => {
    const root = await temp();
    const storage = storageOf(root);
    const path = join(root, "a");
    const versions = new Set<string>();
    for (const content of ["one", "two"]) {
      await writeFile(path, content);
      await utimes(path, 1_700_000_000, 1_700_000_000);
      const file = await open(storage, "a");
      const listed = await storage.entries({
        recursive: true,
        after: undefined,
        limit: 1,
        details: ["versions"],
      });
      const many = await storage.readMany(["a"], { maxFileBytes: 10, maxBytes: 10 });
      const small = await storage.readSmall("a", 10);
      const told = [file.version, listed.versions[0], many.versions[0], small?.version];
      expect(new Set(told).size).toBe(1);
      versions.add(file.version);
      // A file system's clock may stand still for some milliseconds.
      const { ctimeNs } = await stat(path, { bigint: true });
      while ((await touched(root)) === ctimeNs);
    }
    expect(versions.size).toBe(2);
  });

  test("tells that a file has changed whose time was set back", async () => {
    const root = await temp();
    const path = join(root, "a");
    await writeFile(path, "one");
    await utimes(path, 1_700_000_000, 1_700_000_000);
    const file = await open(storageOf(root), "a");
    expect(await file.changed?.()).toBe(false);
    const { ctimeNs } = await stat(path, { bigint: true });
    while ((await touched(root)) === ctimeNs);
    await writeFile(path, "two");
    await utimes(path, 1_700_000_000, 1_700_000_000);
    expect(await file.changed?.()).toBe(true);
  });

  test.each([
    "",
    ".",
    "..",
    "../x",
    "../secretos/clave",
    "/etc/passwd",
    "/",
    "a/b",
    "carpeta/no-hay",
    "carpeta/",
    "carpeta//dentro.txt",
    "carpeta/./dentro.txt",
    "carpeta/../uno.txt",
    "./uno.txt",
    "uno.txt/",
    "uno.txt\0",
    "\0",
    "no-hay",
    "UNO.TXT/..",
    "carpeta",
    "tubo",
    "enchufe",
    "enlace-a-carpeta-dentro",
    "enlace-roto",
    "enlace-circular",
    "enlace-fuera",
    "enlace-fuera-absoluto",
    "enlace-fuera-en-cadena",
    "enlace-fuera-carpeta",
    "enlace-fuera-carpeta/clave",
    "enlace-al-vecino",
    "enlace-a-la-raiz",
    "enlace-al-sistema",
  ])("refuses %j", async (name) => {
    const { root } = await everyKind();
    const before = openFiles();
    expect(await storageOf(root).open(name)).toBeUndefined();
    expect(openFiles()).toEqual(before);
  });

  test("refuses a name that is no text, though one with a replacement character is there", async () => {
    const root = await temp();
    await writeFile(join(root, "a\u{FFFD}"), "");
    const storage = storageOf(root);
    expect(await storage.open("a\ud800")).toBeUndefined();
    await open(storage, "a\u{FFFD}");
  });

  test("opens a name of 255 bytes, and refuses one of 256", async () => {
    const root = await temp();
    const storage = storageOf(root);
    const longest = `${"ñ".repeat(127)}a`;
    await writeFile(join(root, longest), "a");
    expect((await open(storage, longest)).size).toBe(1);
    expect(await storage.open(`${longest}a`)).toBeUndefined();
    expect(await storage.open("a".repeat(100_000))).toBeUndefined();
  });

  test("refuses every name when the folder is missing", async () => {
    const storage = storageOf(join(await temp(), "no-hay"));
    expect(await storage.open("uno.txt")).toBeUndefined();
  });

  test("tells a file that it must not read from one that is not there", async () => {
    const root = await temp();
    const storage = storageOf(root);
    await mkdir(join(root, "cerrada"));
    await mkdir(join(root, "abierta"));
    for (const name of ["propio", "ajeno", "abierta/ajeno", "cerrada/x"])
      await writeFile(join(root, name), "");
    for (const name of ["ajeno", "abierta/ajeno", "cerrada"]) await chmod(join(root, name), 0o000);
    for (const name of [".", "abierta"]) await chmod(join(root, name), 0o755);
    await asNobody(async () => {
      await open(storage, "propio");
      for (const name of ["ajeno", "abierta/ajeno", "cerrada/x", "cerrada/nada/x"])
        await expect(storage.open(name)).rejects.toMatchObject({ code: "EACCES" });
      for (const name of ["nada", "abierta/nada"]) expect(await storage.open(name)).toBeUndefined();
    });
    await chmod(join(root, "cerrada"), 0o755);
  });

  test("does not tell what is outside from what is not there, where it must not look", async () => {
    const outside = await temp();
    const root = await temp();
    const storage = storageOf(root);
    await mkdir(join(outside, "cerrada"));
    await writeFile(join(outside, "cerrada", "x"), "");
    await symlink(outside, join(root, "fuera"));
    await symlink(join(outside, "cerrada", "x"), join(root, "clave"));
    await chmod(join(outside, "cerrada"), 0o000);
    for (const path of [outside, root]) await chmod(path, 0o755);
    await asNobody(async () => {
      for (const name of ["fuera/cerrada/x", "fuera/cerrada/a/b", "fuera/nada", "clave", "clave/x"])
        expect(await storage.open(name)).toBeUndefined();
    });
    await chmod(join(outside, "cerrada"), 0o755);
  });

  /** Python programs that put something of the outside in the place of what is served, and back, over and over. */
  const swaps = {
    "uno.txt": `
os.symlink("../secretos/clave", "nuevo")
os.rename("nuevo", "uno.txt")
time.sleep(0.0005)
with open("nuevo", "w") as f:
    f.write("uno")
os.rename("nuevo", "uno.txt")
time.sleep(0.0005)
`,
    "enlace-en-carpeta": `
os.rename("carpeta", "apartada")
os.symlink("../secretos", "carpeta")
time.sleep(0.0005)
os.remove("carpeta")
os.rename("apartada", "carpeta")
time.sleep(0.0005)
`,
  };
  test.each(Object.entries(swaps))("opens nothing else in the place of %s meanwhile", async (name, swap) => {
    const { root, outside } = await everyKind();
    await writeFile(join(outside, "dentro.txt"), "secreto");
    const storage = storageOf(root);
    const before = openFiles();
    const program = `import os, time\nwhile True:\n${swap.replace(/^(?=.)/gm, "    ")}`;
    const swapping = spawn(defaultPython(), ["-c", program], { cwd: root, stdio: "ignore" });
    const gone = once(swapping, "close");
    onTestFinished(() => void swapping.kill("SIGKILL"));
    const count = { served: 0, refused: 0 };
    while (count.served < 200 || count.refused < 200) {
      await using file = await storage.open(name);
      count[file ? "served" : "refused"] += 1;
      if (file) expect((await bytes(file)).toString()).not.toBe("secreto");
    }
    swapping.kill("SIGKILL");
    await gone;
    expect(openFiles()).toEqual(before);
  });

  test.runIf(process.platform === "linux")(
    "does not take a file for gone whose path is too long from where the folder stands",
    async () => {
      const long = "d".repeat(200);
      const root = join(await temp(), ...Array<string>(20).fill(long));
      await mkdir(root, { recursive: true });
      const deep = new DirectoryStorage(root);
      onTestFinished(() => deep.close());
      for (const name of ["a", "b/c"].map((end) => `${long}/${end}`))
        await expect(deep.open(name)).rejects.toMatchObject({ code: "ENAMETOOLONG" });
      expect(await deep.open("f".repeat(256))).toBeUndefined();
      expect(await deep.open(`c/${"f".repeat(256)}`)).toBeUndefined();
    },
  );
});

describe("DirectoryStorage readSmall()", () => {
  test("gives files that hold no more than their own bytes, however many are read together", async () => {
    const root = await temp();
    const sizes = [0, 1, 5000, 16 * 1024 - 1, 16 * 1024, 64 * 1024];
    for (const size of sizes) await writeFile(join(root, `${size}`), numbered(size));
    const storage = storageOf(root);
    const files = await Promise.all(sizes.map((size) => storage.readSmall(`${size}`, 64 * 1024)));
    for (const [i, size] of sizes.entries()) {
      expect(numbered(size).equals(files[i]?.bytes as Uint8Array)).toBe(true);
      expect(files[i]?.bytes.buffer.byteLength).toBe(size);
    }
  });
});

describe("DirectoryStorage file", () => {
  test.each([0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE - 1, 2 * PIECE, 2 * PIECE + 1, 3 * PIECE])(
    "of %d bytes is read whole, in pieces",
    async (size) => {
      const root = await temp();
      const content = numbered(size);
      await writeFile(join(root, "a"), content);
      const file = await open(storageOf(root), "a");
      const sizes: number[] = [];
      expect((await bytes(file, 0, file.size, sizes)).equals(content)).toBe(true);
      expect(sizes).toHaveLength(Math.ceil(size / PIECE));
      expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(PIECE);
    },
  );

  test("gives ranges, one after the other and at the same time", async () => {
    const root = await temp();
    const content = numbered(3 * PIECE + 5);
    await writeFile(join(root, "a"), content);
    const file = await open(storageOf(root), "a");
    const ends = [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, content.length];
    const ranges = ends.flatMap((start) =>
      ends.filter((end) => end >= start).map((end) => [start, end] as const),
    );
    const read = await Promise.all(ranges.map(([start, end]) => bytes(file, start, end)));
    for (const [i, [start, end]] of ranges.entries()) {
      expect(read[i]?.equals(content.subarray(start, end)), `${start} to ${end}`).toBe(true);
    }
  });

  test("is read in smaller pieces while many are, and in large ones again", async () => {
    const root = await temp();
    await writeFile(join(root, "a"), numbered(PIECE));
    const file = await open(storageOf(root), "a");
    const firstPiece = async (reader: AsyncIterator<Uint8Array>): Promise<number> =>
      (await reader.next()).value?.length ?? 0;
    const readers = Array.from({ length: 8 }, () => file.read(0, file.size)[Symbol.asyncIterator]());
    const lengths: number[] = [];
    for (const reader of readers) lengths.push(await firstPiece(reader));
    expect(lengths).toEqual([PIECE, PIECE / 2, ...Array.from({ length: 6 }, () => LEAST_PIECE)]);
    for (const reader of readers) await reader.return?.();
    const after = file.read(0, file.size)[Symbol.asyncIterator]();
    expect(await firstPiece(after)).toBe(PIECE);
    await after.return?.();
  });

  test("leaves a piece as it is until the next one is asked for", async () => {
    const root = await temp();
    const content = numbered(4 * PIECE);
    await writeFile(join(root, "a"), content);
    const file = await open(storageOf(root), "a");
    let at = 0;
    for await (const piece of file.read(0, file.size)) {
      // Time for what is read ahead to arrive.
      await bytes(file, 0, PIECE);
      expect(content.subarray(at, at + piece.length).equals(piece)).toBe(true);
      at += piece.length;
    }
    expect(at).toBe(content.length);
  });

  test.each([
    [1000, 500],
    [1000, 0],
    [PIECE, 1],
    [3 * PIECE, PIECE],
    [3 * PIECE, 2 * PIECE + 1],
    [3 * PIECE, 0],
  ])("ends early where it has shrunk from %d to %d bytes", async (size, left) => {
    const root = await temp();
    await writeFile(join(root, "a"), numbered(size));
    const file = await open(storageOf(root), "a");
    await truncate(join(root, "a"), left);
    const pieces: Buffer[] = [];
    for await (const piece of file.read(0, file.size)) {
      pieces.push(Buffer.from(piece));
      // A reader that is slow: what went wrong meanwhile must not be left unhandled.
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(Buffer.concat(pieces).equals(numbered(left))).toBe(true);
  });

  test("ends early where it shrinks between two pieces", async () => {
    const root = await temp();
    await writeFile(join(root, "a"), numbered(8 * PIECE));
    const file = await open(storageOf(root), "a");
    const pieces: Buffer[] = [];
    for await (const piece of file.read(0, file.size)) {
      if (pieces.length === 0) await truncate(join(root, "a"), 5 * PIECE + 7);
      pieces.push(Buffer.from(piece));
    }
    expect(Buffer.concat(pieces).equals(numbered(5 * PIECE + 7))).toBe(true);
  });

  test("is read as it was opened, when its name was given to another or taken away", async () => {
    const root = await temp();
    const storage = storageOf(root);
    await writeFile(join(root, "a"), "one");
    await writeFile(join(root, "b"), "another");
    const replaced = await open(storage, "a");
    await rename(join(root, "b"), join(root, "a"));
    const removed = await open(storage, "a");
    await rm(join(root, "a"));
    expect((await bytes(replaced)).toString()).toBe("one");
    expect((await bytes(removed)).toString()).toBe("another");
  });

  test("leaves nothing open when it is left early", async () => {
    const root = await temp();
    await writeFile(join(root, "a"), numbered(4 * PIECE));
    const storage = storageOf(root);
    const before = openFiles();
    for (let pieces = 0; pieces <= 4; pieces++) {
      await using file = await storage.open("a");
      const reading = file?.read(0, file.size)[Symbol.asyncIterator]();
      for (let i = 0; i < pieces; i++) expect((await reading?.next())?.done).toBe(false);
      await reading?.return?.();
      expect(await reading?.next()).toEqual({ done: true, value: undefined });
    }
    expect(openFiles()).toEqual(before);
  });

  test("rejects the next piece, and nothing else, when it is closed while it is read", async () => {
    const root = await temp();
    await writeFile(join(root, "a"), numbered(8 * PIECE));
    const file = await open(storageOf(root), "a");
    const reading = file.read(0, file.size)[Symbol.asyncIterator]();
    await reading.next();
    await file.close();
    // What was read ahead may still come.
    await expect(
      (async () => {
        while (!(await reading.next()).done) await new Promise((resolve) => setImmediate(resolve));
      })(),
    ).rejects.toThrow(/closed|EBADF/);
  });

  test("is closed by its close() and by its disposal", async () => {
    const root = await temp();
    await writeFile(join(root, "a"), "a");
    const storage = storageOf(root);
    const before = openFiles();
    const file = await storage.open("a");
    expect(openFiles()).not.toEqual(before);
    await file?.close();
    expect(openFiles()).toEqual(before);
    {
      await using _ = await storage.open("a");
      expect(openFiles()).not.toEqual(before);
    }
    expect(openFiles()).toEqual(before);
  });
});
