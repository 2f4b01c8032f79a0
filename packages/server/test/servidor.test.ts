import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import {
  Conexion,
  ConexionError,
  Content,
  content,
  encodeFrame,
  listOf,
  Mensaje,
  nothing,
  operaciones,
  type PyValue,
} from "@fileshare/protocol";
import { socketTransport } from "@fileshare/protocol/node";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  answered,
  type HandlerContext,
  RefusedError,
  Servidor,
  type ServidorOptions,
  serve,
} from "../src/index.js";
import { type Client, connectTo, dataOf, plainSocket, untilClosed } from "./support/client.js";
import { mensaje, NONE, request, str } from "./support/pickles.js";
import { folderWith, next, portOf, record, served } from "./support/served.js";

const files = { "a.txt": "alfa", "b.bin": Uint8Array.of(0, 255, 128), vacio: "", "año 文件 😀": "¿qué?" };

function whole(data: PyValue): number {
  if (typeof data !== "number" || !Number.isInteger(data)) throw new TypeError("it is no int");
  return data;
}

const anything = (data: PyValue): PyValue => data;

const contract = {
  ...operaciones,
  sumar: { request: listOf(whole), reply: whole },
};

/** Asks for the sum of small numbers, by hand. */
const sumRequest = (...numbers: number[]): Uint8Array =>
  encodeFrame(
    mensaje(str("sumar"), `](${numbers.map((number) => `K${String.fromCharCode(number)}`).join("")}e`),
  );

describe("Servidor", () => {
  test("binds, accepts, answers and closes, each when it is told to", async () => {
    const servidor = new Servidor({ folder: await folderWith(files), port: 0 });
    onTestFinished(() => servidor.close());
    expect(servidor.address).toBeUndefined();
    await expect(servidor.acceptConnections()).rejects.toThrow("call bindListen first");

    const address = await servidor.bindListen();
    expect(address).toEqual({ host: "localhost", port: expect.any(Number) });
    expect(servidor.address).toEqual(address);
    await expect(servidor.bindListen()).rejects.toThrow("the server does already");

    // It waits in the backlog until connections are accepted.
    const client = await connectTo(address.port);
    await client.send(request("listar"));
    const accepting = servidor.acceptConnections();
    expect(await client.receive()).toEqual(
      new Mensaje({ data: ["a.txt", "año 文件 😀", "b.bin", "vacio"], estado: "ok" }),
    );
    await client.end();
    await servidor.close();
    await accepting;
  });

  test("serves with serve() and await using", async () => {
    let port: number;
    {
      await using servidor = await serve({ folder: await folderWith(files), port: 0 });
      port = portOf(servidor);
      expect(port).toBeGreaterThan(0);
      const client = await connectTo(port);
      expect((await client.download("a.txt"))?.toString()).toBe("alfa");
      await client.end();
    }
    const [error] = await once(connect(port, "127.0.0.1"), "error");
    expect(error).toMatchObject({ code: "ECONNREFUSED" });
  });

  test("takes localhost for an IPv4 address", async () => {
    const { servidor, port } = await served({ host: "localhost" });
    const connected = next(servidor, "connected");
    const client = await connectTo(port);
    expect((await connected).client.address).toBe(`127.0.0.1:${client.socket.localPort}`);
  });

  test("takes another folder, and another address", async () => {
    const { port } = await served({ folder: await folderWith({ otro: "otro" }), host: "127.0.0.1" });
    expect((await (await connectTo(port)).download("otro"))?.toString()).toBe("otro");
  });

  test("rejects an address that is in use, and takes it once it is free", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void other.close());
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    const folder = await folderWith();
    const servidor = new Servidor({ folder, port });
    onTestFinished(() => servidor.close());
    await expect(servidor.bindListen()).rejects.toMatchObject({ code: "EADDRINUSE" });
    await expect(serve({ folder, port })).rejects.toMatchObject({ code: "EADDRINUSE" });
    expect(servidor.address).toBeUndefined();
    await expect(servidor.acceptConnections()).rejects.toThrow("call bindListen first");

    other.close();
    await once(other, "close");
    expect(await servidor.bindListen()).toEqual({ host: "localhost", port });
  });

  test("rejects an address that is none", async () => {
    const folder = await folderWith();
    await expect(serve({ folder, port: 0, host: "203.0.113.1" })).rejects.toMatchObject({
      code: "EADDRNOTAVAIL",
    });
    await expect(serve({ folder, port: 0, host: "no-hay.invalid" })).rejects.toMatchObject({
      syscall: "getaddrinfo",
    });
  });

  test("rejects a folder that is none, before it listens", async () => {
    const folder = await folderWith({ "notas.txt": "hola" });
    await expect(serve({ folder: `${folder}/falta`, port: 0 })).rejects.toMatchObject({ code: "ENOENT" });
    await expect(serve({ folder: `${folder}/notas.txt`, port: 0 })).rejects.toMatchObject({
      code: "ENOTDIR",
    });
  });

  const refusedOptions: [keyof ServidorOptions<typeof operaciones>, number[]][] = [
    ["port", [-1, 65_536, 1.5, Number.NaN, Number.POSITIVE_INFINITY]],
    ["backlog", [0, 65_536, 1.5]],
    ["maxConnections", [0, -1, 2.5, Number.NaN]],
    ["maxRequestBytes", [63, 2 ** 32, 64.5, Number.POSITIVE_INFINITY]],
    ["stallMs", [0, -1, 0.5, 2 ** 31, Number.NaN]],
    ["graceMs", [-1, 0.5, 2 ** 31, Number.NaN]],
  ];
  test.each(refusedOptions)("refuses a %s out of its range", (name, values) => {
    for (const value of values) {
      expect(() => new Servidor({ [name]: value })).toThrow(RangeError);
      expect(() => new Servidor({ [name]: value })).toThrow(`Cannot use ${name} ${value}: `);
    }
  });

  test.each([
    [{ folder: 5 }, "Cannot use folder 5: it must be a string"],
    [{ folder: null }, "Cannot use folder null: it must be a string"],
    [{ storage: "archivos" }, 'Cannot use storage "archivos": it must be a storage, with list() and open()'],
    [{ storage: {} }, "Cannot use storage [object Object]: it must be a storage, with list() and open()"],
    [{ host: {} }, "Cannot use host [object Object]: it must be a string"],
    [{ acceptClass: 5 }, "Cannot use acceptClass 5: it must be a function"],
    [{ contract: 5 }, "Cannot use contract 5: it must be an object"],
    [
      { contract: { ...operaciones, sumar: () => 1 } },
      "Cannot use contract.sumar () => 1: it must be an operation, with request() and reply()",
    ],
    [{ handlers: [5] }, "Cannot use handlers.0 5: it must be a function"],
    [{ handlers: { listar: 5 } }, "Cannot use handlers.listar 5: it must be a function"],
    ["some/folder", 'Cannot use options "some/folder": it must be an object'],
    [null, "Cannot use options null: it must be an object"],
  ])("refuses options of a wrong kind: %j", async (options, message) => {
    const given = options as ServidorOptions<typeof operaciones>;
    expect(() => new Servidor(given)).toThrow(new TypeError(message));
    await expect(serve(given)).rejects.toThrow(new TypeError(message));
  });

  test("refuses a folder that is empty", () => {
    expect(() => new Servidor({ folder: "" })).toThrow(new RangeError("Cannot use folder: it is empty"));
  });

  test("takes options at the ends of their ranges", () => {
    for (const options of [
      { port: 65_535, backlog: 65_535, maxRequestBytes: 2 ** 32 - 1, stallMs: 2 ** 31 - 1 },
      { port: 0, backlog: 1, maxConnections: 1, maxRequestBytes: 64, stallMs: 1, graceMs: 0 },
      {
        maxConnections: Number.POSITIVE_INFINITY,
        stallMs: Number.POSITIVE_INFINITY,
        graceMs: Number.POSITIVE_INFINITY,
      },
    ]) {
      expect(new Servidor(options)).toBeInstanceOf(Servidor);
    }
  });

  test("listens to a connection of the app's own", async () => {
    const servidor = new Servidor({ folder: await folderWith(files) });
    const [near, far] = await pair();
    const listening = servidor.listenClient(far);
    await near.enviarMensaje(new Mensaje({ operacion: "descargar", data: "a.txt" }));
    expect((await dataOf(await near.recibirMensaje()))?.toString()).toBe("alfa");
    await near.close();
    await listening;
    expect(far.closed).toBe(true);
  });

  test("answers a single Mensaje with manejarMensaje, and a file with enviarArchivo", async () => {
    const servidor = new Servidor({ folder: await folderWith(files) });
    const [near, far] = await pair();
    await servidor.manejarMensaje(far, new Mensaje({ operacion: "listar" }));
    expect((await near.recibirMensaje())?.data).toEqual(Object.keys(files).sort());
    await servidor.manejarMensaje(far, new Mensaje({ operacion: "nada" }));
    expect(await near.recibirMensaje()).toEqual(new Mensaje({ estado: "error" }));

    expect(await servidor.enviarArchivo(far, "b.bin")).toBe(answered);
    expect(await dataOf(await near.recibirMensaje())).toEqual(Buffer.of(0, 255, 128));
    const missing = servidor.enviarArchivo(far, "falta");
    await expect(missing).rejects.toThrow(RefusedError);
    await expect(missing).rejects.toMatchObject({ code: "REFUSED" });

    far.abort();
    await expect(servidor.enviarArchivo(far, "b.bin")).rejects.toThrow(ConexionError);
    await expect(servidor.manejarMensaje(far, new Mensaje({ operacion: "listar" }))).rejects.toThrow(
      ConexionError,
    );
  });

  test("keeps a client that was reset before it was accepted to itself", async () => {
    const servidor = new Servidor({ folder: await folderWith(files), port: 0 });
    onTestFinished(() => servidor.close());
    const { port } = await servidor.bindListen();
    const sockets = await Promise.all(Array.from({ length: 5 }, () => plainSocket(port)));
    const client = await connectTo(port);
    await turns();
    for (const socket of sockets) socket.resetAndDestroy();
    await turns();
    void servidor.acceptConnections();
    expect((await client.download("a.txt"))?.toString()).toBe("alfa");
  });
});

describe("A client", () => {
  test("is answered any number of requests in order, over one connection", async () => {
    const { port } = await served({ files });
    const client = await connectTo(port);
    const names = Array.from({ length: 200 }, (_, i) => Object.keys(files)[i % 4] ?? "");
    for (const name of names) await client.send(request("descargar", name));
    for (const name of names) {
      expect(await dataOf(await client.receive())).toEqual(Buffer.from(files[name as keyof typeof files]));
    }
    expect((await client.ask("listar"))?.estado).toBe("ok");
  });

  test("may end its side after its last request", async () => {
    const big = randomBytes(3_000_000);
    const { port } = await served({ files: { ...files, big } });
    const client = await connectTo(port);
    client.socket.end(Buffer.concat([request("descargar", "a.txt"), request("descargar", "big")]));
    expect((await dataOf(await client.receive()))?.toString()).toBe("alfa");
    expect((await dataOf(await client.receive()))?.equals(big)).toBe(true);
    expect(await client.receive()).toBeNull();
    await client.closed;
  });

  test("says good-bye with a frame of no length", async () => {
    const { servidor, port } = await served({ files });
    const told = record(servidor);
    const client = await connectTo(port);
    await client.send(request("descargar", "a.txt"), new Uint8Array(4), request("listar"));
    expect((await dataOf(await client.receive()))?.toString()).toBe("alfa");
    expect(await client.receive()).toBeNull();
    const closed = next(servidor, "closed");
    await client.end();
    await closed;
    expect(told.map(([name]) => name)).toEqual(["connected", "request", "sent", "closed"]);
  });

  test("is one of 50 at once, each with its own files", async () => {
    const contents = Array.from({ length: 50 }, (_, i) => randomBytes(1000 * i));
    const { servidor, port } = await served({
      files: Object.fromEntries(contents.map((content, i) => [`file-${i}`, content])),
    });
    const closed = new Set<number>();
    servidor.on("closed", ({ client }) => closed.add(client.id));
    const clients = await Promise.all(contents.map(() => connectTo(port)));
    await Promise.all(
      clients.map(async (client, i) => {
        for (let j = 0; j < 5; j++) {
          const n = (i + j * 7) % 50;
          expect((await client.download(`file-${n}`))?.equals(contents[n] as Buffer), `file-${n}`).toBe(true);
        }
        await client.end();
      }),
    );
    await servidor.close();
    expect(closed.size).toBe(50);
  });

  test("is turned away over maxConnections, and taken once there is room", async () => {
    const { servidor, port } = await served({ files, maxConnections: 2 });
    const told = record(servidor);
    const [one, two] = await Promise.all([connectTo(port), connectTo(port)]);
    await one.ask("listar");
    await two.ask("listar");

    const dropped = next(servidor, "dropped");
    const third = await plainSocket(port);
    const { localPort } = third;
    expect(await untilClosed(third)).toHaveLength(0);
    expect(await dropped).toEqual({ address: `127.0.0.1:${localPort}` });

    const left = next(servidor, "closed");
    await one.end();
    await left;
    const fourth = await connectTo(port);
    expect((await fourth.download("a.txt"))?.toString()).toBe("alfa");
    expect((await two.download("a.txt"))?.toString()).toBe("alfa");
    expect(told.filter(([name]) => name === "connected")).toHaveLength(3);
  });
});

describe("The events", () => {
  test("of a client come in order, with their fields", async () => {
    const { servidor, port } = await served({ files });
    const told = record(servidor);
    const first = await connectTo(port);
    const client = { id: 1, address: `127.0.0.1:${first.socket.localPort}` };
    await first.ask("listar");
    await first.ask("descargar", "a.txt");
    await first.ask("descargar", "falta");
    await first.ask("cantar", "do");
    await first.send(encodeFrame(Uint8Array.of(0x4e, 0x2e)));
    await first.receive();
    const closed = next(servidor, "closed");
    await first.end();
    await closed;

    const ms: unknown = expect.any(Number);
    expect(told).toEqual([
      ["connected", { client }],
      ["request", { client, operacion: "listar", data: null }],
      ["sent", { client, operacion: "listar", data: null, ms }],
      ["request", { client, operacion: "descargar", data: "a.txt" }],
      ["sent", { client, operacion: "descargar", data: "a.txt", ms }],
      ["request", { client, operacion: "descargar", data: "falta" }],
      ["refused", { client, operacion: "descargar", error: expect.any(RefusedError) }],
      ["request", { client, operacion: "cantar", data: "do" }],
      ["refused", { client, operacion: "cantar", error: expect.any(RefusedError) }],
      ["refused", { client, operacion: null, error: expect.objectContaining({ code: "NOT_A_MENSAJE" }) }],
      ["closed", { client }],
    ]);

    const second = await connectTo(port);
    await second.ask("listar");
    expect(told.at(-1)).toMatchObject(["sent", { client: { id: 2 } }]);
  });

  test("tell of a connection that broke, then of its end", async () => {
    const { servidor, port } = await served({ files });
    const told = record(servidor);
    const client = await connectTo(port);
    await client.ask("listar");
    const closed = next(servidor, "closed");
    client.socket.resetAndDestroy();
    await closed;
    expect(told.slice(-2)).toMatchObject([
      ["failed", { client: { id: 1 }, error: { code: "LOST", cause: { code: "ECONNRESET" } } }],
      ["closed", { client: { id: 1 } }],
    ]);
  });

  test("may have listeners that throw: the process is told, and the server goes on", async () => {
    const { servidor, port } = await served({ files });
    servidor.on("request", ({ data }) => {
      throw new Error(`not about ${data}`);
    });
    const uncaught = catchUncaught();
    const client = await connectTo(port);
    expect((await client.download("a.txt"))?.toString()).toBe("alfa");
    expect((await client.download("b.bin"))?.length).toBe(3);
    expect(uncaught).toMatchObject([{ message: "not about a.txt" }, { message: "not about b.bin" }]);
  });
});

describe("An operation", () => {
  test("of the app's own is checked, handled and answered", async () => {
    const { servidor, port } = await served({
      files,
      contract,
      handlers: { sumar: (numbers) => numbers.reduce((sum, number) => sum + number, 0) },
    });
    const client = await connectTo(port);
    await client.send(sumRequest(1, 2, 39));
    expect(await client.receive()).toEqual(new Mensaje({ data: 42, estado: "ok" }));
    const refused = next(servidor, "refused");
    expect(await client.ask("sumar", "1 y 2")).toEqual(new Mensaje({ estado: "error" }));
    expect((await refused).error).toBeInstanceOf(TypeError);
    expect((await client.download("a.txt"))?.toString()).toBe("alfa");
  });

  test("gets what it may use, and may answer with a file", async () => {
    const { port, folder } = await served({
      files,
      contract: { ...operaciones, ultimo: { request: nothing, reply: content } },
      handlers: {
        ultimo: async (_data, { storage, conexion, signal, enviarArchivo }) => {
          expect(conexion.dialect.protocol).toBe(3);
          expect(signal.aborted).toBe(false);
          return enviarArchivo((await storage.list()).at(-1) ?? "");
        },
      },
    });
    const client = await connectTo(port);
    await rm(join(folder, "vacio"));
    expect(await dataOf(await client.ask("ultimo"))).toEqual(Buffer.of(0, 255, 128));
  });

  test("may be answered by the handler itself", async () => {
    const { port } = await served({
      contract: { ...operaciones, dos: { request: nothing, reply: anything } },
      handlers: {
        dos: async (_data, { conexion }) => {
          await conexion.enviarMensaje(new Mensaje({ data: "uno" }));
          await conexion.enviarMensaje(new Mensaje({ data: "dos" }));
          return answered;
        },
      },
    });
    const client = await connectTo(port);
    expect((await client.ask("dos"))?.data).toBe("uno");
    expect((await client.receive())?.data).toBe("dos");
    expect((await client.ask("listar"))?.data).toEqual([]);
  });

  test.each([
    ["throws", () => Promise.reject(new Error("se cayó"))],
    [
      "throws before it waits for anything",
      () => {
        throw new Error("se cayó");
      },
    ],
    ["answers with what Python has no counterpart for", () => (() => {}) as unknown as PyValue],
    ["answers with content that fails at once", () => failing(10, 0)],
  ])("that %s is answered with an error, and the connection goes on", async (_, handler) => {
    const { servidor, port } = await served({
      files,
      contract: { ...operaciones, caer: { request: anything, reply: anything } },
      handlers: { caer: handler },
    });
    const client = await connectTo(port);
    const refused = next(servidor, "refused");
    expect(await client.ask("caer", "x")).toEqual(new Mensaje({ estado: "error" }));
    expect(await refused).toMatchObject({ operacion: "caer", error: expect.any(Error) });
    expect((await client.download("a.txt"))?.toString()).toBe("alfa");
  });

  test("whose content fails on its way ends the connection", async () => {
    const { servidor, port } = await served({
      contract: { ...operaciones, caer: { request: anything, reply: anything } },
      handlers: { caer: () => failing(2000, 1000) },
    });
    const failed = next(servidor, "failed");
    const client = await connectTo(port);
    await expect(client.ask("caer")).rejects.toMatchObject({ code: "CUT" });
    expect(await failed).toMatchObject({ error: { code: "SHORT_CONTENT" } });
  });

  test("may be answered with a Mensaje, whatever its state, with attributes of its own", async () => {
    const { servidor, port } = await served({
      contract: { ...operaciones, hora: { request: anything, reply: anything } },
      handlers: {
        hora: () =>
          new Mensaje({
            data: ["12:00"],
            estado: "tal vez",
            extras: [
              ["zona", "UTC"],
              ["exacta", false],
            ],
          }),
      },
    });
    const sent = next(servidor, "sent");
    const client = await connectTo(port);
    const reply = await client.ask("hora");
    expect(reply).toMatchObject({ operacion: null, data: ["12:00"], estado: "tal vez" });
    expect([...(reply?.extras ?? [])]).toEqual([
      ["zona", "UTC"],
      ["exacta", false],
    ]);
    expect(await sent).toMatchObject({ operacion: "hora" });
  });

  test("of the server's own may be replaced", async () => {
    const { port } = await served({
      files,
      handlers: {
        listar: async (_data, { storage }) => (await storage.list()).filter((name) => name !== "a.txt"),
        descargar: (nombre, { enviarArchivo }) =>
          nombre === "saludo" ? Content.of(Buffer.from("hola")) : enviarArchivo(nombre),
      },
    });
    const client = await connectTo(port);
    expect((await client.ask("listar"))?.data).not.toContain("a.txt");
    expect((await client.download("saludo"))?.toString()).toBe("hola");
    expect((await client.download("b.bin"))?.length).toBe(3);
  });

  test.each(["__proto__", "constructor", "toString", "hasOwnProperty", "", "Listar", "listar "])(
    "called %j is an unknown one",
    async (name) => {
      const { servidor, port } = await served({ files });
      const refused = next(servidor, "refused");
      const client = await connectTo(port);
      expect(await client.ask(name)).toEqual(new Mensaje({ estado: "error" }));
      expect(await refused).toMatchObject({ operacion: name, error: expect.any(RefusedError) });
      expect((await client.ask("listar"))?.estado).toBe("ok");
    },
  );

  test("that is None is an unknown one", async () => {
    const { port } = await served({ files });
    const client = await connectTo(port);
    await client.send(encodeFrame(mensaje(NONE)));
    expect(await client.receive()).toEqual(new Mensaje({ estado: "error" }));
    expect((await client.ask("listar"))?.estado).toBe("ok");
  });

  test("without a handler, and a handler without one, are refused at construction", () => {
    const unhandled = { contract: { ...operaciones, sumar: contract.sumar }, handlers: none() };
    expect(() => new Servidor(unhandled)).toThrow(new TypeError("Cannot serve sumar: it has no handler"));
    const handlers = { restar: () => 1 } as object;
    expect(() => new Servidor({ handlers })).toThrow(
      new TypeError("Cannot serve restar: it is not in the contract"),
    );
  });
});

describe("A request that fails after its reply", () => {
  const afterwards = async (handler: (context: HandlerContext) => Promise<never>): Promise<void> => {
    const { port, servidor } = await served({
      files,
      contract: { ...operaciones, sumar: contract.sumar },
      handlers: { sumar: (_data, context) => handler(context) },
    });
    const failed = next(servidor, "failed");
    const client = await connectTo(port);
    await client.send(sumRequest(1));
    await client.receive();
    await failed;
    expect(await client.receive().catch(() => null)).toBeNull();
  };

  test("is given no second one: its connection is cut", async () => {
    await afterwards(async ({ conexion }) => {
      await conexion.enviarMensaje(new Mensaje({ data: 1, estado: "ok" }));
      throw new Error("too late");
    });
    await afterwards(async ({ enviarArchivo }) => {
      void enviarArchivo(Object.keys(files)[0] as string);
      throw new Error("too late");
    });
  });

  test("is answered once where its handler forgets to say that it has sent a file", async () => {
    const { port } = await served({
      files,
      contract: { ...operaciones, sumar: contract.sumar },
      handlers: {
        sumar: (_data, { enviarArchivo }) => {
          void enviarArchivo(Object.keys(files)[0] as string);
          return undefined as unknown as number;
        },
      },
    });
    const client = await connectTo(port);
    await client.send(sumRequest(1));
    expect((await client.receive())?.estado).toBe("ok");
    expect((await client.ask("listar"))?.data).toEqual(Object.keys(files).sort());
  });
});

test("A handler may have an answer of its own to a file that cannot be sent", async () => {
  const { port } = await served({
    files,
    contract: { ...operaciones, sumar: contract.sumar },
    handlers: {
      sumar: async (_data, { enviarArchivo }) => {
        try {
          return await enviarArchivo("falta");
        } catch {
          return -1;
        }
      },
    },
  });
  const client = await connectTo(port);
  await client.send(sumRequest(1));
  expect(await client.receive()).toEqual(new Mensaje({ data: -1, estado: "ok" }));
});

/** What has come over sockets of this process is dealt with. */
async function turns(): Promise<void> {
  for (let i = 0; i < 10; i++) await setImmediate();
}

/** What an app without types may leave out. */
function none(): { sumar: () => number } {
  return {} as { sumar: () => number };
}

/** Content that fails after so many bytes. */
function failing(length: number, after: number): Mensaje {
  return new Mensaje({
    data: new Content(length, {
      open: async function* () {
        if (after > 0) yield new Uint8Array(after);
        throw new Error("el disco se cayó");
      },
    }),
    estado: "ok",
  });
}

/** Two ends of one connection. */
async function pair(): Promise<[Conexion, Conexion]> {
  const listener = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void listener.close());
  await once(listener, "listening");
  const accepted = once(listener, "connection");
  const { conexion }: Client = await connectTo((listener.address() as { port: number }).port);
  const [socket] = await accepted;
  return [conexion, new Conexion(socketTransport(socket))];
}

/** What would end the process until the end of the test, kept from vitest. */
function catchUncaught(): unknown[] {
  const uncaught: unknown[] = [];
  const others = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (error) => uncaught.push(error));
  onTestFinished(() => {
    process.removeAllListeners("uncaughtException");
    for (const listener of others) process.on("uncaughtException", listener);
  });
  return uncaught;
}
