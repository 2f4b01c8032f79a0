// What an interrupted download has left, and when it is of no use.

import { closeSync, openSync, readdirSync, writeSync } from "node:fs";
import { copyFile, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DirectoryStorage, Servidor, type Storage } from "@fileshare/server";
import { beforeEach, describe, expect, it } from "vitest";
import { clienteOf, expectFile, folder, host, listening, noise } from "./served.js";
import { refusal, talkingServer } from "./talking-server.js";

const MiB = 1024 * 1024;
const content = noise(24 * MiB);

let server: { port: number };
let path: string;
let into: string;

/** A download that is given up in its middle. */
beforeEach(async () => {
  path = await folder();
  into = await folder();
  await writeFile(join(path, "grande"), content);
  server = await listening(new Servidor({ folder: path, host, port: 0 }));
  const giving = new AbortController();
  const getting = clienteOf(server, { bytesPerSecond: 40 * MiB }).descargarArchivo("grande", {
    folder: into,
    signal: giving.signal,
    onProgress: ({ received }) => {
      if (received > 16 * MiB) giving.abort(new Error("enough"));
    },
  });
  await expect(getting).rejects.toThrow("enough");
});

describe("What is left of a download", () => {
  it.each([false, true])(
    "goes when the file is gone from the server (listed before: %s)",
    async (isKnown) => {
      const cliente = clienteOf(server);
      const listed = [];
      for await (const page of cliente.pedirDetalles()) listed.push(...page);
      await rm(join(path, "grande"));
      expect(await readdir(into)).toHaveLength(2);
      const known = isKnown ? listed[0] : undefined;
      await expect(cliente.descargarArchivo("grande", { folder: into, known })).rejects.toMatchObject({
        code: "REFUSED",
        reason: "NOT_FOUND",
      });
      expect(await readdir(into)).toEqual([]);
    },
  );

  it.each(["FORBIDDEN", "FAILED", "BAD_REQUEST"])(
    "stays when the server refuses the file as %s, and is gone on with when it does not any more",
    async (reason) => {
      const refusing = await talkingServer((request) => refusal(request, reason));
      const refused = clienteOf(refusing).descargarArchivo("grande", { folder: into, retries: 0 });
      await expect(refused).rejects.toMatchObject({ code: "REFUSED", reason });
      expect(await readdir(into)).toHaveLength(2);
      const { resumed } = await clienteOf(server).descargarArchivo("grande", { folder: into });
      expect(resumed).toBeGreaterThan(0);
    },
  );

  it("stays when the server must not read the file for a while", async () => {
    const storage = new DirectoryStorage(path);
    const closed: Storage = {
      list: () => storage.list(),
      open: async () => {
        throw Object.assign(new Error("permission denied"), { code: "EACCES" });
      },
    };
    const forbidding = await listening(new Servidor({ storage: closed, host, port: 0 }));
    const failed = clienteOf(forbidding).descargarArchivo("grande", { folder: into });
    await expect(failed).rejects.toMatchObject({
      reason: "FORBIDDEN",
      message: 'The server must not read "grande"',
    });
    expect(await readdir(into)).toHaveLength(2);
  });

  it("goes with a sync that deletes, when the file is gone from the server", async () => {
    await rm(join(path, "grande"));
    const options = { delete: true } as const;
    await clienteOf(server).sincronizar(into, { ...options, dryRun: true });
    await clienteOf(server).sincronizar(into, { ...options, exclude: ["grande"] });
    await clienteOf(server).sincronizar(into);
    expect(await readdir(into)).toHaveLength(2);
    expect(await clienteOf(server).sincronizar(into, options)).toMatchObject({ deleted: [], failed: [] });
    expect(await readdir(into)).toEqual([]);
  });

  it("goes with the folders that become empty by it, which are told, and in a dry run too", async () => {
    const names = await readdir(into);
    for (const name of ["a/b", "queda", "servidor"]) await mkdir(join(into, name), { recursive: true });
    for (const name of ["a/b", "queda", "servidor"])
      for (const file of names) await copyFile(join(into, file), join(into, name, file));
    await writeFile(join(into, "a/viejo"), "");
    await writeFile(join(into, "queda/x.tmp"), "");
    await rm(join(path, "grande"));
    await mkdir(join(path, "servidor"));
    const options = { delete: true, exclude: ["*.tmp"] } as const;
    const deleted = ["a/viejo", "a/b/", "a/"];
    const cliente = clienteOf(server);
    expect(await cliente.sincronizar(into, { ...options, dryRun: true })).toMatchObject({ deleted });
    expect(await readdir(into)).toEqual(expect.arrayContaining(["a", "queda", "servidor", ...names]));
    expect(await cliente.sincronizar(into, options)).toMatchObject({ deleted, failed: [] });
    const left = await readdir(into, { recursive: true });
    expect(left.sort()).toEqual(["queda", "queda/x.tmp", "servidor"]);
  });

  it("stays with a sync that deletes while somebody is at work with it", async () => {
    const giving = new AbortController();
    const other = clienteOf(server, { bytesPerSecond: MiB });
    const started = new Promise<void>((resolve) => {
      const options = { folder: into, signal: giving.signal, onProgress: () => resolve() };
      other.descargarArchivo("grande", options).catch(() => {});
    });
    await started;
    const empty = await listening(new Servidor({ folder: await folder(), host, port: 0 }));
    await clienteOf(empty).sincronizar(into, { delete: true });
    expect(await readdir(into)).toHaveLength(2);
    giving.abort();
    await other.close();
    await clienteOf(empty).sincronizar(into, { delete: true });
    expect(await readdir(into)).toEqual([]);
  });

  it("is fetched again where it is not what was recorded, in its middle too", async () => {
    const part = readdirSync(into).find((name) => name.endsWith(".part")) as string;
    const fd = openSync(join(into, part), "r+");
    writeSync(fd, new Uint8Array(1000), 0, 1000, 65_536);
    closeSync(fd);
    const { resumed } = await clienteOf(server).descargarArchivo("grande", { folder: into });
    expect(resumed).toBeGreaterThan(0);
    await expectFile(join(into, "grande"), content);
  });
});
