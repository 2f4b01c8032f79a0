// Section 6.3 and 6.4 of the protocol: listings in pages, folders, names that are no text.

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { chmod, mkdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { defaultPython } from "@fileshare/peers";
import { type PyValue, sealOf } from "@fileshare/protocol";
import { PyFloat } from "@fileshare/protocol/pickle";
import { describe, expect, onTestFinished, test } from "vitest";
import { DirectoryStorage, type EntriesPage, type Storage, type StoredFile } from "../src/index.js";
import { type Asking, askingOf, range } from "./support/asking.js";
import { asNobody } from "./support/nobody.js";
import { folderWith, next, served } from "./support/served.js";

/** A folder with folders in it, and links of every kind. */
async function tree(): Promise<string> {
  const parent = await folderWith({ secreto: "secreto" });
  const folder = join(parent, "archivos");
  for (const path of ["a", "a-b", "a/x/y", "vacia"]) await mkdir(join(folder, path), { recursive: true });
  for (const path of ["a.txt", "a/1", "a/x/y/z", "a/x.txt", "a-b/2", "a0", "ñ", "\u{FFFD}"]) {
    await writeFile(join(folder, path), path);
  }
  const links = {
    "a/enlace": "1",
    "a/enlace-a-carpeta": "x",
    "a/enlace-fuera": "../../secreto",
    "a/enlace-roto": "no-hay",
    "carpeta-fuera": "..",
    "carpeta-arriba": ".",
  };
  for (const [path, target] of Object.entries(links)) await symlink(target, join(folder, path));
  await mkdir(join(parent, "fuera"));
  await writeFile(join(parent, "fuera", "b"), "secreto");
  await symlink("../fuera", join(folder, "salida"));
  return folder;
}

const recursiveNames = ["a-b/2", "a.txt", "a/1", "a/enlace", "a/x.txt", "a/x/y/z", "a0", "ñ", "\u{FFFD}"];

async function pages(client: Asking, extras: Record<string, PyValue>): Promise<string[][]> {
  const all: string[][] = [];
  for (let after: unknown; after !== null; ) {
    const reply = await client.listar(after === undefined ? extras : { ...extras, after: after as string });
    expect(reply.estado).toBe("ok");
    all.push(reply.data as string[]);
    after = reply.extras.next;
  }
  return all;
}

describe("A listing", () => {
  test("fails as FAILED where a folder may not be looked into, and the log can name it", async () => {
    const folder = await tree();
    const { port, servidor } = await served({ folder });
    const client = await askingOf(port);
    await chmod(join(folder, ".."), 0o755);
    await client.listar({ recursive: true });
    await chmod(join(folder, "a", "x"), 0o000);
    await asNobody(async () => {
      const refused = next(servidor, "refused");
      const { estado, extras } = await client.listar({ recursive: true, details: ["names"] });
      expect({ estado, extras }).toEqual({ estado: "error", extras: { reason: "FAILED" } });
      expect(String((await refused).error)).toContain('Cannot list "a/x/": EACCES');
      expect((await client.listar({})).data).toEqual(["a.txt", "a0", "ñ", "\u{FFFD}"]);
    });
    await chmod(join(folder, "a", "x"), 0o755);
    expect((await client.listar({ recursive: true })).data).toEqual(recursiveNames);
  });

  test("goes on where a folder may not be looked into, and names it, where that is asked for", async () => {
    const folder = await tree();
    await chmod(join(folder, ".."), 0o755);
    await writeFile(join(folder, "a", "x", "w"), "");
    const { port } = await served({ folder });
    const client = await askingOf(port);
    const asked = { recursive: true, details: ["folders", "sizes"] };
    // What is in the second can be told, but not looked at.
    for (const mode of [0o000, 0o744]) {
      await chmod(join(folder, "a", "x"), mode);
      await asNobody(async () => {
        const { data, estado, extras } = await client.listar(asked);
        const left = recursiveNames.filter((name) => !name.startsWith("a/x/"));
        expect({ estado, data }).toEqual({ estado: "ok", data: left });
        expect(extras.unreadable).toEqual(["a/x"]);
        // Also where no page holds more than one, each of which begins anew.
        const unreadable: unknown[] = [];
        const names: unknown[] = [];
        for (let after: unknown = ""; after !== null; ) {
          const other = await askingOf((await served({ folder })).port);
          const reply = await other.listar({ ...asked, limit: 1, after: after as string });
          expect(reply.estado).toBe("ok");
          unreadable.push(...((reply.extras.unreadable ?? []) as string[]));
          names.push(...(reply.data as string[]));
          after = reply.extras.next;
        }
        expect(names).toEqual(left);
        expect(new Set(unreadable)).toEqual(new Set(["a/x"]));
      });
    }
    await chmod(join(folder, "a", "x"), 0o000);
    await asNobody(async () => {
      const { data, extras } = await client.listar({ ...asked, after: "a/x/", limit: 1 });
      expect({ data, unreadable: extras.unreadable }).toEqual({ data: ["a0"], unreadable: ["a/x"] });
    });
    await chmod(join(folder, "a", "x"), 0o755);
    const { data, extras } = await client.listar(asked);
    expect(data).toEqual([...recursiveNames.slice(0, 5), "a/x/w", ...recursiveNames.slice(5)]);
    expect(extras).not.toHaveProperty("unreadable");
  });

  test("names a link that leads to where it may not look, and leaves out one that leads out of the folder", async () => {
    const folder = await tree();
    const outside = await folderWith();
    await chmod(join(folder, ".."), 0o755);
    for (const path of [join(folder, "a", "x"), outside]) await writeFile(join(path, "w"), "");
    await symlink(join("a", "x", "w"), join(folder, "dentro"));
    await symlink(join("x", "w"), join(folder, "a", "y"));
    await symlink(join(outside, "w"), join(folder, "fuera"));
    const { port } = await served({ folder });
    const client = await askingOf(port);
    const asked = { recursive: true, details: ["folders", "sizes"] };
    const readable = (await client.listar(asked)).data as string[];
    expect(readable.filter((name) => !recursiveNames.includes(name)).sort()).toEqual([
      "a/x/w",
      "a/y",
      "dentro",
    ]);
    for (const path of [join(folder, "a", "x"), outside]) await chmod(path, 0o000);
    await asNobody(async () => {
      const { data, extras } = await client.listar(asked);
      expect(extras.unreadable).toEqual(["a/x", "a/y", "dentro"]);
      expect(data).toEqual(recursiveNames.filter((name) => !name.startsWith("a/x/")));
      expect((await client.listar({ details: ["sizes"] })).extras.reason).toBe("FAILED");
    });
    for (const path of [join(folder, "a", "x"), outside]) await chmod(path, 0o755);
  });

  test("fails where a storage names what it cannot look into by what is no list of paths", async () => {
    for (const unreadable of [new Set(["secreto"]), 5, ["secreto/"], [""], ["a//b"], ["./a"]]) {
      const page = { names: [], sizes: [], modified: [], versions: [], next: undefined, unreadable };
      const storage = {
        list: async () => [],
        open: async () => undefined,
        entries: async () => page as unknown as EntriesPage,
      };
      const client = await askingOf((await served({ storage })).port);
      const { extras } = await client.listar({ recursive: true, details: ["folders"] });
      expect(extras.reason).toBe("FAILED");
    }
  });

  test("tells of folders in which there is nothing, where that is asked for, each once", async () => {
    const folder = await tree();
    const empty = ["a/vacía", "b", "c/d/e", "vacia", "z"];
    for (const path of empty) await mkdir(join(folder, path), { recursive: true });
    const { port } = await served({ folder });
    const client = await askingOf(port);
    const asked = { recursive: true, details: ["folders"] };
    const { data, extras } = await client.listar(asked);
    expect(data).toEqual(recursiveNames);
    expect(extras.folders).toEqual(empty);
    expect(extras.seal).toBe(sealOf(["", ...recursiveNames, ...empty, ""]));
    const told: unknown[] = [];
    for (let after: unknown = ""; after !== null; ) {
      const other = await askingOf((await served({ folder })).port);
      const reply = await other.listar({ ...asked, limit: 1, after: after as string });
      expect((reply.data as string[]).length).toBeLessThanOrEqual(1);
      told.push(...(reply.extras.folders as string[]));
      after = reply.extras.next;
    }
    expect(told).toEqual(empty);
    for (const extras of [{ recursive: true }, { details: ["folders"] }])
      expect((await client.listar(extras)).extras).not.toHaveProperty("folders");
  });

  test("fails where a storage leaves out what it cannot look into and that is not asked for", async () => {
    const page = { names: ["x"], sizes: [], modified: [], versions: [], next: undefined };
    const storage = {
      list: async () => [],
      open: async () => undefined,
      entries: async () => ({ ...page, unreadable: ["d"] }),
    };
    const { port } = await served({ storage });
    const client = await askingOf(port);
    expect((await client.listar({ recursive: true })).extras).toEqual({ reason: "FAILED" });
    const { data, extras } = await client.listar({ recursive: true, details: ["folders"] });
    expect({ data, extras }).toMatchObject({ data: ["x"], extras: { unreadable: ["d"], next: null } });
    expect(extras).not.toHaveProperty("folders");
  });

  test("has no downloads of clients that are under way, which are not served either", async () => {
    const folder = await tree();
    const names = [".fileshare-0123456789abcdef.part", "a/.fileshare-0123456789abcdef.log"];
    for (const name of names) await writeFile(join(folder, name), "medio");
    const { port } = await served({ folder });
    const client = await askingOf(port);
    expect((await client.listar({ recursive: true })).data).toEqual(recursiveNames);
    expect((await client.listar({})).data).toEqual(["a.txt", "a0", "ñ", "\u{FFFD}"]);
    for (const name of names) {
      for (const extras of [{}, { id: 1 }, { range: range(1, 2) }, { digest: "sha256" }]) {
        expect((await client.descargar(name, extras)).estado).toBe("error");
      }
      expect((await client.descargar(name, { more: ["a.txt"] })).extras.parts).toEqual([-1, 5]);
    }
  });

  test("with details has what descargar says of each file", async () => {
    const folder = await tree();
    const { port } = await served({ folder });
    const client = await askingOf(port);
    const reply = await client.listar({ details: true, recursive: true });
    expect(reply.data).toEqual(recursiveNames);
    const { sizes, modified, versions, next } = reply.extras as Record<string, PyValue[]>;
    expect(next).toBeNull();
    for (const [i, name] of recursiveNames.entries()) {
      const { extras, bytes } = await client.descargar(name, { range: range(0, null) });
      expect(bytes).toHaveLength(sizes?.[i] as number);
      expect([extras.size, extras.modified, extras.version]).toEqual([
        sizes?.[i],
        modified?.[i],
        versions?.[i],
      ]);
      const { mtimeMs } = await stat(join(folder, name));
      expect(Number(modified?.[i])).toBeCloseTo(mtimeMs / 1000, 3);
    }
  });

  test.each([
    [["sizes"]],
    [["versions", "modified"]],
    [["modified", "otra", "sizes"]],
    [["versions", "sizes", "modified"]],
    [[]],
  ])("with the details %j has those and no others, packed", async (details) => {
    const { port } = await served({ folder: await tree() });
    const client = await askingOf(port);
    const asked = { recursive: true, limit: 100 };
    const lists = (await client.listar({ ...asked, details: true })).extras as Record<string, PyValue[]>;
    const { data, extras } = await client.listar({ ...asked, details });
    expect(data).toEqual(recursiveNames);
    const known = details.filter((detail) => detail !== "otra");
    expect(Object.keys(extras).sort()).toEqual([...known, "next", "seal"].sort());
    const numbers = (value: unknown, format: string): unknown => {
      const program = `import struct, sys; b = sys.stdin.buffer.read(); print([*struct.unpack('<%d${format}' % (len(b) // 8), b)])`;
      const printed = execFileSync(defaultPython(), ["-c", program], { input: value as Uint8Array });
      return JSON.parse(printed.toString());
    };
    if (known.includes("sizes")) expect(numbers(extras.sizes, "Q")).toEqual(lists.sizes);
    if (known.includes("modified"))
      expect(numbers(extras.modified, "d")).toEqual(lists.modified?.map(Number));
    if (known.includes("versions")) expect((extras.versions as string).split("\n")).toEqual(lists.versions);
    const sealed = ["sizes", "versions"].filter((detail) => known.includes(detail));
    const fields = sealed.flatMap((detail) => lists[detail] as string[]);
    expect(extras.seal).toBe(sealOf(["", ...recursiveNames, ...fields, ""]));
  });

  test("has packed names where they are asked for so, under the same seal", async () => {
    const { port } = await served({ folder: await tree() });
    const client = await askingOf(port);
    for (const details of [[], ["versions"], ["sizes", "modified", "versions"]]) {
      const listed = await client.listar({ details, recursive: true });
      const packed = await client.listar({ details: [...details, "names"], recursive: true });
      expect(packed.data).toEqual([]);
      const { names, ...extras } = packed.extras;
      expect(names).toBe(recursiveNames.join("\n"));
      expect(extras).toEqual(listed.extras);
    }
    const first = await client.listar({ details: ["names"], recursive: true, limit: 2 });
    const second = await client.listar({ details: ["names"], recursive: true, after: "a.txt" });
    expect([first.extras.next, first.extras.names]).toEqual(["a.txt", "a-b/2\na.txt"]);
    expect(second.extras.names).toBe(recursiveNames.slice(2).join("\n"));
  });

  test("of no files has packed names too", async () => {
    const { port } = await served({ folder: await folderWith({}) });
    const client = await askingOf(port);
    const { data, extras } = await client.listar({ details: ["names"] });
    expect({ data, extras }).toEqual({ data: [], extras: { names: "", next: null, seal: sealOf(["", ""]) } });
  });

  test.each([[["a\n", "b"]], [[""]]])("has names as a list that cannot be packed: %j", async (names) => {
    const storage: Storage = { list: async () => names, open: async () => undefined };
    const { port } = await served({ storage });
    const client = await askingOf(port);
    const { data, extras } = await client.listar({ details: ["names"] });
    expect(data).toEqual(names);
    expect(extras).toEqual({ next: null, seal: sealOf(["", ...names, ""]) });
  });

  test("has versions that hold a line feed as a list, though they were asked for packed", async () => {
    const file = (version: string): StoredFile => ({
      size: 2 ** 40 + 1,
      version,
      modified: new Date(5000),
      async *read() {},
      async close() {},
      async [Symbol.asyncDispose]() {},
    });
    const storage: Storage = { list: async () => ["a", "b"], open: async (name) => file(`${name}\n`) };
    const { port } = await served({ storage });
    const client = await askingOf(port);
    const { extras } = await client.listar({ details: ["sizes", "versions"] });
    expect(extras).toEqual({
      sizes: Uint8Array.from([1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0]),
      versions: ["a\n", "b\n"],
      next: null,
      seal: sealOf(["", "a", "b", 2 ** 40 + 1, 2 ** 40 + 1, "a\n", "b\n", ""]),
    });
  });

  test("has the files of the folder itself where recursive is not asked for, and no attributes but next", async () => {
    const { port } = await served({ folder: await tree() });
    const client = await askingOf(port);
    const reply = await client.listar({ limit: 100 });
    expect(reply.data).toEqual(["a.txt", "a0", "ñ", "\u{FFFD}"]);
    expect(reply.extras).toEqual({ next: null, seal: sealOf(["", ...(reply.data as string[]), ""]) });
  });

  test("is for an old peer, and for one with other attributes, the names alone", async () => {
    const { port } = await served({ folder: await tree() });
    const client = await askingOf(port);
    const wrong: Record<string, PyValue>[] = [
      {},
      { otro: 1 },
      { details: 1 },
      { details: "True" },
      { details: [] },
      { details: ["otra", 5] },
      { recursive: new PyFloat(1) },
      { recursive: false },
      { limit: 0 },
      { limit: -1 },
      { limit: true },
      { limit: 1.5 },
      { limit: "1" },
      { after: null },
      { after: 5 },
      { after: Uint8Array.of(97) },
    ];
    for (const extras of wrong) {
      expect(await client.listar(extras)).toMatchObject({
        data: ["a.txt", "a0", "ñ", "\u{FFFD}"],
        extras: {},
        estado: "ok",
      });
    }
  });

  test.each([1, 2, 3, 8, 9, 10, 2n ** 70n])("comes in pages of %s", async (limit) => {
    const { port } = await served({ folder: await tree() });
    const client = await askingOf(port);
    const all = await pages(client, { recursive: true, limit });
    expect(all.flat()).toEqual(recursiveNames);
    for (const page of all.slice(0, -1)) expect(page).toHaveLength(Number(limit));
  });

  test("goes on after any name, whether there is such a file or not", async () => {
    const { port } = await served({ folder: await tree() });
    const client = await askingOf(port);
    const cursors = [
      "",
      "a",
      "a/",
      "a/1",
      "a/1/2",
      "a/x",
      "a/x/",
      "a/x/y/zz",
      "a-",
      "a/\u{FFFF}",
      "../x",
      "/",
      "\0",
      "zz",
    ];
    for (const after of [...cursors, ...recursiveNames]) {
      const { data } = await client.listar({ recursive: true, after });
      expect(data, JSON.stringify(after)).toEqual(recursiveNames.filter((name) => name > after));
    }
  });

  test("goes on though files come and go between pages", async () => {
    const folder = await tree();
    const { port } = await served({ folder });
    const client = await askingOf(port);
    const first = await client.listar({ recursive: true, details: true, limit: 3 });
    await rm(join(folder, "a"), { recursive: true });
    await writeFile(join(folder, "a.nuevo"), "");
    await writeFile(join(folder, "a00"), "");
    const { data, extras } = await client.listar({
      recursive: true,
      details: true,
      after: first.extras.next as string,
    });
    expect(first.data).toEqual(recursiveNames.slice(0, 3));
    // What was there all the time is listed, what went is not: it has no details.
    expect((data as string[]).filter((name) => name !== "a00")).toEqual(["a0", "ñ", "\u{FFFD}"]);
    expect(extras.sizes).toHaveLength((data as string[]).length);
  });

  test("of 100,000 files comes whole, in order, and does not hold up others", async () => {
    const folder = await folderWith();
    const count = 100_000;
    for (let i = 0; i < count; i++) writeFileSync(join(folder, `archivo-${i}`), "");
    const { port } = await served({ folder });
    const client = await askingOf(port);
    const other = await askingOf(port);
    let over = false;
    let answered = 0;
    const asking = (async () => {
      while (!over) {
        expect((await other.descargar("archivo-7", { id: 1 })).bytes).toHaveLength(0);
        answered += 1;
      }
    })();
    const all = await pages(client, { details: true });
    over = true;
    await asking;
    const names = Array.from({ length: count }, (_, i) => `archivo-${i}`).sort();
    expect(all.flat()).toEqual(names);
    expect(answered).toBeGreaterThan(all.length / 2);
    expect((await client.listar({})).data).toEqual(names);
  }, 300_000);
});

describe("A file in a folder", () => {
  test.each(["a/1", "a/x/y/z", "a/enlace", "a/enlace-a-carpeta/y/z", "carpeta-arriba/a.txt", "a-b/2"])(
    "is served by its path %s",
    async (name) => {
      const folder = await tree();
      const { port } = await served({ folder });
      const client = await askingOf(port);
      const { bytes } = await client.descargar(name, { range: range(0, null) });
      expect(bytes?.length).toBe((await stat(join(folder, name))).size);
    },
  );

  test.each([
    "a/enlace-fuera",
    "a/enlace-roto",
    "carpeta-fuera/secreto",
    "carpeta-fuera/archivos/a.txt/..",
    "salida/b",
    "salida",
    "a/../a.txt",
    "a/./1",
    "a//1",
    "/a/1",
    "a/1/",
    "a/1/2",
    "a/x",
    "a/no-hay/z",
    "a\0/1",
    `${"a/".repeat(5000)}1`,
  ])("is refused by the path %s", async (name) => {
    const { port } = await served({ folder: await tree() });
    const client = await askingOf(port);
    expect(await client.descargar(name, { id: 1 })).toMatchObject({
      estado: "error",
      extras: { id: 1, reason: "NOT_FOUND" },
    });
  });
});

describe("A file that the server must not read", () => {
  test("is refused as that, alone and of several, and as what is not there to a peer of old", async () => {
    const folder = await tree();
    const { port, servidor } = await served({ folder });
    const client = await askingOf(port);
    await chmod(join(folder, ".."), 0o755);
    for (const name of ["a.txt", "a/1"]) await chmod(join(folder, name), 0o000);
    await asNobody(async () => {
      for (const name of ["a.txt", "a/1"]) {
        const refused = next(servidor, "refused");
        const { estado, extras } = await client.descargar(name, { id: 1 });
        expect({ estado, extras }).toEqual({ estado: "error", extras: { id: 1, reason: "FORBIDDEN" } });
        expect(String((await refused).error)).toContain(`The file "${name}" must not be read`);
        const { estado: old, extras: none } = await client.descargar(name, {});
        expect({ old, none }).toEqual({ old: "error", none: {} });
      }
      const several = await client.descargar("a0", { id: 2, more: ["a.txt"], checksums: ["crc32"] });
      expect(several).toMatchObject({ estado: "ok", extras: { parts: [2, -1] } });
    });
  });
});

describe("A name that is no text", () => {
  const bytesOf: Record<string, number[]> = {
    "latin-\udcf1": [...Buffer.from("latin-"), 0xf1],
    "\udced\udca0\udc80": [0xed, 0xa0, 0x80],
    "ñ\udcff😀\udcc3": [0xc3, 0xb1, 0xff, ...Buffer.from("😀"), 0xc3],
    "\udcc0\udcaf": [0xc0, 0xaf],
  };

  test("is listed as Python has it, and opens the file that it was listed for", async () => {
    const folder = await folderWith({ texto: "" });
    await mkdir(Buffer.from([...Buffer.from(`${folder}/`), 0xff]));
    for (const [name, bytes] of Object.entries(bytesOf)) {
      await writeFile(Buffer.from([...Buffer.from(`${folder}/`), ...bytes]), name.toWellFormed());
      await writeFile(Buffer.from([...Buffer.from(`${folder}/`), 0xff, 0x2f, ...bytes]), "dentro");
    }
    const { port } = await served({ folder });
    const client = await askingOf(port);
    const { data } = await client.listar({ recursive: true, details: true });
    const names = Object.keys(bytesOf);
    expect(data).toEqual(["texto", ...names, ...names.map((name) => `\udcff/${name}`)].sort());
    for (const name of names) {
      expect((await client.descargar(name, { id: 1 })).bytes?.toString()).toBe(name.toWellFormed());
      expect((await client.descargar(`\udcff/${name}`, { id: 1 })).bytes?.toString()).toBe("dentro");
    }
    expect((await client.listar({})).data).toEqual(["texto"]);
    for (let at = ""; ; ) {
      const page = await client.listar({ recursive: true, limit: 1, after: at });
      if (page.extras.next === null) break;
      expect((page.extras.next as string) > at).toBe(true);
      at = page.extras.next as string;
    }
  });

  test.each(["\ud800", "a\udc7f", "a\udc2f", "\udcc3\udcb1", "\udc2e\udc2e/a", "texto\udc00"])(
    "is refused where it stands for no bytes, or for text: %j",
    async (name) => {
      const { port } = await served({ files: { ñ: "", texto: "" } });
      const client = await askingOf(port);
      expect((await client.descargar(name, { id: 1 })).extras).toEqual({ id: 1, reason: "NOT_FOUND" });
    },
  );
});

describe("A storage that has only list and open", () => {
  test("is listed in pages, with details, as another one", async () => {
    const folder = await tree();
    const directory = new DirectoryStorage(folder);
    onTestFinished(() => directory.close());
    const storage: Storage = {
      list: async () => ["ñ", "a0", "a.txt", "a0", "falta", "\u{FFFD}"],
      open: (name) => directory.open(name),
    };
    const { port } = await served({ storage });
    const client = await askingOf(port);
    const simple = await client.listar({ details: true });
    expect(simple.data).toEqual(["a.txt", "a0", "ñ", "\u{FFFD}"]);
    const own = await served({ folder });
    expect(simple).toEqual(await (await askingOf(own.port)).listar({ details: true }));
    expect((await pages(client, { limit: 2 })).flat()).toEqual(["a.txt", "a0", "falta", "ñ", "\u{FFFD}"]);
    expect((await client.listar({})).data).toEqual(await storage.list());
  });
});
