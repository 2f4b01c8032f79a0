import { spawnSync } from "node:child_process";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { PROBE } from "../src/disk/paths.js";
import { servedTree, writeTree } from "./cli-run.js";
import { clienteOf, expectFile, folder, noise, served } from "./served.js";

const MiB = 1024 * 1024;

/** A small file system, where this user may mount one. */
async function smallFileSystem(options = "size=2m"): Promise<string | undefined> {
  const path = await folder();
  return spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", path]).status === 0 ? path : undefined;
}

const mayMount = spawnSync("mount", ["--help"]).status === 0 && process.getuid?.() === 0;

describe.skipIf(!mayMount)(`A full disk${mayMount ? "" : " (skipped: only root may mount one)"}`, () => {
  it("refuses what does not fit, leaves nothing of it, and takes what does", async ({
    skip,
    onTestFinished,
  }) => {
    const disk = await smallFileSystem();
    if (disk === undefined) return skip("no file system can be mounted here");
    onTestFinished(() => void spawnSync("umount", [disk]));
    const small = noise(MiB);
    const server = await served({ grande: noise(3 * MiB), pequeño: small });
    const cliente = clienteOf(server);
    const events: unknown[] = [];
    const refused = cliente.descargarArchivo("grande", {
      folder: disk,
      onEvent: (each) => events.push(each),
    });
    await expect(refused).rejects.toMatchObject({ name: "TargetError", code: "NO_SPACE" });
    // Nothing else is told of it, nor before it.
    expect(events).toEqual([]);
    expect(await readdir(disk)).toEqual([]);
    await cliente.descargarArchivo("pequeño", { folder: disk });
    await expectFile(join(disk, "pequeño"), small);
  });

  it("keeps no sync from removing what is surplus, though not one file more can be made", async ({
    skip,
    onTestFinished,
  }) => {
    const disk = await smallFileSystem("size=2m,nr_inodes=6");
    if (disk === undefined) return skip("no file system can be mounted here");
    onTestFinished(() => void spawnSync("umount", [disk]));
    await writeTree(disk, { "d/1": "", "d/2": "", "3": "" });
    await writeFile(join(disk, "4"), "").catch(() => {});
    const server = await served({ a: "a", b: "b" });
    const report = await clienteOf(server).sincronizar(disk, { delete: true });
    const failure = { error: { code: "NO_SPACE", message: expect.not.stringContaining(PROBE) } };
    expect(report).toMatchObject({ deleted: ["3", "4", "d/1", "d/2", "d/"], failed: [failure, failure] });
    expect(await clienteOf(server).sincronizar(disk, { delete: true })).toMatchObject({ failed: [] });
  });

  it("keeps no other file of a sync back", async ({ skip, onTestFinished }) => {
    const disk = await smallFileSystem();
    if (disk === undefined) return skip("no file system can be mounted here");
    onTestFinished(() => void spawnSync("umount", [disk]));
    const files = { a: noise(1000), grande: noise(3 * MiB), z: noise(100_000) };
    const events: unknown[] = [];
    const onEvent = (...each: unknown[]): void => void events.push(each);
    const report = await clienteOf(await served(files)).sincronizar(disk, { onEvent });
    expect(events).toEqual([]);
    expect(report.failed).toMatchObject([{ nombre: "grande", error: { code: "NO_SPACE" } }]);
    expect((await readdir(disk)).sort()).toEqual(["a", "z"]);
  });
});

describe.skipIf(!mayMount)("A file system that is only read", () => {
  it("is synced into where nothing differs, and is not the fault of anything else", async ({
    skip,
    onTestFinished,
  }) => {
    const disk = await smallFileSystem();
    if (disk === undefined) return skip("no file system can be mounted here");
    onTestFinished(() => void spawnSync("umount", [disk]));
    const server = await servedTree({ a: "a", "d/b": "b" });
    const cliente = clienteOf(server);
    await cliente.sincronizar(disk);
    expect(spawnSync("mount", ["-o", "remount,ro", disk]).status).toBe(0);
    expect(await cliente.sincronizar(disk, { delete: true })).toMatchObject({ unchanged: 2, failed: [] });
    await writeTree(server.path, { c: "c", "e/f": "f" });
    const { failed, unchanged } = await cliente.sincronizar(disk, { delete: true });
    expect(unchanged).toBe(2);
    expect(failed.map(({ nombre }) => nombre).sort()).toEqual(["c", "e/f"]);
    expect(failed).toMatchObject([1, 2].map(() => ({ error: { code: "NO_PERMISSION" } })));
  });
});
