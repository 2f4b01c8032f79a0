// Times and permissions of files that are saved.

import { chmod, mkdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Servidor } from "@fileshare/server";
import { describe, expect, it } from "vitest";
import { clienteOf, folder, host, listening, noise } from "./served.js";

/** Served files, small and large, whose time is that many seconds from 1970. */
async function servedAt(time: number): Promise<{ port: number; path: string }> {
  const path = await folder();
  for (const [name, size] of [
    ["small", 100],
    ["large", 300_000],
  ] as const) {
    await writeFile(join(path, name), noise(size));
    await utimes(join(path, name), 1, String(time));
  }
  const { port } = await listening(new Servidor({ folder: path, host, port: 0 }));
  return { port, path };
}

describe("sincronizar()", () => {
  it.each([-1, -1_000_000_000.25])("keeps a time before 1970: %s", async (time) => {
    const into = await folder();
    const cliente = clienteOf(await servedAt(time));
    expect((await cliente.sincronizar(into)).downloaded).toHaveLength(2);
    for (const name of ["small", "large"]) expect((await stat(join(into, name))).mtimeMs).toBe(time * 1000);
    expect(await cliente.sincronizar(into)).toMatchObject({ downloaded: [], unchanged: 2 });
    expect(await cliente.descargarArchivo("large", { folder: into })).toMatchObject({ skipped: true });
  });

  it.each([
    ["whole seconds", 1_700_000_001],
    ["every other second", 1_700_000_000],
  ])("fetches nothing again where the file system keeps %s", async (_, kept) => {
    const into = await folder();
    const cliente = clienteOf(await servedAt(1_700_000_001.625));
    await cliente.sincronizar(into);
    for (const name of ["small", "large"]) await utimes(join(into, name), 1, kept);
    expect(await cliente.sincronizar(into)).toMatchObject({ downloaded: [], unchanged: 2 });
    expect(await cliente.descargarArchivo("small", { folder: into })).toMatchObject({ skipped: true });
  });

  it("mends the time of a file whose content is compared, and is the same; not in a dry run", async () => {
    const into = await folder();
    const cliente = clienteOf(await servedAt(1_700_000_001.5));
    await cliente.sincronizar(into);
    await utimes(join(into, "large"), 1, 1_600_000_000);
    await cliente.sincronizar(into, { checksum: true, dryRun: true });
    expect((await stat(join(into, "large"))).mtimeMs).toBe(1_600_000_000_000);
    expect(await cliente.sincronizar(into, { checksum: true })).toMatchObject({
      downloaded: [],
      unchanged: 2,
    });
    expect((await stat(join(into, "large"))).mtimeMs).toBe(1_700_000_001_500);
  });
});

describe.skipIf(process.platform === "win32")("A file that replaces another", () => {
  it.each([false, true])("keeps its permissions (fsync: %s)", async (fsync) => {
    const into = await folder();
    await mkdir(join(into, "d"));
    for (const [name, mode] of [
      ["small", 0o640],
      ["large", 0o4755],
    ] as const) {
      await writeFile(join(into, name), "");
      await chmod(join(into, name), mode);
    }
    const server = await servedAt(1_700_000_000);
    expect((await clienteOf(server).sincronizar(into, { fsync })).failed).toEqual([]);
    expect((await stat(join(into, "small"))).mode & 0o7777).toBe(0o640);
    expect((await stat(join(into, "large"))).mode & 0o7777).toBe(0o755);
    await clienteOf(server).descargarArchivo("small", { folder: join(into, "d"), fsync });
    expect((await stat(join(into, "d/small"))).mode & 0o777).toBe(0o666 & ~process.umask());
  });
});
