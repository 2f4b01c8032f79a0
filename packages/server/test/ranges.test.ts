// Section 6.2 of the protocol: ranges, versions, checksums and digests; and 6.1, ids and reasons.

import { createHash, randomBytes } from "node:crypto";
import { rename, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { Mensaje, operaciones, type PyValue, sealOf } from "@fileshare/protocol";
import { PyFloat, PyTuple } from "@fileshare/protocol/pickle";
import { xxh3 } from "@node-rs/xxhash";
import { describe, expect, test } from "vitest";
import { DirectoryStorage, RefusedError, type Storage } from "../src/index.js";
import { askingOf, range } from "./support/asking.js";
import { folderWith, next, served } from "./support/served.js";

const grande = randomBytes(3_000_000);
const files = { "a.txt": "alfabeto", vacio: "", mediano: grande.subarray(0, 50_000), grande };

const xxh3Of = (bytes: Uint8Array): string => xxh3.xxh64(bytes).toString(16).padStart(16, "0");
const crc32Of = (bytes: Uint8Array): string => crc32(bytes).toString(16).padStart(8, "0");
const sha256Of = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

describe("A range", () => {
  const size = grande.length;
  test.each([
    ["grande", 0, null, 0, size],
    ["grande", 0, 1, 0, 1],
    ["grande", 1_048_575, 1_048_577, 1_048_575, 1_048_577],
    ["grande", size - 1, null, size - 1, size],
    ["grande", size - 1, size + 1, size - 1, size],
    ["grande", 5, 2n ** 70n, 5, size],
    ["grande", size, null, size, size],
    ["grande", 7, 7, 7, 7],
    ["mediano", 0, null, 0, 50_000],
    ["mediano", 10, 20, 10, 20],
    ["a.txt", 0, null, 0, 8],
    ["a.txt", 0, 3, 0, 3],
    ["a.txt", 3, 5, 3, 5],
    ["vacio", 0, null, 0, 0],
    ["vacio", 0, 10, 0, 0],
  ] as const)("of %s from %s to %s is given, in every protocol", async (name, start, end, first, last) => {
    const { port } = await served({ files });
    const content = Buffer.from(files[name]);
    for (const protocol of [0, 1, 2, 3, 4, 5] as const) {
      const client = await askingOf(port, protocol);
      const reply = await client.descargar(name, { range: range(start, end), checksums: ["crc32"] });
      expect(reply.estado).toBe("ok");
      // In the old protocols no bytes are empty bytes as well.
      expect(reply.bytes?.equals(content.subarray(first, last))).toBe(true);
      expect(reply.extras).toEqual({
        size: content.length,
        version: expect.any(String),
        modified: expect.anything(),
        range: [first, last],
        seal: sealOf([name, reply.extras.version as string, content.length, first, last]),
        checksum: ["crc32", crc32Of(content.subarray(first, last))],
        unchanged: true,
      });
      await client.conexion.close();
    }
  });

  test.each([
    [32 * 1024, true],
    [32 * 1024 + 1, false],
  ])("that is a file of %d bytes has its attributes behind them: %s", async (bytes, isBehind) => {
    const content = grande.subarray(0, bytes);
    const { port } = await served({ files: { content } });
    const { conexion } = await askingOf(port);
    const extras: [string, PyValue][] = [["range", range(0, null)]];
    await conexion.enviarMensaje(new Mensaje({ operacion: "descargar", data: "content", extras }));
    const header = Buffer.from(await conexion.recibirBytes(4));
    const payload = Buffer.from(await conexion.recibirBytes(header.readUInt32BE()));
    const at = payload.indexOf(content);
    expect(at).toBeGreaterThan(0);
    for (const name of ["size", "version", "modified", "range", "seal"]) {
      const place = payload.indexOf(Buffer.from([0x8c, name.length, ...Buffer.from(name)]));
      expect(place, name).toBeGreaterThan(0);
      expect(place > at, name).toBe(isBehind);
    }
  });

  test.each([
    ["grande", size + 1, null],
    ["grande", 2n ** 70n, null],
    ["grande", -1, null],
    ["grande", -5, -1],
    ["grande", 10, 9],
    ["a.txt", 9, null],
    ["a.txt", 0, -1],
    ["vacio", 1, 1],
  ])("of %s from %s to %s is refused, and the connection goes on", async (name, start, end) => {
    const { port } = await served({ files });
    const client = await askingOf(port);
    const reply = await client.descargar(name, { range: range(start, end) });
    expect(reply).toMatchObject({ estado: "error", data: null, extras: { reason: "BAD_RANGE" } });
    expect((await client.descargar("a.txt", { range: range(0, 4) })).bytes?.toString()).toBe("alfa");
  });

  test("of a file that no frame could hold is given, in every protocol", async () => {
    const { port, folder } = await served();
    await writeFile(join(folder, "enorme"), "");
    await truncate(join(folder, "enorme"), 2 ** 33);
    for (const protocol of [0, 2, 5] as const) {
      const client = await askingOf(port, protocol);
      const reply = await client.descargar("enorme", { range: range(2 ** 33 - 3, null) });
      expect(reply.bytes?.equals(Buffer.alloc(3))).toBe(true);
      expect(reply.extras).toMatchObject({ size: 2 ** 33, range: [2 ** 33 - 3, 2 ** 33] });
    }
    const client = await askingOf(port);
    expect(await client.descargar("enorme", { id: 1 })).toMatchObject({
      estado: "error",
      extras: { id: 1, reason: "TOO_LARGE" },
    });
    // As much as is sure to fit.
    await client.send("descargar", "enorme", { range: range(0, null) });
    const reply = await client.conexion.recibirMensaje();
    expect((reply?.extras.get("range") as PyTuple | undefined)?.items).toEqual([0, 512 * 1024 * 1024]);
    client.conexion.abort();
  });

  const wrong: [string, PyValue][] = [
    ["range", [0, 1]],
    ["range", range(0, 1.5)],
    ["range", range("0", 1)],
    ["range", range(true, 1)],
    ["range", range(null, 1)],
    ["range", new PyTuple([0])],
    ["range", new PyTuple([0, 1, 2])],
    ["range", range(new PyFloat(0), null)],
    ["range", range(-0, null)],
    ["version", 5],
    ["version", null],
    ["version", Uint8Array.of(1)],
    ["checksums", "xxh3"],
    ["checksums", ["xxh3", 5]],
    ["checksums", new PyTuple(["xxh3"])],
    ["digest", true],
    ["digest", ["sha256"]],
    ["otro", range(0, 1)],
  ];
  test.each(wrong)("or another attribute, %s, of a type that it cannot have is none", async (name, value) => {
    const { port } = await served({ files });
    const client = await askingOf(port);
    const reply = await client.descargar("a.txt", { [name]: value, id: 1 });
    expect(reply.bytes?.toString()).toBe("alfabeto");
    expect(reply.extras).toEqual({ id: 1 });
  });
});

describe("A version", () => {
  test("is the file's until its content changes, and then refused", async () => {
    const { port, folder } = await served({ files });
    const client = await askingOf(port);
    for (const name of ["a.txt", "mediano", "grande"]) {
      const { version } = (await client.descargar(name, { range: range(0, 1) })).extras as {
        version: string;
      };
      expect((await client.descargar(name, { version, range: range(1, 2) })).estado).toBe("ok");
      await writeFile(join(folder, "nuevo"), "nuevo");
      await rename(join(folder, "nuevo"), join(folder, name));
      const refused = await client.descargar(name, { version, range: range(1, 2) });
      expect(refused).toMatchObject({ estado: "error", data: null });
      expect(refused.extras).toEqual({ reason: "CHANGED", version: expect.any(String), size: 5 });
      const again = await client.descargar(name, { version: refused.extras.version as string });
      expect(again.bytes?.toString()).toBe("nuevo");
    }
    expect((await client.descargar("vacio", { version: "" })).extras.reason).toBe("CHANGED");
  });

  test("changes with the time of the content alone, and modified is that time", async () => {
    const { port, folder } = await served({ files });
    const client = await askingOf(port);
    await utimes(join(folder, "a.txt"), 1, 1_600_000_000.25);
    const one = await client.descargar("a.txt", { range: range(0, 1) });
    await utimes(join(folder, "a.txt"), 1, 1_600_000_000);
    const two = await client.descargar("a.txt", { range: range(0, 1) });
    expect(one.extras.version).not.toBe(two.extras.version);
    expect(one.extras.modified).toBe(1_600_000_000.25);
    // A float, though it is whole.
    expect(two.extras.modified).toEqual(new PyFloat(1_600_000_000));
  });
});

/** A folder whose file is changed after so many of its pieces were read. */
function changing(folder: string, after: number, change: () => Promise<void>): Storage {
  const directory = new DirectoryStorage(folder);
  return {
    list: () => directory.list(),
    open: async (name) => {
      const file = await directory.open(name);
      if (!file) return undefined;
      return {
        size: file.size,
        version: file.version,
        modified: file.modified,
        changed: () => file.changed?.() ?? Promise.resolve(false),
        async *read(start, end) {
          let pieces = 0;
          if (after === 0) await change();
          for await (const piece of file.read(start, end)) {
            pieces += 1;
            if (pieces === after) await change();
            yield piece;
          }
        },
        close: () => file.close(),
        [Symbol.asyncDispose]: () => file.close(),
      };
    },
  };
}

describe("A file that changes while a range of it is sent", () => {
  /** Three pieces, and some: see directory-file.ts. */
  const grande = randomBytes(13_000_000);

  test.each([0, 1, 2, 3, 4])("after %s pieces, is told to have changed", async (after) => {
    const folder = await folderWith({ grande });
    const change = (): Promise<void> => utimes(join(folder, "grande"), 5, 5);
    const { port } = await served({ storage: changing(folder, after, change) });
    const client = await askingOf(port);
    const reply = await client.descargar("grande", { range: range(0, null), checksums: ["crc32"] });
    expect(reply.extras).toMatchObject({ unchanged: false, checksum: ["crc32", crc32Of(grande)] });
  });

  test("to less than was promised, before its first byte, is refused as changed", async () => {
    const folder = await folderWith({ grande });
    const change = (): Promise<void> => truncate(join(folder, "grande"), 0);
    const { port } = await served({ storage: changing(folder, 0, change) });
    const client = await askingOf(port);
    const reply = await client.descargar("grande", { range: range(0, null) });
    expect(reply).toMatchObject({ estado: "error", extras: { reason: "CHANGED", size: 0 } });
    expect((await client.descargar("grande", { range: range(0, null) })).estado).toBe("ok");
  });

  test("to less than was promised, after its first byte, ends the connection", async () => {
    const folder = await folderWith({ grande });
    const change = (): Promise<void> => truncate(join(folder, "grande"), 4 * 1024 * 1024 + 1);
    const { servidor, port } = await served({ storage: changing(folder, 1, change) });
    const failed = next(servidor, "failed");
    const client = await askingOf(port);
    await expect(client.descargar("grande", { range: range(0, null) })).rejects.toMatchObject({
      code: "CUT",
    });
    expect(await failed).toMatchObject({ error: { code: "SHORT_CONTENT" } });
  });
});

describe("A checksum", () => {
  test.each([
    [["xxh3"], "xxh3"],
    [["crc32"], "crc32"],
    [["sha1024", "crc32", "xxh3"], "crc32"],
    [["md5"], undefined],
    [["__proto__", "constructor"], undefined],
    [[], undefined],
  ])("in %j is one in %s, of the bytes that are sent", async (checksums, algorithm) => {
    const { port } = await served({ files });
    const client = await askingOf(port);
    for (const name of ["grande", "mediano", "a.txt", "vacio"] as const) {
      const { bytes, extras } = await client.descargar(name, { checksums, range: range(0, 2_500_000) });
      const expected = algorithm === "xxh3" ? xxh3Of(bytes as Buffer) : crc32Of(bytes as Buffer);
      expect(extras.checksum).toEqual(algorithm ? [algorithm, expected] : undefined);
      expect(extras.unchanged).toBe(true);
    }
  });
});

describe("A file without a version", () => {
  test("is given whole, and nothing is said of it, whatever is asked for", async () => {
    const directory = new DirectoryStorage(await folderWith(files));
    const open: Storage["open"] = async (name) => {
      const file = await directory.open(name);
      return file && Object.assign(file, { version: "" });
    };
    const readSmall: Storage["readSmall"] = async (name, most) => {
      const small = await directory.readSmall(name, most);
      return small && { ...small, version: "" };
    };
    for (const fast of [{}, { readSmall }]) {
      const { port } = await served({ storage: { list: () => directory.list(), open, ...fast } });
      const client = await askingOf(port);
      for (const name of ["a.txt", "grande"] as const) {
        for (const asked of [{ range: range(2, 5) }, { checksums: ["crc32"] }, { digest: "sha256" }]) {
          const { bytes, extras } = await client.descargar(name, { id: 7, version: "", ...asked });
          expect(bytes?.equals(Buffer.from(files[name]))).toBe(true);
          expect(extras).toEqual({ id: 7 });
        }
        const { extras } = await client.descargar(name, { range: range(2, 5), version: "v" });
        expect(extras).toEqual({ reason: "CHANGED", version: "", size: files[name].length });
      }
      const { extras } = await client.descargar("a.txt", { more: ["vacio"] });
      expect(extras).toMatchObject({ parts: [-1, -1], versions: ["", ""] });
    }
    await directory.close();
  });
});

describe("A digest", () => {
  test("is of the whole file, whatever the range, and of the version there is", async () => {
    const { port, folder } = await served({ files });
    const client = await askingOf(port);
    for (const name of ["grande", "mediano", "vacio"] as const) {
      const asked = { digest: "sha256", range: range(0, 0) };
      const expected = ["sha256", sha256Of(Buffer.from(files[name]))];
      expect((await client.descargar(name, asked)).extras.digest).toEqual(expected);
      expect((await client.descargar(name, asked)).extras.digest).toEqual(expected);
    }
    await truncate(join(folder, "grande"), 1_000_000);
    const { extras } = await client.descargar("grande", { digest: "sha256" });
    expect(extras.digest).toEqual(["sha256", sha256Of(grande.subarray(0, 1_000_000))]);
  });

  test("in an algorithm that there is not is left out", async () => {
    const { port } = await served({ files });
    const client = await askingOf(port);
    for (const digest of ["md5", "", "SHA256"]) {
      const { estado, extras } = await client.descargar("grande", { digest, range: range(0, 1) });
      expect(estado).toBe("ok");
      expect(extras).not.toHaveProperty("digest");
      expect(extras.size).toBe(grande.length);
    }
  });

  test("of a file that changes while it is computed is refused: whoever goes on asking would ask for ever", async () => {
    const folder = await folderWith({ grande });
    let times = 0;
    const change = (): Promise<void> => utimes(join(folder, "grande"), 5, times++);
    const { port } = await served({ storage: changing(folder, 1, change) });
    const client = await askingOf(port);
    for (let times = 0; times < 2; times++) {
      const { estado, extras } = await client.descargar("grande", { digest: "sha256", range: range(0, 0) });
      expect({ estado, extras }).toEqual({ estado: "error", extras: { reason: "CHANGED" } });
    }
  });

  test("of a file that cannot be read is refused as FAILED", async () => {
    const folder = await folderWith({ grande });
    const change = (): Promise<void> => Promise.reject(new Error("EIO"));
    const { port } = await served({ storage: changing(folder, 1, change) });
    const client = await askingOf(port);
    const { estado, extras } = await client.descargar("grande", { digest: "sha256", range: range(0, 0) });
    expect({ estado, extras }).toEqual({ estado: "error", extras: { reason: "FAILED" } });
  });
});

describe("An id", () => {
  test.each([0, -7, 2 ** 40, 2n ** 200n])("%s is given back, with whatever the reply is", async (id) => {
    const { port } = await served({
      files,
      contract: {
        ...operaciones,
        saludar: { request: (data: PyValue) => data, reply: (data: PyValue) => data },
      },
      handlers: { saludar: () => "hola" },
    });
    const client = await askingOf(port);
    for (const [operacion, data] of [
      ["descargar", "a.txt"],
      ["descargar", "grande"],
      ["descargar", "falta"],
      ["listar", null],
      ["cantar", null],
      ["saludar", null],
    ] as const) {
      expect((await client.ask(operacion, data, { id })).extras.id).toBe(id);
    }
  });

  test.each(["1", true, 1.5, null, [1], new PyFloat(1)])("%s is none", async (id) => {
    const { port } = await served({ files });
    const client = await askingOf(port);
    expect((await client.descargar("a.txt", { id })).extras).toEqual({});
  });

  test("comes in the order of requests that were sent without waiting", async () => {
    const many = Object.fromEntries(
      Array.from({ length: 300 }, (_, i) => [`f${i}`, Buffer.alloc(i * 400, i)]),
    );
    const { port } = await served({ files: { ...many, grande } });
    const client = await askingOf(port);
    const names = [...Object.keys(many), "falta", "grande", "f7", "grande", "f8"];
    const sending = (async () => {
      for (const [id, name] of names.entries()) {
        await client.send("descargar", name, id % 3 === 0 ? { id, range: range(0, null) } : { id });
        if (id % 50 === 0) await client.send("listar", null, { id: 1000 + id, limit: 1 });
      }
    })();
    for (const [id, name] of names.entries()) {
      const reply = await client.receive();
      expect(reply.extras.id).toBe(id);
      if (name === "falta") expect(reply.extras.reason).toBe("NOT_FOUND");
      else expect(reply.bytes?.equals(name === "grande" ? grande : (many[name] as Buffer))).toBe(true);
      if (id % 50 === 0) expect((await client.receive()).extras.id).toBe(1000 + id);
    }
    await sending;
  });
});

describe("A request for an app's handler", () => {
  test("is handled alone, though others were sent with it", async () => {
    let writing = false;
    const folder = await folderWith({ a: "antes" });
    const { port } = await served({
      folder,
      contract: {
        ...operaciones,
        poner: { request: (data: PyValue) => data, reply: (data: PyValue) => data },
      },
      handlers: {
        poner: async () => {
          writing = true;
          await writeFile(join(folder, "a"), "despues");
          writing = false;
          return null;
        },
      },
    });
    const client = await askingOf(port);
    await client.send("descargar", "a", { id: 1 });
    await client.send("poner", null, { id: 2 });
    await client.send("descargar", "a", { id: 3 });
    expect((await client.receive()).bytes?.toString()).toBe("antes");
    expect((await client.receive()).extras).toEqual({ id: 2 });
    expect(writing).toBe(false);
    expect((await client.receive()).bytes?.toString()).toBe("despues");
  });

  test("that refuses may say why, to who asks with attributes", async () => {
    const { port } = await served({
      contract: { ...operaciones, no: { request: (data: PyValue) => data, reply: (data: PyValue) => data } },
      handlers: {
        no: (data) => {
          if (data === "error") throw new Error("se cayó");
          throw new RefusedError(
            "no",
            data === null ? {} : { reason: "NOT_FOUND", extras: [["porque", "sí"]] },
          );
        },
      },
    });
    const client = await askingOf(port);
    expect((await client.ask("no", 1, { id: 1 })).extras).toEqual({
      id: 1,
      reason: "NOT_FOUND",
      porque: "sí",
    });
    expect((await client.ask("no", null, { id: 1 })).extras).toEqual({ id: 1 });
    expect((await client.ask("no", "error", { id: 1 })).extras).toEqual({ id: 1, reason: "FAILED" });
    expect((await client.ask("no", 1, {})).extras).toEqual({});
  });
});

describe("A reason", () => {
  test.each([
    ["descargar", "falta", "NOT_FOUND"],
    ["descargar", "../a.txt", "NOT_FOUND"],
    ["descargar", 5, "BAD_REQUEST"],
    ["listar", "algo", "BAD_REQUEST"],
    ["cantar", null, "BAD_REQUEST"],
  ])("of %s %s is %s, and not told to an old peer", async (operacion, data, reason) => {
    const { port } = await served({ files });
    const client = await askingOf(port);
    expect(await client.ask(operacion, data, { otro: 1 })).toMatchObject({
      estado: "error",
      extras: { reason },
    });
    expect(await client.ask(operacion, data, {})).toEqual({
      estado: "error",
      bytes: undefined,
      data: null,
      extras: {},
    });
  });
});
