import { spawn } from "node:child_process";
import { getEventListeners, once } from "node:events";
import { readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { Cliente, connect, type Progress, type RequestOptions } from "../src/index.js";
import { deafListener } from "./deaf-listener.js";
import { type Answer, framed, ok, rawServer, sends, silence } from "./raw-server.js";
import { clienteOf, expectFile, folder, host, noise, served } from "./served.js";

const KiB = 1024;
const MiB = 1024 * 1024;

/** Any object may be the reason of an abort, and comes out as it is. */
const reason = { why: "the app has changed its mind" };

/** Every request that takes a signal. */
const requests: readonly (readonly [
  string,
  (cliente: Cliente, options: RequestOptions, into: string) => Promise<unknown>,
])[] = [
  ["connect", (cliente, options) => cliente.connect(options)],
  ["pedirListaArchivos", (cliente, options) => cliente.pedirListaArchivos(options)],
  [
    "descargarArchivo",
    (cliente, options, into) => cliente.descargarArchivo("x", { ...options, folder: into }),
  ],
  ["stream", (cliente, options) => cliente.stream("x", options)],
  ["request", (cliente, options) => cliente.request("listar", null, options)],
];

function listenersOn(signal: AbortSignal): number {
  return getEventListeners(signal, "abort").length;
}

/** What this process has open in a folder. */
async function openIn(path: string): Promise<string[]> {
  const fds = await readdir("/proc/self/fd").catch(() => []);
  const links = await Promise.all(fds.map((fd) => readlink(join("/proc/self/fd", fd)).catch(() => "")));
  return links.filter((link) => link.startsWith(path));
}

/** Sends the first half of a reply with a MiB of data. */
const half: Answer = sends(ok(noise(MiB)).subarray(0, 512 * KiB));

describe("A signal that aborts", () => {
  it.each(requests)("before %s: nothing is asked and no folder is made", async (_, request) => {
    const server = await served();
    const into = join(await folder(), "descargas");
    const signal = AbortSignal.abort(reason);
    await expect(request(clienteOf(server), { signal }, into)).rejects.toBe(reason);
    expect(server.connections()).toBe(0);
    await expect(readdir(into)).rejects.toMatchObject({ code: "ENOENT" });
    expect(listenersOn(signal)).toBe(0);
  });

  it.each(requests)("while %s waits for its turn: the others get theirs", async (kind, request) => {
    const held: (() => void)[] = [];
    const server = await rawServer(
      (socket) => {
        held.push(() => void socket.write(ok(["a"])));
      },
      sends(ok(["b"])),
    );
    const cliente = clienteOf(server);
    const into = await folder();
    // What the app reads itself has a connection of its own.
    const own = kind === "stream" || kind === "request";
    const list = async (): Promise<unknown> =>
      own ? cliente.request("listar", null) : cliente.pedirListaArchivos();
    const first = list();
    const giving = new AbortController();
    const second = request(cliente, { signal: giving.signal }, into);
    const third = list();
    await server.waitForRequests(1);
    const rejected = expect(second).rejects.toBe(reason);
    giving.abort(reason);
    await rejected;
    held[0]?.();
    expect(await first).toEqual(["a"]);
    expect(await third).toEqual(["b"]);
    expect(server.requests()).toBe(2);
    expect(server.sockets).toHaveLength(1);
    expect(listenersOn(giving.signal)).toBe(0);
    expect(await readdir(into)).toEqual([]);
  });

  it.each(requests)("while %s connects", async (_, request) => {
    const port = await deafListener();
    const cliente = clienteOf({ port });
    const into = await folder();
    const giving = new AbortController();
    const rejected = expect(request(cliente, { signal: giving.signal }, into)).rejects.toBe(reason);
    setImmediate(() => giving.abort(reason));
    await rejected;
    expect(listenersOn(giving.signal)).toBe(0);
    expect(await readdir(into)).toEqual([]);
  });

  it.each(requests.slice(1))(
    "while %s waits for the reply: the connection is given up",
    async (_, request) => {
      const server = await rawServer(silence, sends(ok(["a"])));
      const cliente = clienteOf(server);
      const into = await folder();
      const giving = new AbortController();
      const rejected = expect(request(cliente, { signal: giving.signal }, into)).rejects.toBe(reason);
      await server.waitForRequests(1);
      const [socket] = server.sockets;
      const closed = socket && once(socket, "close");
      giving.abort(reason);
      await rejected;
      await closed;
      expect(listenersOn(giving.signal)).toBe(0);
      expect(await readdir(into)).toEqual([]);
      expect(await cliente.pedirListaArchivos()).toEqual(["a"]);
      expect(server.sockets).toHaveLength(2);
    },
  );

  it("in the middle of a download: no part of it is left, open or on disk", async () => {
    const server = await rawServer(half, sends(ok(["a"])));
    const cliente = clienteOf(server);
    const into = await folder();
    const giving = new AbortController();
    const seen: number[] = [];
    const download = cliente.descargarArchivo("x", {
      folder: into,
      signal: giving.signal,
      onProgress: ({ received }) => {
        seen.push(received);
        if (received > 100 * KiB) giving.abort(reason);
      },
    });
    await expect(download).rejects.toBe(reason);
    expect(seen.length).toBeGreaterThan(0);
    expect(await readdir(into)).toEqual([]);
    expect(await openIn(into)).toEqual([]);
    expect(listenersOn(giving.signal)).toBe(0);
    expect(await cliente.pedirListaArchivos()).toEqual(["a"]);
    expect(server.sockets).toHaveLength(2);
  });

  it("in the middle of a stream: reading it rejects, also where the reader waits", async () => {
    const server = await rawServer(half, sends(ok(["a"])));
    const cliente = clienteOf(server);
    const giving = new AbortController();
    const content = await cliente.stream("x", { signal: giving.signal });
    expect(listenersOn(giving.signal)).toBe(1);
    const pieces = content[Symbol.asyncIterator]();
    let received = 0;
    while (received < 500 * KiB) received += (await pieces.next()).value?.length ?? 0;
    const reading = expect(
      (async () => {
        while (!(await pieces.next()).done) {}
      })(),
    ).rejects.toBe(reason);
    giving.abort(reason);
    await reading;
    expect(listenersOn(giving.signal)).toBe(0);
    expect(await cliente.pedirListaArchivos()).toEqual(["a"]);
  });

  it("while the rest of a reply that is no Mensaje is waited for", async () => {
    const reply = ok(noise(100 * KiB));
    // What follows on the data is no opcode, and the end of the frame does not come.
    reply.fill(0xff, reply.length - 20);
    const server = await rawServer(sends(reply.subarray(0, reply.length - 10)), sends(ok(["a"])));
    const cliente = clienteOf(server);
    const giving = new AbortController();
    const content = await cliente.stream("x", { signal: giving.signal });
    const pieces = content[Symbol.asyncIterator]();
    let received = 0;
    while (received < content.length) received += (await pieces.next()).value?.length ?? 0;
    const rejected = expect(pieces.next()).rejects.toBe(reason);
    setImmediate(() => giving.abort(reason));
    await rejected;
    expect(listenersOn(giving.signal)).toBe(0);
    expect(await cliente.pedirListaArchivos()).toEqual(["a"]);
  });

  it("after a request has waited for its turn: does not cost another one its own", async () => {
    const server = await rawServer(sends(ok(["a"])), silence, sends(ok(["c"])));
    const cliente = clienteOf(server);
    const giving = new AbortController();
    const first = cliente.pedirListaArchivos();
    const second = expect(cliente.pedirListaArchivos({ signal: giving.signal })).rejects.toBe(reason);
    const third = cliente.pedirListaArchivos();
    await server.waitForRequests(2);
    giving.abort(reason);
    await second;
    expect(await first).toEqual(["a"]);
    expect(await third).toEqual(["c"]);
  });

  it("after the request was done: is nothing to it", async () => {
    const server = await served({ fichero: noise(300 * KiB) });
    const cliente = clienteOf(server);
    const into = await folder();
    const giving = new AbortController();
    await cliente.descargarArchivo("fichero", { folder: into, signal: giving.signal });
    giving.abort(reason);
    await expectFile(join(into, "fichero"), noise(300 * KiB));
    expect(await cliente.pedirListaArchivos()).toEqual(["fichero"]);
    expect(server.connections()).toBe(1);
  });

  it("is not held on to, however the request ends", async () => {
    const server = await served({ pequeño: "p", mediano: noise(300 * KiB), grande: noise(8 * MiB) });
    const cliente = clienteOf(server);
    const into = await folder();
    const { signal } = new AbortController();
    await cliente.connect({ signal });
    await cliente.pedirListaArchivos({ signal });
    for (const nombre of ["pequeño", "mediano"]) {
      await cliente.descargarArchivo(nombre, { folder: into, signal });
      await (await cliente.stream(nombre, { signal })).bytes();
    }
    await expect(cliente.stream("falta", { signal })).rejects.toMatchObject({ code: "REFUSED" });
    await expect(cliente.descargarArchivo("..", { signal })).rejects.toMatchObject({ code: "UNSAFE_NAME" });
    for (const nombre of ["mediano", "grande"]) {
      for await (const _ of await cliente.stream(nombre, { signal })) break;
      await (await cliente.stream(nombre, { signal })).cancel();
    }
    expect(listenersOn(signal)).toBe(0);
    await server.servidor.close();
    await expect(cliente.pedirListaArchivos({ signal })).rejects.toMatchObject({ code: "UNREACHABLE" });
    expect(listenersOn(signal)).toBe(0);

    const bad = clienteOf(await rawServer(sends(framed({ data: 1 })), half));
    await expect(bad.pedirListaArchivos({ signal })).rejects.toThrow();
    const stream = await bad.stream("x", { signal });
    await bad.close();
    await expect(stream.bytes()).rejects.toMatchObject({ code: "CLOSED" });
    expect(listenersOn(signal)).toBe(0);
  });

  it("is listened to once by all the requests of a client, so that Node sees no leak in many", async () => {
    const warnings: Error[] = [];
    const warned = (warning: Error): void => void warnings.push(warning);
    process.on("warning", warned);
    onTestFinished(() => void process.off("warning", warned));

    const server = await rawServer(silence);
    const cliente = clienteOf(server);
    const giving = new AbortController();
    const { signal } = giving;
    const pending = Array.from({ length: 30 }, (_, i) =>
      cliente.pedirListaArchivos(i % 2 === 0 ? { signal } : {}).catch((error: unknown) => error),
    );
    await server.waitForRequests(1);
    expect(listenersOn(signal)).toBe(1);
    giving.abort(reason);
    // The others go on: the next of them asks over a connection of its own.
    await server.waitForRequests(2);
    expect(listenersOn(signal)).toBe(0);
    await cliente.close();
    const ends = await Promise.all(pending);
    expect(ends.filter((error) => error === reason)).toHaveLength(15);
    expect(ends.filter((error) => error !== reason)).toMatchObject(Array(15).fill({ code: "CLOSED" }));
    expect(warnings).toEqual([]);
  });

  it("rejects with the error that AbortSignal.timeout() and abort() without a reason make", async () => {
    const cliente = clienteOf(await rawServer(silence));
    const signal = AbortSignal.timeout(20);
    const late = await cliente.pedirListaArchivos({ signal }).catch((error: unknown) => error);
    expect(late).toBe(signal.reason);
    expect(late).toMatchObject({ name: "TimeoutError" });
    const giving = new AbortController();
    giving.abort();
    await expect(cliente.pedirListaArchivos({ signal: giving.signal })).rejects.toBe(giving.signal.reason);
  });

  it("leaves no timer and no socket: a process that gave all up ends by itself", async () => {
    const script = fileURLToPath(new URL("./left-behind.mjs", import.meta.url));
    const child = spawn(process.execPath, [script, String(await deafListener())]);
    onTestFinished(() => void child.kill("SIGKILL"));
    const said = Promise.all([text(child.stdout), text(child.stderr)]);
    const [code] = await once(child, "close");
    expect(await said).toEqual(["done\n", ""]);
    expect(code).toBe(0);
  });
});

describe("connectTimeoutMs", () => {
  it("ends the wait for a connection", async () => {
    const port = await deafListener();
    const failed = connect({ host, port, connectTimeoutMs: 50 });
    await expect(failed).rejects.toMatchObject({
      code: "UNREACHABLE",
      message: `Cannot connect to ${host}:${port}: no answer within 50 ms`,
    });
  });
});

describe("replyTimeoutMs", () => {
  it("ends the wait for a reply, and the next request has a connection of its own", async () => {
    const server = await rawServer(silence, sends(ok(["a"])));
    const cliente = clienteOf(server, { replyTimeoutMs: 400 });
    const into = await folder();
    await expect(cliente.descargarArchivo("x", { folder: into })).rejects.toMatchObject({ code: "STALLED" });
    expect(await readdir(into)).toEqual([]);
    expect(await cliente.pedirListaArchivos()).toEqual(["a"]);
    expect(server.sockets).toHaveLength(2);
  });
});

describe("stallMs", () => {
  const reply = ok(noise(200 * KiB));

  it.each([
    ["the header", 3],
    ["the pickle before the data", 20],
    ["the data", 100 * KiB],
    ["the pickle after the data", reply.length - 5],
  ])("ends a reply that stops in %s, and nothing is left of it", async (_, sent) => {
    const server = await rawServer(sends(reply.subarray(0, sent)), sends(ok(["a"])));
    const cliente = clienteOf(server, { stallMs: 300 });
    const into = await folder();
    await expect(cliente.descargarArchivo("x", { folder: into })).rejects.toMatchObject({
      name: "ConexionError",
      code: "STALLED",
    });
    expect(await readdir(into)).toEqual([]);
    expect(await openIn(into)).toEqual([]);
    expect(await cliente.pedirListaArchivos()).toEqual(["a"]);
    expect(server.sockets).toHaveLength(2);
  });

  it("does not count the time that the app takes", async () => {
    const content = noise(3 * MiB);
    const server = await served({ grande: content });
    const cliente = clienteOf(server, { stallMs: 1000, replyTimeoutMs: 1000 });
    const pieces: Buffer[] = [];
    for await (const piece of await cliente.stream("grande")) {
      if (pieces.length === 1) await delay(1500);
      pieces.push(Buffer.from(piece));
    }
    expect(Buffer.concat(pieces).equals(content)).toBe(true);
    expect(server.connections()).toBe(1);
  });
});

describe("A signal that aborts in any turn of the loop", () => {
  it("never leaves a reply to be taken for the next request's", async () => {
    const server = await served({ a: "AAAA", b: "BBBB" });
    const into = await folder();
    for (let turns = 0; turns < 40; turns++) {
      await using cliente = new Cliente({ host, port: server.port });
      await cliente.connect();
      const controller = new AbortController();
      const streaming = cliente.stream("a", { signal: controller.signal }).catch(() => {});
      process.nextTick(async () => {
        for (let i = 0; i < turns; i++) await null;
        controller.abort(new Error("enough"));
      });
      await streaming;
      const { path } = await cliente.descargarArchivo("b", { folder: into });
      expect(await readFile(path, "utf8"), `${turns} turns`).toBe("BBBB");
    }
  });

  it("leaves nothing of a file that had arrived whole", async () => {
    const server = await served({ a: "AAAA" });
    const into = await folder();
    await using cliente = new Cliente({ host, port: server.port });
    const controller = new AbortController();
    const reason = new Error("enough");
    const onProgress = ({ received, total }: Progress): void => {
      if (received === total) controller.abort(reason);
    };
    const { signal } = controller;
    await expect(cliente.descargarArchivo("a", { folder: into, onProgress, signal })).rejects.toBe(reason);
    expect(await readdir(into)).toEqual([]);
  });
});
