// Connections that cannot be opened, are refused, or break off over one file.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Servidor } from "@fileshare/server";
import { describe, expect, it } from "vitest";
import { breakingStorage } from "./breaking-storage.js";
import { deafListener } from "./deaf-listener.js";
import { type Answer, ok, rawServer, sends } from "./raw-server.js";
import { clienteOf, expectFile, folder, host, listening, noise, served } from "./served.js";

const KiB = 1024;

describe("A connection that cannot be opened", () => {
  it("is waited for together: all hear of the one failure", async () => {
    const cliente = clienteOf({ port: await deafListener() }, { connectTimeoutMs: 300 });
    const errors = await Promise.all(
      Array.from({ length: 60 }, () => cliente.pedirListaArchivos().catch((error: unknown) => error)),
    );
    expect(errors[0]).toMatchObject({ code: "UNREACHABLE" });
    expect(new Set(errors).size).toBe(1);
  });

  it("is given up by one who waits for it, and not by the others", async () => {
    const server = await served({ a: "alfa" });
    const cliente = clienteOf(server);
    const giving = new AbortController();
    const first = cliente.connect({ signal: giving.signal });
    const second = cliente.connect();
    giving.abort(new Error("enough"));
    await expect(first).rejects.toThrow("enough");
    await second;
    expect(await cliente.pedirListaArchivos()).toEqual(["a"]);
  });
});

describe("A server of old that ends each connection after a reply", () => {
  const end: Answer = (socket) => void socket.end();

  it("is asked again over a new one, where that had not been noticed yet, and once", async () => {
    const server = await rawServer(sends(ok(["a"])), end, sends(ok(noise(10))), end, end);
    const cliente = clienteOf(server);
    const into = await folder();
    await cliente.pedirListaArchivos();
    await cliente.descargarArchivo("a", { folder: into });
    await expectFile(join(into, "a"), noise(10));
    const refused = cliente.descargarArchivo("b", { folder: into });
    await expect(refused).rejects.toMatchObject({ code: "CUT" });
    expect(server.requests()).toBe(5);
  });

  it("is not asked again over a new one", async () => {
    const server = await rawServer(end);
    const refused = clienteOf(server).descargarArchivo("a", { folder: await folder() });
    await expect(refused).rejects.toMatchObject({ code: "CUT" });
    expect(server.requests()).toBe(1);
  });
});

describe("A server that takes fewer connections than the client would like", () => {
  it("gives all over those that it takes, with nothing tried again", async () => {
    const files = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`f${i}`, noise(300 * KiB + i)]));
    const server = await served(files, { maxConnections: 2 });
    const into = await folder();
    const retries: string[] = [];
    const cliente = clienteOf(server, { connections: 6 });
    const report = await cliente.sincronizar(into, { onEvent: (name = "") => retries.push(name) });
    expect(report.failed).toEqual([]);
    expect(retries).toEqual([]);
    for (const [name, content] of Object.entries(files)) await expectFile(join(into, name), content);
  });
});

describe("A file over which the server breaks off", () => {
  it("fails by itself, and the rest of the tree is brought", async () => {
    const path = await folder();
    const files = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`f${i}`, noise(300 * KiB + i)]));
    for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content);
    const storage = breakingStorage(path, ["f5"]);
    const server = await listening(new Servidor({ storage, host, port: 0 }));
    const into = await folder();
    const report = await clienteOf(server).sincronizar(into, { retries: 3 });
    expect(report.failed).toMatchObject([{ nombre: "f5", error: { name: "ConexionError" } }]);
    expect(report.downloaded).toHaveLength(11);
  });
});
