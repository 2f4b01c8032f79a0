import { spawnSync } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { clienteOf, expectFile, folder, noise, served } from "./served.js";

const MiB = 1024 * 1024;

/** A file system of 2 MiB, where this user may mount one. */
async function smallFileSystem(): Promise<string | undefined> {
  const path = await folder();
  return spawnSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", path]).status === 0 ? path : undefined;
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
