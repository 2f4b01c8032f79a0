// Times and permissions of files that are saved.

import { spawnSync } from "node:child_process";
import { chmod, mkdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Servidor } from "@fileshare/server";
import { describe, expect, it, onTestFinished } from "vitest";
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

const mayMount = process.platform === "linux" && process.getuid?.() === 0;

/** A file system that keeps whole seconds, where one can be mounted. */
async function wholeSeconds(): Promise<string | undefined> {
  const image = join(await folder(), "image");
  await writeFile(image, new Uint8Array(2 << 20));
  const path = await folder();
  const make = "mkfs.ext2";
  // Inodes of that size have no room for more.
  if (spawnSync(make, ["-q", "-I", "128", image]).status !== 0) return undefined;
  if (spawnSync("mount", ["-o", "loop", image, path]).status !== 0) return undefined;
  onTestFinished(() => void spawnSync("umount", [path]));
  return path;
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

  it.skipIf(!mayMount)(
    "fetches nothing again where the file system keeps whole seconds",
    async ({ skip }) => {
      const into = await wholeSeconds();
      if (into === undefined) return skip("no file system can be mounted here");
      const server = await servedAt(1_700_000_001.625);
      const cliente = clienteOf(server);
      expect((await cliente.sincronizar(into)).downloaded).toHaveLength(2);
      expect((await stat(join(into, "small"))).mtimeMs).toBe(1_700_000_001_000);
      expect(await cliente.sincronizar(into)).toMatchObject({ downloaded: [], unchanged: 2 });
      expect(await cliente.descargarArchivo("small", { folder: into })).toMatchObject({ skipped: true });
      await utimes(join(server.path, "small"), 1, 1_700_000_002);
      expect(await cliente.sincronizar(into)).toMatchObject({ downloaded: ["small"], unchanged: 1 });
    },
  );

  it.each([1_700_000_001, 1_700_000_000.5])(
    "fetches a file whose time has become another, though it was a whole second before: %s",
    async (time) => {
      const into = await folder();
      const server = await servedAt(1_700_000_000);
      const cliente = clienteOf(server);
      await cliente.sincronizar(into);
      for (const name of ["small", "large"]) await utimes(join(server.path, name), 1, time);
      expect(await cliente.sincronizar(into, { dryRun: true })).toMatchObject({ unchanged: 0 });
      expect(await cliente.descargarArchivo("small", { folder: into })).toMatchObject({ skipped: false });
      expect(await cliente.sincronizar(into)).toMatchObject({ downloaded: ["large"], unchanged: 1 });
    },
  );

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
