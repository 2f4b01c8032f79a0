// Files on their way out: what is sent is what was there, or the connection ends.

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { truncate, writeFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { join } from "node:path";
import { PythonOracle } from "@fileshare/peers";
import { Conexion, encodeFrame, MAX_FRAME_BYTES, Mensaje } from "@fileshare/protocol";
import { socketTransport } from "@fileshare/protocol/node";
import { afterAll, describe, expect, test } from "vitest";
import { DirectoryStorage, RefusedError, type Storage, type StoredFile } from "../src/index.js";
import { askingOf, range } from "./support/asking.js";
import { connectTo, plainSocket, untilClosed } from "./support/client.js";
import { openFiles } from "./support/held.js";
import { mensaje, request, str } from "./support/pickles.js";
import { folderWith, next, record, served } from "./support/served.js";

const oracle = new PythonOracle();
afterAll(() => oracle.close());

type Protocol = 0 | 1 | 2 | 3 | 4 | 5;

/** A client that speaks a pickle protocol of its own choice. */
async function speaking(port: number, protocol: Protocol): Promise<Conexion> {
  return new Conexion(socketTransport(await plainSocket(port)), {
    dialect: { protocol, module: "__main__", qualname: "Mensaje", construction: "new", slots: false },
  });
}

const ask = (name: string): Mensaje => new Mensaje({ operacion: "descargar", data: name });

/** A storage of one file `a`, whose content is made up as it is read. */
function storageOf(size: number, read: StoredFile["read"]): Storage & { readonly closed: () => number } {
  let closed = 0;
  const close = async (): Promise<void> => {
    closed += 1;
  };
  return {
    list: async () => ["a"],
    open: async (name) =>
      name === "a"
        ? { size, version: "1", modified: new Date(0), read, close, [Symbol.asyncDispose]: close }
        : undefined,
    closed: () => closed,
  };
}

async function* pieces(...content: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* content;
}

/** The whole answer to a request, as a server sends it whose file does not change. */
async function wholeAnswer(content: Uint8Array): Promise<Buffer> {
  const { port } = await served({ files: { a: content } });
  const socket = await plainSocket(port);
  socket.end(request("descargar", "a"));
  return untilClosed(socket);
}

/** Reads until so much has come, and then no more. */
async function atLeast(socket: Socket, length: number): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  for (let come = 0; come < length; ) {
    await once(socket, "readable");
    const chunk: Buffer | null = socket.read();
    if (chunk) chunks.push(chunk);
    come += chunk?.length ?? 0;
  }
  return chunks;
}

describe("A file that changes while it is sent", () => {
  test.each([
    ["a little", 1000, 999],
    ["to one byte", 1000, 1],
    ["by its last piece", 600_000, 524_288],
    ["into its last piece", 600_000, 600_000 - 1],
  ])("and shrinks %s, ends the connection after what there was of it", async (_, size, left) => {
    const content = randomBytes(size);
    const expected = await wholeAnswer(content);
    const folder = await folderWith({ a: content, b: "be" });
    const directory = new DirectoryStorage(folder);
    const { servidor, port } = await served({
      storage: {
        list: () => directory.list(),
        open: async (name) => {
          const file = await directory.open(name);
          await truncate(join(folder, "a"), left);
          return file;
        },
      },
    });
    const told = record(servidor);
    const before = openFiles();
    const closed = next(servidor, "closed");
    const socket = await plainSocket(port);
    socket.write(Buffer.concat([request("descargar", "a"), request("descargar", "b")]));
    const answer = await untilClosed(socket);
    await closed;
    const overhead = expected.indexOf(content);
    expect(answer.length).toBeLessThanOrEqual(overhead + left);
    expect(answer.length).toBeGreaterThan(overhead);
    expect(answer.equals(expected.subarray(0, answer.length))).toBe(true);
    expect(told).toMatchObject([
      ["connected", {}],
      ["request", {}],
      ["failed", { error: { code: "SHORT_CONTENT" } }],
      ["closed", {}],
    ]);
    expect(openFiles()).toEqual(before);
  });

  test("and shrinks to nothing before any of it was sent, is answered with an error", async () => {
    const folder = await folderWith({ a: "alfa" });
    const directory = new DirectoryStorage(folder);
    const { port } = await served({
      storage: {
        list: () => directory.list(),
        open: async (name) => {
          const file = await directory.open(name);
          await truncate(join(folder, "a"), 0);
          return file;
        },
      },
    });
    const client = await connectTo(port);
    expect(await client.ask("descargar", "a")).toEqual(new Mensaje({ estado: "error" }));
    expect((await client.ask("listar"))?.data).toEqual(["a"]);
  });

  test("and shrinks halfway, under a slow receiver, ends the connection after what there was of it", async () => {
    // Much more than the system's buffers hold.
    const content = randomBytes(48 * 1024 * 1024);
    const { servidor, port, folder } = await served({ files: { a: content } });
    const failed = next(servidor, "failed");
    const closed = next(servidor, "closed");
    const socket = await plainSocket(port);
    socket.write(request("descargar", "a"));
    const first = await atLeast(socket, 100_000);
    await truncate(join(folder, "a"), 300_000);
    const rest = await untilClosed(socket);
    const answer = Buffer.concat([...first, rest]);
    expect(await failed).toMatchObject({ error: { code: "SHORT_CONTENT" } });
    await closed;
    const start = answer.indexOf(content.subarray(0, 64));
    expect(start).toBeGreaterThan(0);
    expect(answer.length - start).toBeLessThan(content.length);
    expect(answer.subarray(start).equals(content.subarray(0, answer.length - start))).toBe(true);
  });

  test("and grows, is sent as long as it was", async () => {
    const folder = await folderWith({ a: "alfa" });
    const directory = new DirectoryStorage(folder);
    const { port } = await served({
      storage: {
        list: () => directory.list(),
        open: async (name) => {
          const file = await directory.open(name);
          await writeFile(join(folder, "a"), "alfabeto");
          return file;
        },
      },
    });
    expect((await (await connectTo(port)).download("a"))?.toString()).toBe("alfa");
  });

  // Python 2 reads bytes as text, whose length depends on what the bytes are.
  const plain = Buffer.from("abcd");
  const special = Buffer.from("\n\\\xff\xfe", "latin1");
  test.each([
    ["longer text", plain, [special]],
    ["shorter text", special, [plain]],
    ["fewer bytes", plain, [plain.subarray(1)]],
    ["no bytes", plain, []],
  ])("between counting and sending, into %s, reaches no old peer wrongly", async (_, first, second) => {
    for (const protocol of [0, 1, 2] as const) {
      let reads = 0;
      const storage = storageOf(4, () => pieces(...(reads++ === 0 ? [first] : second)));
      const { servidor, port } = await served({ storage });
      const closed = next(servidor, "closed");
      const conexion = await speaking(port, protocol);
      await conexion.enviarMensaje(ask("a"));
      const reply = await conexion.recibirMensaje().catch((error: unknown) => error);
      if (reply instanceof Mensaje) expect(reply.estado).toBe("error");
      else expect(reply).toMatchObject({ code: "CUT" });
      await conexion.close();
      await closed;
      expect(storage.closed()).toBe(1);
    }
  });
});

describe("A storage of the app's own", () => {
  const sent =
    (...content: readonly Uint8Array[]): StoredFile["read"] =>
    () =>
      pieces(...content);

  test("may give pieces of any size", async () => {
    const content = randomBytes(100_000);
    const cut = [0, 1, 3, 1000, 1000, 70_000, 100_000].map((at, i, all) =>
      content.subarray(all[i - 1] ?? 0, at),
    );
    const storage = storageOf(content.length, sent(...cut));
    const { port } = await served({ storage });
    const client = await connectTo(port);
    expect((await client.download("a"))?.equals(content)).toBe(true);
    expect((await client.download("a"))?.equals(content)).toBe(true);
    expect(await client.ask("descargar", "b")).toEqual(new Mensaje({ estado: "error" }));
    expect(storage.closed()).toBe(2);
  });

  test("that gives more than it said is cut off, with nothing wrong on the wire", async () => {
    const content = randomBytes(3000);
    const expected = await wholeAnswer(content.subarray(0, 2500));
    const storage = storageOf(2500, sent(content.subarray(0, 1000), content.subarray(1000)));
    const { servidor, port } = await served({ storage });
    const closed = next(servidor, "closed");
    const socket = await plainSocket(port);
    socket.write(request("descargar", "a"));
    const answer = await untilClosed(socket);
    expect(answer.length).toBeLessThan(expected.length);
    expect(answer.equals(expected.subarray(0, answer.length))).toBe(true);
    await closed;
    expect(storage.closed()).toBe(1);
  });

  test.each([
    ["text", "alfa"],
    ["numbers", [1, 2, 3, 4]],
  ])(
    "that gives %s instead of bytes is answered with an error, and cut off once some were sent",
    async (_, odd) => {
      const good = Buffer.from("alfa");
      const one = await served({ storage: storageOf(4, sent(odd as never)) });
      expect(await (await connectTo(one.port)).ask("descargar", "a")).toEqual(
        new Mensaje({ estado: "error" }),
      );
      const two = await served({ storage: storageOf(8, sent(good, odd as never)) });
      const failed = next(two.servidor, "failed");
      const socket = await plainSocket(two.port);
      socket.write(request("descargar", "a"));
      const answer = await untilClosed(socket);
      expect(answer.indexOf(good)).toBe(answer.length - good.length);
      expect(await failed).toMatchObject({ error: { code: "SHORT_CONTENT" } });
    },
  );

  test.each(["close", "asyncDispose"] as const)("may let go of a file by %s() alone", async (name) => {
    const storage = storageOf(4, sent(Buffer.from("alfa")));
    const open: Storage["open"] = async (nombre) => {
      const file = await storage.open(nombre);
      return file && { ...file, [name === "close" ? Symbol.asyncDispose : "close"]: undefined as never };
    };
    const { port } = await served({ storage: { list: storage.list, open } });
    const client = await connectTo(port);
    expect((await client.download("a"))?.toString()).toBe("alfa");
    const asking = await askingOf(port);
    expect((await asking.listar({ details: ["sizes"] })).estado).toBe("ok");
    expect((await asking.descargar("a", { range: range(0, 0), digest: "sha256" })).estado).toBe("ok");
    expect((await asking.descargar("a", { more: [] })).bytes?.toString()).toBe("alfa");
    expect(storage.closed()).toBe(5);
  });

  test.each([
    ["open() rejects", async () => Promise.reject(new Error("el almacén se cayó"))],
    [
      "open() throws",
      () => {
        throw new Error("el almacén se cayó");
      },
    ],
  ])("whose %s is answered with an error", async (_, open) => {
    const { port } = await served({ storage: { list: async () => [], open } });
    const client = await connectTo(port);
    expect(await client.ask("descargar", "a")).toEqual(new Mensaje({ estado: "error" }));
    expect((await client.ask("listar"))?.data).toEqual([]);
  });

  test("whose list() rejects is answered with an error", async () => {
    const { servidor, port } = await served({
      storage: { list: () => Promise.reject(new Error("el almacén se cayó")), open: async () => undefined },
    });
    const refused = next(servidor, "refused");
    const client = await connectTo(port);
    expect(await client.ask("listar")).toEqual(new Mensaje({ estado: "error" }));
    expect(await refused).toMatchObject({ operacion: "listar", error: { message: "el almacén se cayó" } });
    expect((await client.ask("descargar", "a"))?.estado).toBe("error");
  });
});

describe("A file over what one frame carries", () => {
  test("is answered with an error, in every protocol, and the connection goes on", async () => {
    const { servidor, port, folder } = await served({ files: { "a.txt": "alfa", enorme: "" } });
    await truncate(join(folder, "enorme"), 2 ** 32);
    for (const protocol of [0, 1, 2, 3, 4, 5] as const) {
      const refused = next(servidor, "refused");
      const conexion = await speaking(port, protocol);
      await conexion.enviarMensaje(ask("enorme"));
      expect(await conexion.recibirMensaje()).toEqual(new Mensaje({ estado: "error" }));
      expect((await refused).error).toBeInstanceOf(RefusedError);
      await conexion.enviarMensaje(ask("a.txt"));
      expect((await conexion.recibirMensaje())?.data).toEqual(new Uint8Array(Buffer.from("alfa")));
    }
  });

  test.each([3, 4, 5])("begins one byte over what fits, in protocol %d", async (protocol) => {
    // What stands around the bytes is the same for all that are counted in four bytes.
    const { length } = await oracle.dumps({ protocol, data: { zeros: 100_000 }, estado: "ok" });
    const most = MAX_FRAME_BYTES - (length - 100_000);
    const piece = new Uint8Array(65_536);
    const endless: StoredFile["read"] = async function* () {
      for (;;) yield piece;
    };
    const { bytes } = await oracle.dumps({ protocol, operacion: "descargar", data: "a" });
    const asked = encodeFrame(bytes ?? new Uint8Array());

    const fits = storageOf(most, endless);
    const { servidor, port } = await served({ storage: fits });
    const failed = next(servidor, "failed");
    const closed = next(servidor, "closed");
    const socket = await plainSocket(port);
    socket.write(asked);
    const start = Buffer.concat(await atLeast(socket, 200));
    expect(start.readUInt32BE()).toBe(MAX_FRAME_BYTES);
    const lengthBytes = Buffer.alloc(4);
    lengthBytes.writeUInt32LE(most);
    expect(
      start.subarray(0, 200).includes(Buffer.concat([Buffer.from("B"), lengthBytes, Buffer.alloc(50)])),
    ).toBe(true);
    socket.resetAndDestroy();
    expect(await failed).toMatchObject({ error: { code: "LOST" } });
    await closed;
    expect(fits.closed()).toBe(1);

    const over = await served({ storage: storageOf(most + 1, endless) });
    const refused = next(over.servidor, "refused");
    const client = await connectTo(over.port);
    await client.send(asked);
    expect(await client.receive()).toEqual(new Mensaje({ estado: "error" }));
    expect((await refused).error).toBeInstanceOf(RefusedError);
    expect((await client.ask("listar"))?.data).toEqual(["a"]);
  });
});

test("A file is opened for each request and closed after it", async () => {
  const { servidor, port } = await served({ files: { a: randomBytes(300_000) } });
  const client = await connectTo(port);
  const download = async (): Promise<void> => {
    const sent = next(servidor, "sent");
    await client.download("a");
    await sent;
  };
  await download();
  const before = openFiles();
  for (let i = 0; i < 100; i++) await download();
  await client.send(encodeFrame(mensaje(str("descargar"), str("falta"))));
  await client.receive();
  expect(openFiles()).toEqual(before);
});
