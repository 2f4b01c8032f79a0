import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { type FaultRule, startFaultProxy, startPythonServer } from "@fileshare/peers";
import { Content, content, Mensaje, operaciones, text } from "@fileshare/protocol";
import { DirectoryStorage, RefusedError, Servidor } from "@fileshare/server";
import { describe, expect, it, onTestFinished } from "vitest";
import { Cliente } from "../src/index.js";
import { clienteOf, folder, host, listening, noise, served } from "./served.js";
import { talkingServer } from "./talking-server.js";

const MiB = 1024 * 1024;

async function through(port: number, ...plan: FaultRule[]) {
  const proxy = await startFaultProxy({ port, seed: 1, plan });
  onTestFinished(() => proxy.close());
  return proxy;
}

describe("Cliente.stream(), in ranges that are checked", () => {
  it.each([0, 1, 4 * MiB, 4 * MiB + 1, 9 * MiB])("gives all %d bytes of a file", async (size) => {
    const bytes = noise(size);
    const server = await served({ fichero: bytes });
    const cliente = clienteOf(server);
    const streamed = await cliente.stream("fichero");
    expect(streamed.length).toBe(size);
    expect(Buffer.compare(await streamed.bytes(), bytes)).toBe(0);
    expect(server.asked).toHaveLength(size > 4 * MiB ? 2 : 1);
  });

  it.each([
    ["first", 3 * MiB],
    ["second", 7 * MiB],
  ])("throws at the end of the %s range where a byte of it was damaged", async (_, after) => {
    const server = await served({ fichero: noise(9 * MiB) });
    const proxy = await through(server.port, { fault: "corrupt", direction: "toClient", after });
    const streamed = await clienteOf(proxy).stream("fichero");
    await expect(streamed.bytes()).rejects.toMatchObject({ code: "CHECKSUM", path: "fichero" });
  });

  it("throws where the file became another one between two ranges", async () => {
    const path = await folder();
    const target = join(path, "fichero");
    await writeFile(target, noise(9 * MiB));
    const server = await listening(new Servidor({ storage: new DirectoryStorage(path), host, port: 0 }));
    const cliente = clienteOf(server);
    const pieces = (await cliente.stream("fichero"))[Symbol.asyncIterator]();
    await pieces.next();
    await writeFile(join(path, "otro"), noise(9 * MiB + 1));
    await rename(join(path, "otro"), target);
    const rest = async (): Promise<void> => {
      while (!(await pieces.next()).done);
    };
    await expect(rest()).rejects.toMatchObject({ code: "CHANGED", nombre: "fichero" });
    expect((await (await cliente.stream("fichero")).bytes()).length).toBe(9 * MiB + 1);
  });

  it("says why the server refuses", async () => {
    const cliente = clienteOf(await served({ a: "alfa" }));
    await expect(cliente.stream("falta")).rejects.toMatchObject({ code: "REFUSED", reason: "NOT_FOUND" });
    expect((await (await cliente.stream("a")).bytes()).length).toBe(4);
  });

  it("gives pieces that may be kept, and given to streams that read ahead", async () => {
    const bytes = noise(20 * MiB);
    const cliente = clienteOf(await served({ fichero: bytes }));
    const kept: Uint8Array[] = [];
    for await (const piece of await cliente.stream("fichero")) kept.push(piece);
    expect(Buffer.compare(Buffer.concat(kept), bytes)).toBe(0);
    const ahead = Readable.from(await cliente.stream("fichero"), { highWaterMark: 16 });
    expect(Buffer.compare(await buffer(ahead), bytes)).toBe(0);
    let read = 0;
    for await (const piece of (await cliente.stream("fichero")).lend()) {
      expect(Buffer.compare(piece, bytes.subarray(read, read + piece.length))).toBe(0);
      read += piece.length;
    }
    expect(read).toBe(bytes.length);
  });

  it("can be read once", async () => {
    const cliente = clienteOf(await served({ a: "alfa", b: noise(MiB) }));
    for (const name of ["a", "b"]) {
      const content = await cliente.stream(name);
      await content.bytes();
      await expect(content.bytes()).rejects.toMatchObject({ code: "CLOSED" });
    }
  });

  it.each([2, 100_000, 9 * MiB])(
    "makes nobody wait who comes after it when its signal aborts, though nobody reads it (%d bytes)",
    async (size) => {
      const server = await served({ fichero: noise(size), a: "alfa" });
      const cliente = clienteOf(server);
      const reason = new Error("gone");
      const giving = new AbortController();
      const unread = await cliente.stream("fichero", { signal: giving.signal });
      giving.abort(reason);
      expect((await (await cliente.stream("a")).bytes()).length).toBe(4);
      expect(await cliente.request("listar", null)).toEqual(["a", "fichero"]);
      await expect(unread.bytes()).rejects.toBe(reason);
      const both = new AbortController();
      const { signal } = both;
      const streams = [cliente.stream("fichero", { signal }), cliente.stream("a", { signal })];
      await streams[0];
      both.abort(reason);
      await expect(streams[1]).rejects.toBe(reason);
      expect((await (await cliente.stream("fichero")).bytes()).length).toBe(size);
    },
  );

  it("leaves the connection alone when it is cancelled after its end", async () => {
    const server = await served({ a: noise(100_000), b: noise(9 * MiB) });
    const cliente = clienteOf(server);
    for (let i = 0; i < 3; i++) {
      const content = await cliente.stream("a");
      await content.bytes();
      await content.cancel();
    }
    const a = await cliente.stream("a");
    await a.bytes();
    const b = await cliente.stream("b");
    await a.cancel();
    expect((await b.bytes()).length).toBe(9 * MiB);
    expect(server.connections()).toBe(1);
  });

  it("gives up the next range where it is cancelled while that is asked for", async () => {
    const path = await folder();
    await writeFile(join(path, "fichero"), noise(9 * MiB));
    const directory = new DirectoryStorage(path);
    let asked = (): void => {};
    const second = new Promise<void>((resolve) => {
      asked = resolve;
    });
    let opened = 0;
    const never = new Promise<never>(() => {});
    const server = await listening(
      new Servidor({
        storage: {
          list: () => directory.list(),
          open: async (name) => {
            opened += 1;
            if (opened !== 2) return directory.open(name);
            asked();
            return never;
          },
        },
        host,
        port: 0,
        graceMs: 0,
      }),
    );
    const cliente = clienteOf(server);
    const content = await cliente.stream("fichero");
    const reading = content.bytes();
    reading.catch(() => {});
    await second;
    await content.cancel();
    await expect(reading).rejects.toMatchObject({ code: "CLOSED" });
    expect((await (await cliente.stream("fichero")).bytes()).length).toBe(9 * MiB);
    expect(server.connections()).toBe(2);
  });

  it("takes what a handler of the server's app answers, unchecked, and so does a download", async () => {
    const bytes = noise(5 * MiB);
    const into = await folder();
    const server = await listening(
      new Servidor({ folder: into, host, port: 0, handlers: { descargar: () => Content.of(bytes) } }),
    );
    const cliente = clienteOf(server);
    await cliente.pedirListaArchivos();
    expect(Buffer.compare(await (await cliente.stream("fichero")).bytes(), bytes)).toBe(0);
    await cliente.descargarArchivo("fichero", { folder: into });
    expect(Buffer.compare(await readFile(join(into, "fichero")), bytes)).toBe(0);
  });

  it("takes the whole of what an old server sends, unchecked", async () => {
    const path = await folder();
    const bytes = noise(5 * MiB);
    await writeFile(join(path, "fichero"), bytes);
    const server = await startPythonServer({ folder: path });
    onTestFinished(() => server.close());
    const cliente = clienteOf(server);
    expect(Buffer.compare(await (await cliente.stream("fichero")).bytes(), bytes)).toBe(0);
  });

  it.each([
    ["the server's class takes no attributes", { dialect: { slots: true } }],
    [
      "the contract has a descargar of the app's own",
      { contract: { ...operaciones, descargar: { request: text, reply: content } } },
    ],
  ])("asks for the whole where %s", async (_, options) => {
    const bytes = noise(5 * MiB);
    const server = await served({ fichero: bytes });
    const cliente = new Cliente({ host, port: server.port, ...options });
    onTestFinished(() => cliente.close());
    expect(Buffer.compare(await (await cliente.stream("fichero")).bytes(), bytes)).toBe(0);
    expect(server.asked).toHaveLength(1);
  });
});

describe("Cliente.request(), of an operation of the app's own", () => {
  const contract = { ...operaciones, negar: { request: text, reply: text } };
  const refuse = (): never => {
    throw new RefusedError("no", { reason: "FAILED" });
  };

  it.each(["stream", "listing"])(
    "says why it was refused once a %s has shown that the server can",
    async (kind) => {
      const into = await folder();
      await writeFile(join(into, "a"), "alfa");
      const options = { contract, handlers: { negar: refuse }, folder: into, host, port: 0 };
      const cliente = clienteOf(await listening(new Servidor(options)), { contract });
      // Nothing is known of the server yet: an old one must see nothing but what it knows.
      await expect(cliente.request("negar", "x")).rejects.toMatchObject({
        code: "REFUSED",
        reason: undefined,
      });
      if (kind === "stream") await (await cliente.stream("a")).bytes();
      else for await (const _ of cliente.pedirDetalles());
      await expect(cliente.request("negar", "x")).rejects.toMatchObject({
        code: "REFUSED",
        reason: "FAILED",
      });
    },
  );

  it("has nothing that an old server, or one whose class takes no attributes, does not know", async () => {
    const requests: Mensaje[] = [];
    const server = await talkingServer((request) => {
      requests.push(request);
      return request.operacion === "listar"
        ? new Mensaje({ data: [], estado: "ok" })
        : new Mensaje({ data: "sí", estado: "ok" });
    });
    const cliente = clienteOf(server, { contract });
    await cliente.pedirListaArchivos();
    expect(await cliente.request("negar", "x")).toBe("sí");
    expect(requests.at(-1)?.extras.size).toBe(0);
  });
});

describe("A name that is none", () => {
  it("is a TypeError of ours, and nothing is asked", async () => {
    const server = await served({ a: "alfa" });
    const cliente = clienteOf(server);
    const none = undefined as unknown as string;
    const message = "Cannot use nombre undefined: it must be a string";
    await expect(cliente.descargarArchivo(none)).rejects.toThrow(new TypeError(message));
    await expect(cliente.pedirDigest(none)).rejects.toThrow(new TypeError(message));
    await expect(cliente.stream(none)).rejects.toThrow(new TypeError(message));
    expect(server.asked).toEqual([]);
  });
});
