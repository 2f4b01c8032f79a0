import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type PythonServer,
  type PythonServerOptions,
  python,
  pythons,
  startPythonServer,
} from "@fileshare/peers";
import { nothing, operaciones, text } from "@fileshare/protocol";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type Cliente, connect } from "../src/index.js";
import { clienteOf, expectFile, type Files, folder, noise } from "./served.js";

const KiB = 1024;

const files = {
  "notas.txt": "uno\ndos\r\n",
  "foto.bin": Uint8Array.from({ length: 256 }, (_, i) => i),
  vacio: "",
  "año ñandú 文件 😀.txt": "¿qué tal?",
  "con espacios  dos.txt": "espacios",
  "mediano.bin": noise(300 * KiB),
};

/** The old server over a new folder, with a subfolder in it. */
async function pythonServer(
  served: Files,
  options: Omit<PythonServerOptions, "folder"> = {},
): Promise<PythonServer> {
  const path = await folder();
  for (const [name, content] of Object.entries(served)) await writeFile(join(path, name), content);
  await mkdir(join(path, "subcarpeta"));
  const server = await startPythonServer({ ...options, folder: path, echoRequests: true });
  onTestFinished(() => server.close());
  return server;
}

/** Lists, downloads every file, and asks for one that is not there; and what the server saw of it. */
async function story(cliente: Cliente, server: PythonServer): Promise<void> {
  const into = await folder();
  const names = Object.keys(files);
  const list = await cliente.pedirListaArchivos();
  expect(list.sort()).toEqual([...names, "subcarpeta"].sort());
  for (const [name, content] of Object.entries(files)) {
    const told: number[] = [];
    const { path, bytes } = await cliente.descargarArchivo(name, {
      folder: into,
      onProgress: ({ received }) => told.push(received),
    });
    expect(bytes).toBe(Buffer.byteLength(content));
    if (bytes > 0) expect(told.at(-1)).toBe(bytes);
    await expectFile(path, content);
  }
  await expect(cliente.descargarArchivo("falta", { folder: into })).rejects.toMatchObject({
    code: "REFUSED",
    estado: "error",
  });
  expect((await readdir(into)).sort()).toEqual(names.sort());
  // Each request came in one segment: the server takes one that does not for a broken one.
  expect(await server.waitForRequests(list.length + 1)).toEqual([
    "request 'listar' None segments=1",
    ...Object.keys(files).map((name) => `request 'descargar' '${name}' segments=1`),
    "request 'descargar' 'falta' segments=1",
  ]);
  await vi.waitFor(() => expect(server.stderr().match(/ connected$/gm)).toHaveLength(1));
}

const known = ["3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14"];
const found = pythons().flatMap(({ minor }) => (minor.startsWith("2.") ? [] : minor));

describe.each([...new Set([...known, ...found])])("The server of old", (minor) => {
  const one = python(minor);
  const note = one ? "" : " (skipped: it is not on this machine)";
  it.skipIf(!one)(`under Python ${minor} lists and serves, in its own pickle protocol${note}`, async () => {
    const server = await pythonServer(files, { python: one });
    await story(clienteOf(server), server);
  });
});

describe("The server of old", () => {
  it.each([2, 3, 4, 5])("lists and serves in pickle protocol %i", async (protocol) => {
    const server = await pythonServer(files, { protocol });
    await story(clienteOf(server), server);
  });

  it.each([2, 3, 4, 5] as const)("is asked in pickle protocol %i", async (protocol) => {
    const server = await pythonServer(files);
    await story(clienteOf(server, { dialect: { protocol } }), server);
  });

  it.each([
    { module: "mensaje" },
    { module: "comun.red.mensaje" },
    { slots: true },
    { module: "mensaje", slots: true },
  ])("lists and serves with a class of its own: %j", async (how) => {
    const server = await pythonServer(files, how);
    await story(clienteOf(server, { dialect: how }), server);
  });

  it("drops a request for a class that it does not know, and the client tells so", async () => {
    const server = await pythonServer(files);
    const wrong = clienteOf(server, { dialect: { module: "no.esta" } });
    const asking = wrong.pedirListaArchivos({ retries: 0 });
    await expect(asking).rejects.toMatchObject({ name: "ConexionError", code: "CUT" });
    await server.waitForLog(/raised ModuleNotFoundError/);
    expect(await clienteOf(server).pedirListaArchivos()).toContain("notas.txt");
  });

  it("drops the connection over a folder, and the client goes on over a new one", async () => {
    const server = await pythonServer(files);
    const cliente = clienteOf(server);
    const into = await folder();
    await cliente.pedirListaArchivos();
    await expect(cliente.descargarArchivo("subcarpeta", { folder: into })).rejects.toMatchObject({
      name: "ConexionError",
      code: "CUT",
    });
    await server.waitForLog(/raised IsADirectoryError/);
    expect(await readdir(into)).toEqual([]);
    await cliente.descargarArchivo("notas.txt", { folder: into });
    expect(await readdir(into)).toEqual(["notas.txt"]);
    // It may have ended the first after its reply: it is asked over a second one, and no more.
    await vi.waitFor(() => expect(server.stderr().match(/ connected$/gm)).toHaveLength(3));
  });

  it("says nothing to an operation that it does not know: replyTimeoutMs ends the wait", async () => {
    const server = await pythonServer(files);
    const contract = { ...operaciones, borrar: { request: text, reply: nothing } };
    const cliente = clienteOf(server, { contract, replyTimeoutMs: 1500 });
    await expect(cliente.request("borrar", "notas.txt")).rejects.toMatchObject({
      name: "ConexionError",
      code: "STALLED",
    });
    expect(await server.waitForRequests(1)).toEqual(["request 'borrar' 'notas.txt' segments=1"]);
    expect(await cliente.pedirListaArchivos()).toContain("notas.txt");
    await vi.waitFor(() => expect(server.stderr().match(/ connected$/gm)).toHaveLength(2));
  });

  it("says nothing to an operation that it does not know: close() ends the wait", async () => {
    const server = await pythonServer(files);
    const contract = { ...operaciones, borrar: { request: text, reply: nothing } };
    const cliente = clienteOf(server, { contract });
    const pending = expect(cliente.request("borrar", "notas.txt")).rejects.toMatchObject({ code: "CLOSED" });
    await server.waitForRequests(1);
    await cliente.close();
    await pending;
  });

  it("serves a hundred files over one connection, also when all are asked for at once", async () => {
    const hundred = Object.fromEntries(
      Array.from({ length: 100 }, (_, i) => [`f${i}`, noise((i * 7919) % 150_000)]),
    );
    const server = await pythonServer(hundred);
    const into = await folder();
    const cliente = clienteOf(server);
    await Promise.all(Object.keys(hundred).map((name) => cliente.descargarArchivo(name, { folder: into })));
    for (const [name, content] of Object.entries(hundred)) await expectFile(join(into, name), content);
    expect((await server.waitForRequests(100)).every((line) => line.endsWith("segments=1"))).toBe(true);
    await vi.waitFor(() => expect(server.stderr().match(/ connected$/gm)).toHaveLength(1));
  });

  it("serves fifty of our clients at once", async () => {
    const server = await pythonServer(files);
    const into = await folder();
    await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        await using cliente = await connect({ host: server.host, port: server.port });
        expect(await cliente.pedirListaArchivos()).toHaveLength(Object.keys(files).length + 1);
        const saveAs = `mediano-${i}`;
        const { path } = await cliente.descargarArchivo("mediano.bin", { folder: into, saveAs });
        await expectFile(path, files["mediano.bin"]);
      }),
    );
    expect(await readdir(into)).toHaveLength(50);
    await vi.waitFor(() => expect(server.stderr().match(/ connected$/gm)).toHaveLength(50));
    expect(server.stderr()).not.toMatch(/broken|raised/);
  });

  it("is left with a good-bye, not with a broken connection", async () => {
    const server = await pythonServer(files);
    {
      await using cliente = await connect({ host: server.host, port: server.port });
      await cliente.pedirListaArchivos();
    }
    await server.waitForLog(/good-bye/);
    expect(server.stderr()).not.toMatch(/broken|raised/);
  });

  it("that is started again on another port, or gone, is told apart from one that refuses", async () => {
    const server = await pythonServer(files);
    const cliente = clienteOf(server);
    await cliente.pedirListaArchivos();
    await server.close();
    const ask = (): Promise<string[]> => cliente.pedirListaArchivos({ retries: 0 });
    await expect(ask()).rejects.toMatchObject({ name: "ConexionError" });
    await expect(ask()).rejects.toMatchObject({ code: "UNREACHABLE" });
  });
});
