// The end of a server: what is under way may finish, and nothing is left.

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { truncate, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { Conexion, Mensaje, nothing, operaciones, type PyValue } from "@fileshare/protocol";
import { socketTransport } from "@fileshare/protocol/node";
import { describe, expect, onTestFinished, test } from "vitest";
import { Servidor, serve } from "../src/index.js";
import { askingOf, range } from "./support/asking.js";
import { type Client, connectTo, dataOf, plainSocket, untilClosed } from "./support/client.js";
import { activeResources, openFiles } from "./support/held.js";
import { request } from "./support/pickles.js";
import { folderWith, next, portOf, record, served } from "./support/served.js";

const files = { "a.txt": "alfa" };

const contract = {
  ...operaciones,
  esperar: { request: nothing, reply: (data: PyValue) => data },
};

/** A handler that does not answer until it is told to. */
function waiting(): {
  readonly begun: Promise<AbortSignal>;
  readonly release: () => void;
  readonly handlers: { esperar: (data: null, context: { signal: AbortSignal }) => Promise<string> };
} {
  let begin: (signal: AbortSignal) => void = () => {};
  let release: () => void = () => {};
  const begun = new Promise<AbortSignal>((resolve) => {
    begin = resolve;
  });
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const handlers = {
    esperar: async (_data: null, { signal }: { signal: AbortSignal }) => {
      begin(signal);
      await released;
      return "listo";
    },
  };
  return { begun, release, handlers };
}

async function refused(port: number): Promise<void> {
  const [error] = await once(connect(port, "127.0.0.1"), "error");
  expect(error).toMatchObject({ code: "ECONNREFUSED" });
}

async function idle(port: number): Promise<Client> {
  const client = await connectTo(port);
  expect((await client.download("a.txt"))?.toString()).toBe("alfa");
  return client;
}

describe("Servidor close()", () => {
  test("ends idle connections in order, whether they have asked for something or not", async () => {
    const { servidor, port } = await served({ files });
    const told = record(servidor);
    const clients = await Promise.all([idle(port), idle(port), connectTo(port)]);
    if (told.filter(([name]) => name === "connected").length < 3) await next(servidor, "connected");
    const ends = clients.map((client) => client.receive());
    await servidor.close();
    expect(await Promise.all(ends)).toEqual([null, null, null]);
    await refused(port);
    expect(told.filter(([name]) => name === "closed")).toHaveLength(3);
    expect(told.filter(([name]) => name === "failed")).toEqual([]);
  });

  test("lets a reply that is under way finish", async () => {
    const content = randomBytes(32 * 1024 * 1024);
    const { servidor, port } = await served({ files: { ...files, grande: content } });
    const told = record(servidor);
    const others = await idle(port);
    const client = await connectTo(port);
    await client.send(request("descargar", "grande"), request("listar"));
    const reply = await client.receive();

    const ended = others.receive();
    const closing = servidor.close();
    // The server has said good-bye to the others, while this one is not at its end.
    expect(await ended).toBeNull();
    await refused(port);
    expect((await dataOf(reply))?.equals(content)).toBe(true);
    expect(await client.receive()).toBeNull();
    await closing;
    // Nothing new was begun.
    expect(told.filter(([name]) => name === "sent")).toHaveLength(2);
    expect(told.filter(([name]) => name === "failed")).toEqual([]);
  });

  test("lets a handler that is under way answer", async () => {
    const { begun, release, handlers } = waiting();
    const { servidor, port } = await served({ contract, handlers });
    const client = await connectTo(port);
    const reply = client.ask("esperar");
    const signal = await begun;
    const closing = servidor.close();
    expect(signal.aborted).toBe(false);
    release();
    expect(await reply).toEqual(new Mensaje({ data: "listo", estado: "ok" }));
    await closing;
  });

  test("lets a reply finish on a connection of the app's own", async () => {
    const { begun, release, handlers } = waiting();
    const { servidor } = await served({ contract, handlers });
    const listener = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void listener.close());
    await once(listener, "listening");
    const accepted = once(listener, "connection");
    const client = await connectTo((listener.address() as { port: number }).port);
    const listening = servidor.listenClient(new Conexion(socketTransport((await accepted)[0])));
    const reply = client.ask("esperar");
    await begun;
    const closing = servidor.close();
    release();
    expect(await reply).toEqual(new Mensaje({ data: "listo", estado: "ok" }));
    await closing;
    await listening;
  });

  test("cuts a reply that is not read within the grace period", async () => {
    const folder = await folderWith(files);
    await writeFile(join(folder, "enorme"), "");
    await truncate(join(folder, "enorme"), 2 ** 31);
    const { servidor, port } = await served({ folder, graceMs: 50 });
    const told = record(servidor);
    const socket = await plainSocket(port);
    socket.write(request("descargar", "enorme"));
    await once(socket, "readable");
    await servidor.close();
    expect((await untilClosed(socket)).length).toBeLessThan(2 ** 31);
    expect(told.map(([name]) => name)).toEqual(["connected", "request", "closed"]);
  });

  test("returns though a handler is stuck, tells it by its signal, and cuts its client", async () => {
    const { begun, release, handlers } = waiting();
    const { servidor, port } = await served({ contract, handlers, graceMs: 50 });
    const client = await connectTo(port);
    const reply = client.ask("esperar").catch(() => null);
    const signal = await begun;
    const closed = next(servidor, "closed");
    await servidor.close();
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toMatchObject({ code: "CLOSED" });
    expect(await reply).toBeNull();
    await client.closed;
    // What it answers in the end goes nowhere.
    release();
    await closed;
  });

  test("does not wait for a request of which a part has come", async () => {
    const { servidor, port } = await served({ files });
    const client = await idle(port);
    const other = await idle(port);
    await client.send(request("listar").subarray(0, 20));
    await other.ask("listar");
    await servidor.close();
    await client.closed;
  });

  test("does not wait for clients that never close", async () => {
    const { servidor, port } = await served({ files });
    const closed = next(servidor, "closed");
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    onTestFinished(() => void socket.destroy());
    socket.on("error", () => {});
    socket.write(request("listar"));
    await once(socket, "data");
    await servidor.close();
    await closed;
  });

  test.each([0, Number.POSITIVE_INFINITY])("works with a graceMs of %d", async (graceMs) => {
    const { servidor, port } = await served({ files, graceMs });
    const client = await idle(port);
    client.socket.on("error", () => {});
    await servidor.close();
    await client.closed;
  });

  test("may be called twice, and from a listener", async () => {
    const { servidor, port } = await served({ files });
    let closing: Promise<void> | undefined;
    servidor.on("request", () => {
      closing = servidor.close();
    });
    const client = await connectTo(port);
    expect((await client.download("a.txt"))?.toString()).toBe("alfa");
    expect(await client.receive()).toBeNull();
    await Promise.all([closing, servidor.close(), servidor[Symbol.asyncDispose]()]);
    await servidor.close();
  });

  test("leaves the address, which tells where the server has listened", async () => {
    const { servidor, port } = await served();
    await servidor.close();
    expect(servidor.address).toEqual({ host: "localhost", port });
  });

  test("works before bindListen, which is refused from then on", async () => {
    const servidor = new Servidor({ folder: await folderWith(), port: 0 });
    await servidor.close();
    await expect(servidor.bindListen()).rejects.toThrow("the server was closed");
    expect(servidor.address).toBeUndefined();
  });

  test("works while bindListen is under way", async () => {
    const servidor = new Servidor({ folder: await folderWith(), port: 0 });
    const binding = servidor.bindListen();
    await servidor.close();
    const { port } = await binding;
    await refused(port);
    await servidor.acceptConnections();
  });

  test("works after a bindListen that failed", async () => {
    const { port } = await served();
    const servidor = new Servidor({ folder: await folderWith(), port });
    await expect(servidor.bindListen()).rejects.toThrow("EADDRINUSE");
    await servidor.close();
  });

  test("closes connections that wait to be accepted", async () => {
    const servidor = new Servidor({ folder: await folderWith(files), port: 0 });
    const { port } = await servidor.bindListen();
    const sockets = await Promise.all([plainSocket(port), plainSocket(port)]);
    const answers = sockets.map(untilClosed);
    sockets[0]?.write(request("listar"));
    await servidor.close();
    expect(await Promise.all(answers)).toEqual([Buffer.alloc(0), Buffer.alloc(0)]);
  });

  test("ends acceptConnections()", async () => {
    const servidor = new Servidor({ folder: await folderWith(files), port: 0 });
    const { port } = await servidor.bindListen();
    const accepting = servidor.acceptConnections();
    await idle(port);
    await servidor.close();
    await accepting;
    await servidor.acceptConnections();
  });
});

describe("A server that was closed", () => {
  /** What a server does in its life, with clients that end well, badly, and not at all. */
  async function life(): Promise<void> {
    const folder = await folderWith({ ...files, grande: randomBytes(2_000_000) });
    await writeFile(join(folder, "enorme"), "");
    await truncate(join(folder, "enorme"), 2 ** 31);
    const { begun, release, handlers } = waiting();
    const servidor = await serve({ folder, port: 0, graceMs: 50, contract, handlers });
    const port = portOf(servidor);

    const well = await idle(port);
    await well.download("grande");
    await well.end();
    const broken = next(servidor, "failed");
    const reset = await idle(port);
    reset.socket.resetAndDestroy();
    await broken;
    const silent = await idle(port);
    const half = await plainSocket(port);
    half.write(Uint8Array.of(0, 0));
    const stuck = await connectTo(port);
    const { localPort } = stuck.socket;
    const answer = stuck.ask("esperar").catch(() => null);
    const unread = await plainSocket(port);
    unread.write(request("descargar", "enorme"));
    await once(unread, "readable");
    await begun;
    const handled = next(servidor, "closed", ({ client }) => client.address.endsWith(`:${localPort}`));

    await servidor.close();
    for (const socket of [silent.socket, half, stuck.socket, unread]) {
      const closed = untilClosed(socket);
      socket.destroy();
      await closed;
    }
    release();
    await answer;
    await handled;
  }

  test("leaves no file, socket, timer or listener behind", async () => {
    await life();
    const before = { files: openFiles(), resources: activeResources() };
    await life();
    expect({ files: openFiles(), resources: activeResources() }).toEqual(before);
  });

  test("has ended its worker threads, whatever they were doing", async () => {
    const folder = await folderWith(files);
    await writeFile(join(folder, "enorme"), "");
    await truncate(join(folder, "enorme"), 2 ** 34);
    const before = openFiles();
    const servidor = await serve({ folder, port: 0, graceMs: 0 });
    const client = await askingOf(portOf(servidor));
    expect((await client.listar({ details: true })).data).toHaveLength(2);
    expect((await client.descargar("a.txt", { id: 1 })).bytes?.toString()).toBe("alfa");
    const asked = next(servidor, "request", ({ data }) => data === "enorme");
    await client.send("descargar", "enorme", { digest: "sha256", range: range(0, 0) });
    await asked;
    await servidor.close();
    await expect(client.receive()).rejects.toThrow();
    await client.conexion.close().catch(() => {});
    expect(openFiles()).toEqual(before);
  });

  test("leaves no timer behind where the grace period was not needed", async () => {
    const closed = async (): Promise<void> => {
      const { servidor, port } = await served({ files });
      const client = await idle(port);
      await servidor.close();
      await client.closed;
    };
    // The test runner has timers of its own, now and then: what is left behind is there once for each server.
    for (let i = 0; i < 10; i++) await closed();
    const timers = activeResources().filter((resource) => resource === "Timeout");
    expect(timers.length).toBeLessThan(10);
  });

  test("has let go of its files when close() resolves", async () => {
    const folder = await folderWith(files);
    await writeFile(join(folder, "enorme"), "");
    await truncate(join(folder, "enorme"), 2 ** 31);
    await using servidor = await serve({ folder, port: 0, graceMs: 0 });
    const sockets = await Promise.all(Array.from({ length: 10 }, () => plainSocket(portOf(servidor))));
    for (const socket of sockets) {
      socket.write(request("descargar", "enorme"));
      await once(socket, "readable");
    }
    const isThere = (file: string): boolean => file.includes("enorme");
    expect(openFiles().filter(isThere)).toHaveLength(10);
    await servidor.close();
    expect(openFiles().filter(isThere)).toEqual([]);
  });
});
