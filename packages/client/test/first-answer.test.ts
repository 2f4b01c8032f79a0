// A server that takes the connection, and says nothing to the first request.

import { readdir } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Cliente, DownloadEvent, RetryEvent } from "../src/index.js";
import { at, fileshare } from "./cli-run.js";
import { ok, rawServer, sends, silence } from "./raw-server.js";
import { clienteOf, expectFile, folder, host, noise, served } from "./served.js";
import { type TcpServer, tcpServer } from "./tcp-server.js";

const times = { replyTimeoutMs: 1500 } as const;

/** A way to a server on which the first connection leads nowhere. */
function muteAtFirst(target: { readonly port: number }): Promise<TcpServer> {
  let count = 0;
  return tcpServer((client) => {
    count += 1;
    if (count === 1) return;
    const upstream = connect({ host, port: target.port });
    upstream.on("error", () => {});
    client.pipe(upstream).pipe(client);
    client.once("close", () => upstream.destroy());
  });
}

const stalled = {
  type: "retry",
  error: expect.objectContaining({ code: "STALLED" }),
  waitMs: expect.any(Number),
};

type Asking = (cliente: Cliente, into: string, onEvent: (event: RetryEvent) => void) => Promise<unknown>;

async function names(cliente: Cliente, onEvent: (event: RetryEvent) => void): Promise<string[]> {
  const all: string[] = [];
  for await (const page of cliente.pedirDetalles({ onEvent })) all.push(...page.map(({ name }) => name));
  return all;
}

const asks: readonly [string, Asking, unknown][] = [
  ["pedirListaArchivos()", (cliente, _, onEvent) => cliente.pedirListaArchivos({ onEvent }), ["a"]],
  ["pedirDetalles()", (cliente, _, onEvent) => names(cliente, onEvent), ["a"]],
  [
    "descargarArchivo()",
    (cliente, into, onEvent) =>
      cliente.descargarArchivo("a", {
        folder: into,
        onEvent: (event: DownloadEvent) => event.type === "retry" && onEvent(event),
      }),
    { bytes: 100_000 },
  ],
];

describe("A first answer that stalls", () => {
  it.each(asks)("is a failed attempt of %s, and told as one", async (_, ask, result) => {
    const server = await served({ a: noise(100_000) });
    const cliente = clienteOf(await muteAtFirst(server), times);
    const into = await folder();
    const events: RetryEvent[] = [];
    expect(await ask(cliente, into, (event) => void events.push(event))).toMatchObject(result as object);
    expect(events).toEqual([stalled]);
    // What it is was asked before.
    expect(server.asked[0]).toBe("listar");
    expect(server.asked).toHaveLength(2);
  });

  it("is a failed attempt of pedirDigest()", async () => {
    const cliente = clienteOf(await muteAtFirst(await served({ a: "alfa" })), times);
    expect(await cliente.pedirDigest("a")).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([["ls"], ["get", "a"], ["get", "*"], ["sync"]])("does not end fileshare %s", async (...args) => {
    const proxy = await muteAtFirst(await served({ a: "alfa" }));
    const cwd = await folder();
    const run = await fileshare([...args, "-s", at(proxy), "--timeout", "1"], { cwd }).ended;
    expect(run.stderr).toMatch(
      /^fileshare: .*The server sent nothing for 1 s: --timeout lets it take longer; trying again in 0\.[12] s\n$/,
    );
    expect(run.code).toBe(0);
    if (args[0] !== "ls") expect(await readdir(join(cwd, "descargas"))).toEqual(["a"]);
  });

  it("that never comes ends all downloads together", async () => {
    const server = await tcpServer(() => {});
    const cliente = clienteOf(server, times);
    const into = await folder();
    const retries = 2;
    const ended = await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        cliente.descargarArchivo(`f${i}`, { folder: into, retries }).catch((error: unknown) => error),
      ),
    );
    for (const error of ended) expect(error).toMatchObject({ code: "STALLED" });
    expect(server.sockets.length).toBeLessThanOrEqual(retries + 2);
  });

  it("is waited for no more often than is said", async () => {
    const server = await tcpServer(() => {});
    const events: unknown[] = [];
    const downloading = clienteOf(server, { replyTimeoutMs: 50 }).descargarArchivo("a", {
      folder: await folder(),
      onEvent: (event) => void events.push(event),
    });
    await expect(downloading).rejects.toMatchObject({ code: "STALLED" });
    expect(events).toEqual([stalled]);
    expect(server.sockets).toHaveLength(2);
  });
});

describe("A server of old whose first answer stalls", () => {
  const list = sends(ok(["a"]));
  const file = sends(ok(noise(10)));
  const operations = (server: { readonly payloads: readonly Uint8Array[] }): (string | undefined)[] =>
    server.payloads.map((payload) => /listar|descargar/.exec(Buffer.from(payload).toString("latin1"))?.[0]);

  it("is not asked for the file again: it may be reading it still", async () => {
    const server = await rawServer(silence, list, file);
    const events: unknown[] = [];
    const downloading = clienteOf(server, times).descargarArchivo("a", {
      folder: await folder(),
      onEvent: (event) => void events.push(event),
    });
    await expect(downloading).rejects.toMatchObject({ code: "STALLED" });
    expect(events).toEqual([stalled]);
    expect(operations(server)).toEqual(["descargar", "listar"]);
  });

  it("is not asked again either where another download finds out that it is one", async () => {
    const server = await rawServer(silence, list, file);
    const into = await folder();
    const cliente = clienteOf(server, times);
    const first = cliente.descargarArchivo("a", { folder: into }).catch((error: unknown) => error);
    await server.waitForRequests(1);
    await cliente.descargarArchivo("b", { folder: into });
    expect(await first).toMatchObject({ code: "STALLED" });
    expect(operations(server)).toEqual(["descargar", "listar", "descargar"]);
    await expectFile(join(into, "b"), noise(10));
  });

  it("is asked again where that is asked for", async () => {
    const server = await rawServer(silence, list, file);
    const into = await folder();
    await clienteOf(server, times).descargarArchivo("a", { folder: into, retries: 1 });
    await expectFile(join(into, "a"), noise(10));
    expect(operations(server)).toEqual(["descargar", "listar", "descargar"]);
  });

  it("is sent no attributes where its class takes none", async () => {
    const server = await rawServer(silence, list, list);
    const cliente = clienteOf(server, { ...times, dialect: { slots: true } });
    expect(await cliente.pedirListaArchivos()).toEqual(["a"]);
    expect(operations(server)).toEqual(["listar", "listar", "listar"]);
    for (const payload of server.payloads) expect(Buffer.from(payload).includes("limit")).toBe(false);
  });

  it("is asked for its list again", async () => {
    const server = await rawServer(silence, list, list);
    expect(await clienteOf(server, times).pedirListaArchivos()).toEqual(["a"]);
    expect(server.requests()).toBe(3);
  });
});
