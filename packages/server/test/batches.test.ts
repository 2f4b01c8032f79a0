// Section 6.2.1 of the protocol: several small files in one reply.

import { mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { operaciones, type PyValue, sealOf } from "@fileshare/protocol";
import { PyFloat, PyTuple } from "@fileshare/protocol/pickle";
import { describe, expect, test } from "vitest";
import { DirectoryStorage, type Storage } from "../src/index.js";
import { MAX_BATCH_NAMES } from "../src/operations/attributes.js";
import { BATCH_LIMITS } from "../src/operations/batch-reply.js";
import { askingOf, type Reply, range } from "./support/asking.js";
import { folderWith, next, served } from "./support/served.js";

const files = { a: "alfa", b: "", c: "charlie" };

const crc32Of = (bytes: Uint8Array): string => crc32(bytes).toString(16).padStart(8, "0");

/** The contents that a reply holds, by its `parts`; undefined where one is not among them. */
function contents({ bytes, extras }: Reply): (string | undefined)[] {
  let at = 0;
  return (extras.parts as number[]).map((length) => {
    if (length < 0) return undefined;
    at += length;
    return bytes?.toString("latin1", at - length, at);
  });
}

function expectSealed(names: readonly string[], { extras }: Reply): void {
  const { parts, versions } = extras as { parts: number[]; versions: string[] };
  expect(extras.seal).toBe(sealOf([...names, ...parts, ...versions]));
}

/** What a storage has that reads neither small files nor many of them at once. */
function openOnly(folder: string): Storage {
  const storage = new DirectoryStorage(folder);
  return { list: () => storage.list(), open: (name) => storage.open(name) };
}

/** What a storage has that reads small files one by one. */
function smallOnly(folder: string): Storage {
  const storage = new DirectoryStorage(folder);
  return { ...openOnly(folder), readSmall: (name, most) => storage.readSmall(name, most) };
}

describe.each([
  ["a folder", (folder: string) => new DirectoryStorage(folder)],
  ["a storage that reads one small file at a time", smallOnly],
  ["a storage that can only open files", openOnly],
] as const)("Several files from %s", (_, storageOf) => {
  test("come in one reply, in every protocol", async () => {
    const { port } = await served({ storage: storageOf(await folderWith(files)) });
    for (const protocol of [0, 1, 2, 3, 4, 5] as const) {
      const client = await askingOf(port, protocol);
      const reply = await client.descargar("c", { more: ["a", "falta", "b"], checksums: ["crc32"] });
      expect(reply.estado).toBe("ok");
      expect(contents(reply)).toEqual(["charlie", "alfa", undefined, ""]);
      expect(reply.extras).toEqual({
        parts: [7, 4, -1, 0],
        versions: [expect.any(String), expect.any(String), "", expect.any(String)],
        modified: [expect.anything(), expect.anything(), new PyFloat(0), expect.anything()],
        seal: expect.any(String),
        checksum: ["crc32", crc32Of(Buffer.from("charliealfa"))],
      });
      expectSealed(["c", "a", "falta", "b"], reply);
      const single = await client.descargar("a", { range: range(0, null) });
      expect((reply.extras.versions as string[])[1]).toBe(single.extras.version);
      expect((reply.extras.modified as PyValue[])[1]).toEqual(single.extras.modified);
      await client.conexion.close();
    }
  });

  test("come to who packs their names as they do to who lists them", async () => {
    const { port } = await served({ storage: storageOf(await folderWith(files)) });
    const client = await askingOf(port);
    for (const more of [[], ["a"], ["a", "falta", "b"], Array<string>(MAX_BATCH_NAMES - 1).fill("a")]) {
      const listed = await client.descargar("c", { more, checksums: ["crc32"] });
      const packed = await client.descargar("c", { more: more.join("\n"), checksums: ["crc32"] });
      expect(packed).toEqual(listed);
      expectSealed(["c", ...more], packed);
    }
  });

  test("come without columns to who knows what they would say", async () => {
    const { port } = await served({ storage: storageOf(await folderWith(files)) });
    const client = await askingOf(port);
    const more = ["c"];
    const first = await client.descargar("a", { id: 5, more, expected: "00000000" });
    const expected = first.extras.seal as string;
    const reply = await client.descargar("a", { id: 6, more, expected });
    expect(reply.bytes?.toString()).toBe("alfacharlie");
    expect(reply.extras).toEqual({ id: 6, seal: expected });
  });

  test("leave out what is larger, and no file beyond the bytes and names of one reply is told of", async () => {
    const { maxFileBytes, maxBytes } = BATCH_LIMITS;
    const largest = Buffer.alloc(maxFileBytes, "x");
    const folder = await folderWith({ largest, larger: Buffer.alloc(maxFileBytes + 1), ...files });
    const { port } = await served({ storage: storageOf(folder) });
    const client = await askingOf(port);
    const full = maxBytes / maxFileBytes;
    const more = Array<string>(full + 5).fill("largest");
    const reply = await client.descargar("larger", { more });
    expect(reply.extras.parts).toEqual([-1, ...Array<number>(full).fill(maxFileBytes)]);
    expect(reply.bytes?.length).toBe(maxBytes);
    const many = Array<string>(MAX_BATCH_NAMES + 10).fill("a");
    const names = await client.descargar("a", { more: many });
    expect(names.extras.parts).toEqual(Array<number>(MAX_BATCH_NAMES).fill(4));
    expectSealed(["a", ...many], names);
    const atLimit = await client.descargar("a", { more: many.slice(0, MAX_BATCH_NAMES - 1) });
    expect((atLimit.extras.parts as number[]).length).toBe(MAX_BATCH_NAMES);
  });

  test("come in the order of requests that were sent without waiting", async () => {
    const { port } = await served({ storage: storageOf(await folderWith(files)) });
    const client = await askingOf(port);
    for (let id = 0; id < 100; id++) await client.send("descargar", "a", { id, more: ["c", "falta"] });
    for (let id = 0; id < 100; id++) {
      const reply = await client.receive();
      expect(reply.extras.id).toBe(id);
      expect(contents(reply)).toEqual(["alfa", "charlie", undefined]);
    }
  });
});

describe("Several files", () => {
  test.each<[string, PyValue]>([
    ["more packed names than there may be", "c\n".repeat(MAX_BATCH_NAMES - 1)],
    ["a tuple", new PyTuple(["c"])],
    ["None", null],
    ["an int", 7],
    ["a list with an int", ["c", 7]],
    ["a list of lists", [["c"]]],
    ["a list with bytes", [Buffer.from("c")]],
  ])("are not asked for by %s", async (_, more) => {
    const { port } = await served({ files });
    const client = await askingOf(port);
    const reply = await client.descargar("a", { more, range: range(0, null) });
    expect(reply.bytes?.toString()).toBe("alfa");
    expect(reply.extras).toMatchObject({ size: 4, range: [0, 4] });
    expect(reply.extras).not.toHaveProperty("parts");
  });

  test("may be one, and whatever `expected` is", async () => {
    const { port } = await served({ files });
    const client = await askingOf(port);
    for (const expected of [null, 5, "", "zz", new PyTuple([])]) {
      const reply = await client.descargar("a", { more: [], expected });
      expect(contents(reply)).toEqual(["alfa"]);
    }
  });

  test("are refused where the first name is none, and the connection goes on", async () => {
    const { port } = await served({ files });
    const client = await askingOf(port);
    const reply = await client.descargar(5, { more: ["a"] });
    expect(reply).toMatchObject({ estado: "error", extras: { reason: "BAD_REQUEST" } });
    expect(contents(await client.descargar("a", { more: ["b"] }))).toEqual(["alfa", ""]);
  });

  test("are none that lead out of the folder, or are no files", async () => {
    const outside = await folderWith({ secreto: "secreto" });
    const folder = await folderWith(files);
    await mkdir(join(folder, "dentro"));
    await writeFile(join(folder, "dentro", "d"), "delta");
    await symlink(outside, join(folder, "fuera"));
    await symlink(join(outside, "secreto"), join(folder, "enlace"));
    const { port } = await served({ folder });
    const client = await askingOf(port);
    const more = [
      "../secreto",
      "fuera/secreto",
      "enlace",
      "dentro",
      "",
      ".",
      "/etc/passwd",
      "a\0",
      "dentro/d",
    ];
    const reply = await client.descargar("a", { more });
    expect(contents(reply)).toEqual(["alfa", ...Array<undefined>(8).fill(undefined), "delta"]);
  });

  test("have names that are no UTF-8", async () => {
    const folder = await folderWith(files);
    await writeFile(Buffer.concat([Buffer.from(`${folder}/`), Buffer.of(0xff, 0x41)]), "bytes");
    const { port } = await served({ folder });
    const client = await askingOf(port);
    const reply = await client.descargar("\udcffA", { more: ["a"] });
    expect(contents(reply)).toEqual(["bytes", "alfa"]);
    expectSealed(["\udcffA", "a"], reply);
  });

  test("leave out one that changes while it is read", async () => {
    const folder = await folderWith(files);
    const storage = new DirectoryStorage(folder);
    const changing: Storage = {
      list: () => storage.list(),
      async open(name) {
        const file = await storage.open(name);
        return file && name === "c" ? Object.assign(file, { changed: async () => true }) : file;
      },
    };
    const { port } = await served({ storage: changing });
    const client = await askingOf(port);
    expect(contents(await client.descargar("a", { more: ["c"] }))).toEqual(["alfa", undefined]);
  });

  test("are of the versions that there are when they are read", async () => {
    const { port, folder } = await served({ files });
    const client = await askingOf(port);
    const before = await client.descargar("a", { more: ["c"] });
    await writeFile(join(folder, "nuevo"), "CHARLIE");
    await rename(join(folder, "nuevo"), join(folder, "c"));
    const after = await client.descargar("a", { more: ["c"], expected: before.extras.seal as string });
    expect(contents(after)).toEqual(["alfa", "CHARLIE"]);
    const [was, is] = [before, after].map(({ extras }) => extras.versions as string[]);
    expect(is?.[0]).toBe(was?.[0]);
    expect(is?.[1]).not.toBe(was?.[1]);
  });

  test.each([
    ["ends early", [Buffer.from("charl")]],
    ["goes on after its end", [Buffer.from("charlie"), Buffer.from("x")]],
    ["is given as text", ["charlie"]],
  ])("leave out one that %s", async (_, pieces) => {
    const storage = openOnly(await folderWith(files));
    const odd: Storage = {
      list: () => storage.list(),
      async open(name) {
        const file = await storage.open(name);
        const read = async function* (): AsyncGenerator<Uint8Array> {
          yield* pieces as Uint8Array[];
        };
        return file && name === "c" ? Object.assign(file, { read }) : file;
      },
    };
    const { port } = await served({ storage: odd });
    const client = await askingOf(port);
    expect(contents(await client.descargar("a", { more: ["c"] }))).toEqual(["alfa", undefined]);
  });

  test("are opened where the fast way gives what are no bytes", async () => {
    const storage = smallOnly(await folderWith(files));
    const odd: Storage = {
      ...storage,
      readSmall: async () => ({ bytes: "texto" as never, version: "1", modified: 0 }),
    };
    const { port } = await served({ storage: odd });
    const client = await askingOf(port);
    expect(contents(await client.descargar("a", { more: ["c"] }))).toEqual(["alfa", "charlie"]);
    expect((await client.descargar("a", { range: range(0, null) })).bytes?.toString()).toBe("alfa");
  });

  test("are told of by the event of their request, as many as the reply tells of", async () => {
    const { port, servidor } = await served({ files });
    const client = await askingOf(port);
    for (const more of [[], ["c", "falta"], Array<string>(MAX_BATCH_NAMES + 10).fill("c")]) {
      const request = next(servidor, "request");
      await client.descargar("a", { more });
      expect(await request).toMatchObject({ data: "a", names: ["a", ...more].slice(0, MAX_BATCH_NAMES) });
    }
    const request = next(servidor, "request");
    await client.descargar("a", { range: range(0, null) });
    expect(await request).not.toHaveProperty("names");
  });

  test("of a storage whose fast way fails are none of them there", async () => {
    const storage = new DirectoryStorage(await folderWith(files));
    const failing: Storage = {
      list: () => storage.list(),
      open: (name) => storage.open(name),
      readMany: async () => Promise.reject(new Error("no")),
    };
    const { port } = await served({ storage: failing });
    const client = await askingOf(port);
    const reply = await client.descargar("a", { more: ["c"] });
    expect(reply.extras).toMatchObject({ parts: [-1, -1], versions: ["", ""] });
    expect((await client.descargar("a", { range: range(0, null) })).bytes?.toString()).toBe("alfa");
  });

  test("are not given past an app's own handler: it answers for the file that it is asked for", async () => {
    const { port } = await served({
      files,
      contract: operaciones,
      handlers: { descargar: (nombre, { enviarArchivo }) => enviarArchivo(nombre) },
    });
    const client = await askingOf(port);
    const reply = await client.descargar("a", { more: ["c"], range: range(0, null) });
    expect(reply.bytes?.toString()).toBe("alfa");
    expect(reply.extras).not.toHaveProperty("parts");
  });
});
