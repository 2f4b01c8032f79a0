// What a sync removes.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Servidor } from "@fileshare/server";
import { describe, expect, it, onTestFinished } from "vitest";
import type { TargetError } from "../src/errors.js";
import type { SyncedFile, SyncOptions } from "../src/sync/options.js";
import { breakingStorage } from "./breaking-storage.js";
import { KiB, servedTree, writeTree } from "./cli-run.js";
import { WithClosedFolder } from "./closed-folder.js";
import { clienteOf, expectFile, folder, host, listening, noise, served } from "./served.js";

describe("sincronizar() with delete", () => {
  it("removes the folders that become empty by it, and no others", async () => {
    const server = await served({ a: "a" });
    const into = await folder();
    for (const path of ["x/y/z", "vacía", "queda"]) await mkdir(join(into, path), { recursive: true });
    for (const name of ["x/1", "x/y/z/2", "queda/3", "queda/4.tmp"]) await writeFile(join(into, name), "");
    const report = await clienteOf(server).sincronizar(into, { delete: true, exclude: ["*.tmp"] });
    expect(report.deleted).toEqual(["queda/3", "x/1", "x/y/z/2", "vacía/", "x/y/z/", "x/y/", "x/"]);
    expect((await readdir(into)).sort()).toEqual(["a", "queda"]);
    expect(await readdir(join(into, "queda"))).toEqual(["4.tmp"]);
  });

  it.each([false, true])(
    "removes nothing where that would be more than it may (dry run: %s)",
    async (dryRun) => {
      const server = await served({ a: "a", b: "b" });
      const into = await folder();
      await mkdir(join(into, "vacía"));
      for (const name of ["1", "2"]) await writeFile(join(into, name), "");
      const cliente = clienteOf(server);
      const refused = cliente.sincronizar(into, { delete: true, maxDelete: 2, dryRun });
      await expect(refused).rejects.toMatchObject({ code: "TOO_MANY_TO_DELETE", surplus: 3, maxDelete: 2 });
      expect((await readdir(into)).sort()).toEqual([...(dryRun ? [] : ["a", "b"]), "1", "2", "vacía"].sort());
      const report = await cliente.sincronizar(into, { delete: true, maxDelete: 3, dryRun });
      expect(report.deleted).toEqual(["1", "2", "vacía/"]);
      // It is no matter where nothing is to be removed.
      await cliente.sincronizar(into, { maxDelete: 0 });
    },
  );

  it("tells of these folders, and in a dry run of the same, and of none in which something stays", async () => {
    const server = await servedTree({ "servidor/nuevo": "a", otro: "b", "no-leído/1": "c" });
    const into = await folder();
    const surplus = [
      "enlaces/1",
      "servidor/viejo",
      "sobra/a/1",
      "sobra/a/b/2",
      "sobra/ñ/\ufffd",
      "tmp/1",
      "útil/d/3",
    ];
    const kept = ["tmp/.fileshare-0123456789abcdef.part", "útil/e.tmp"];
    for (const name of [...surplus, ...kept]) {
      await mkdir(dirname(join(into, name)), { recursive: true });
      await writeFile(join(into, name), "");
    }
    await mkdir(join(into, "hueco/dentro"), { recursive: true });
    await symlink("nada", join(into, "enlaces/roto"));
    const emptied = ["útil/d/", "sobra/ñ/", "sobra/a/b/", "sobra/a/", "sobra/", "hueco/"];
    const deleted = [...surplus, "hueco/dentro/", ...emptied];
    const told: SyncedFile[] = [];
    const options: SyncOptions = {
      delete: true,
      exclude: ["*.tmp"],
      onFile: (file) => file.type === "deleted" && told.push(file),
    };
    const cliente = clienteOf(server);
    for (const dryRun of [true, false]) {
      told.length = 0;
      expect(await cliente.sincronizar(into, { ...options, dryRun })).toMatchObject({ deleted, failed: [] });
      expect(told).toEqual(
        deleted.map((nombre) => ({
          type: "deleted",
          nombre,
          path: join(into, nombre.replace(/\/$/, "")),
        })),
      );
      expect(existsSync(join(into, "sobra"))).toBe(dryRun);
    }
    expect((await readdir(into)).sort()).toEqual(["enlaces", "no-leído", "otro", "servidor", "tmp", "útil"]);
    expect(await cliente.sincronizar(into, { ...options, dryRun: true })).toMatchObject({ deleted: [] });
  });

  it("keeps a folder that the server has, though nothing of it could be fetched", async () => {
    const path = await folder();
    await mkdir(join(path, "f"));
    await writeFile(join(path, "f/nuevo"), noise(300 * KiB));
    const server = await listening(
      new Servidor({ storage: breakingStorage(path, ["f/nuevo"]), host, port: 0 }),
    );
    const into = await folder();
    await mkdir(join(into, "f"));
    await writeFile(join(into, "f/viejo"), "");
    const report = await clienteOf(server).sincronizar(into, { delete: true, retries: 0 });
    expect(report).toMatchObject({ deleted: ["f/viejo"], failed: [{ nombre: "f/nuevo" }] });
    expect(await readdir(into)).toEqual(["f"]);
  });

  it.skipIf(process.platform === "win32").each([
    ["a named pipe", (path: string) => spawnSync("sh", ["-c", 'mkfifo "$1"', "sh", path]).status === 0],
    ["a link that leads to no folder", (path: string) => symlink("nada", path).then(() => true)],
  ])("says that %s stands where a folder would go, and leaves it", async (what, put) => {
    const server = await servedTree({ "d/f": "a" });
    const into = await folder();
    expect(await put(join(into, "d"))).toBe(true);
    const message = `Cannot save ${JSON.stringify(join(into, "d"))}: ${what} stands where the folder would go`;
    for (const options of [{}, { delete: true }, { dryRun: true }, { delete: true, dryRun: true }]) {
      const { failed } = await clienteOf(server).sincronizar(into, options);
      expect(failed).toMatchObject([{ nombre: "d/f", error: { code: "NOT_WRITTEN", message } }]);
    }
    expect(await readdir(into)).toEqual(["d"]);
  });

  it.each(["downloaded", "deleted"] as const)(
    "removes nothing from another folder that has taken its place once a file was %s",
    async (type) => {
      const server = await served({ nuevo: "a" });
      const base = await folder();
      const victim = join(base, "otra");
      const surplus = Array.from({ length: 300 }, (_, i) => `d/${i}`);
      const mine = Object.fromEntries(surplus.map((name) => [name, ""]));
      for (const replace of [
        (into: string) => mkdirSync(join(into, "d"), { recursive: true }),
        (into: string) => renameSync(victim, into),
        (into: string) => symlinkSync(victim, into),
        () => {},
      ]) {
        const real = join(base, "destino");
        const into = join(base, "enlace");
        await writeTree(real, mine);
        await writeTree(victim, mine);
        // It may be a link.
        await symlink(real, into);
        const told: SyncedFile[] = [];
        const onFile = (file: SyncedFile): void => {
          if (file.type === type && told.length === 0) {
            rmSync(into);
            replace(into);
          }
          if (file.type === "deleted") told.push(file);
        };
        const syncing = clienteOf(server).sincronizar(into, { delete: true, onFile });
        await expect(syncing).rejects.toMatchObject({ name: "TargetError", code: "REPLACED", path: into });
        expect(told).toHaveLength(type === "deleted" ? 256 : 0);
        expect(told.filter(({ nombre }) => nombre.endsWith("/"))).toEqual([]);
        const there = [victim, into].find((path) => existsSync(join(path, "d/0")));
        if (there !== undefined) expect(await readdir(join(there, "d"))).toHaveLength(300);
        for (const path of await readdir(base)) await rm(join(base, path), { recursive: true });
      }
    },
  );

  it("removes nothing more once it is aborted, and has told what is gone", async () => {
    const server = await served({});
    const into = await folder();
    const all: string[] = [];
    for (let i = 100; i < 300; i++) all.push(`d${i}/`, `d${i}/1`, `d${i}/2`);
    for (const name of all)
      await (name.endsWith("/") ? mkdir(join(into, name)) : writeFile(join(into, name), ""));
    const reason = new Error("enough");
    const giving = new AbortController();
    const told: string[] = [];
    const sync = clienteOf(server).sincronizar(into, {
      delete: true,
      signal: giving.signal,
      onFile(file) {
        told.push(file.nombre);
        giving.abort(reason);
      },
    });
    await expect(sync).rejects.toBe(reason);
    const gone = all.filter((name) => !existsSync(join(into, name)));
    expect([...told].sort()).toEqual(gone.sort());
    expect(gone).toContain("d100/");
    expect(gone).not.toContain("d299/1");
    expect(told.indexOf("d100/")).toBeGreaterThan(told.indexOf("d100/2"));
  });

  it("keeps folders that the server has, though the patterns mean nothing in them", async () => {
    const server = await servedTree({ "a/b/x.bin": "x", "proj/x.bin": "x", "solo/x.bin": "x", y: "y" });
    await mkdir(join(server.path, "vacía"));
    const into = await folder();
    for (const name of ["a/b/viejo", "a/c/viejo", "proj/viejo", "vacía/viejo"]) {
      await mkdir(dirname(join(into, name)), { recursive: true });
      await writeFile(join(into, name), "");
    }
    await mkdir(join(into, "solo"));
    const cliente = clienteOf(server);
    const patterns = [{ exclude: ["*.bin"] }, { exclude: ["*.bin", "vacía/"] }, { include: ["viejo", "y"] }];
    for (const { exclude, include } of patterns) {
      const { deleted } = await cliente.sincronizar(into, { delete: true, dryRun: true, exclude, include });
      const vacía = exclude?.includes("vacía/") ? [] : ["vacía/viejo"];
      expect(deleted).toEqual(["a/b/viejo", "a/c/viejo", "proj/viejo", ...vacía, "a/c/"]);
    }
    await cliente.sincronizar(into, { delete: true, include: ["viejo", "y"] });
    const left = (await readdir(into, { recursive: true })).sort();
    expect(left).toEqual(["a", "a/b", "proj", "solo", "vacía", "y"]);
    const options = { delete: true, exclude: ["*.bin", "vacía"] };
    expect(await cliente.sincronizar(into, options)).toMatchObject({ deleted: [], failed: [] });
    expect((await readdir(into, { recursive: true })).sort()).toEqual(left);
  });

  it("keeps the folder that a folder is in which the server cannot look into", async () => {
    const path = await folder();
    const server = await listening(
      new Servidor({ storage: new WithClosedFolder(path, "cerrada/x"), host, port: 0 }),
    );
    const into = await folder();
    await mkdir(join(into, "cerrada"));
    await writeFile(join(into, "cerrada/viejo"), "");
    const cliente = clienteOf(server);
    expect((await cliente.sincronizar(into, { delete: true })).deleted).toEqual(["cerrada/viejo"]);
    expect((await cliente.sincronizar(into, { delete: true })).deleted).toEqual([]);
    expect(await readdir(into)).toEqual(["cerrada"]);
  });

  it("brings what stands in the way of surplus, once that is removed, and tells the same in a dry run", async () => {
    const server = await servedTree({
      "era-fichero/x": "x",
      "era-fichero/y/z": noise(300 * KiB),
      "era-carpeta": "c",
      "era-vacía": noise(300 * KiB),
      "otra/también": "t",
      igual: "i",
    });
    await mkdir(join(server.path, "hueca/dentro"), { recursive: true });
    const into = await folder();
    await mkdir(join(into, "era-carpeta/a"), { recursive: true });
    for (const path of ["era-vacía", "otra/también"]) await mkdir(join(into, path), { recursive: true });
    const surplus = ["era-carpeta/2", "era-carpeta/a/1", "era-fichero", "hueca", "otra/también/3"];
    for (const name of surplus) await writeFile(join(into, name), "viejo");
    const cliente = clienteOf(server);
    const deleted = [...surplus, "era-vacía/", "otra/también/", "era-carpeta/a/", "era-carpeta/"];
    const downloaded = [
      "igual",
      "era-carpeta",
      "era-fichero/x",
      "era-fichero/y/z",
      "era-vacía",
      "otra/también",
    ];
    const told: string[][] = [];
    for (const dryRun of [true, false]) {
      const names: string[] = [];
      const report = await cliente.sincronizar(into, {
        delete: true,
        dryRun,
        onFile: ({ type, nombre }) => names.push(`${type} ${nombre}`),
      });
      expect(report).toMatchObject({ deleted, folders: ["hueca/dentro/"], failed: [] });
      expect([...report.downloaded].sort()).toEqual([...downloaded].sort());
      // What is fetched at once comes in any order.
      told.push([...names.slice(0, deleted.length + 2), ...names.slice(deleted.length + 2).sort()]);
    }
    expect(told[1]).toEqual(told[0]);
    expect((await readdir(into, { recursive: true })).sort()).toEqual(
      (await readdir(server.path, { recursive: true })).sort(),
    );
    await expectFile(join(into, "era-fichero/y/z"), noise(300 * KiB));
    const again = await cliente.sincronizar(into, { delete: true });
    expect(again).toMatchObject({ downloaded: [], folders: [], deleted: [], failed: [], unchanged: 6 });
  });

  it("fails what something stands in the way of that stays, and tells the same in a dry run", async () => {
    const server = await servedTree({ "a.tmp/x": "x", "a.tmp/y": noise(300 * KiB), c: "c", e: "e" });
    await mkdir(join(server.path, "b.tmp/hueca"), { recursive: true });
    const into = await folder();
    for (const path of ["c", "e"]) await mkdir(join(into, path));
    for (const name of ["a.tmp", "b.tmp", "c/1", "c/2.tmp", "e/3"]) await writeFile(join(into, name), "");
    const blocked = (nombre: string, code: string, obstacle: string) => ({
      nombre,
      error: { code, path: join(into, obstacle), message: expect.stringMatching(/ stands /) },
    });
    const options = { delete: true, include: ["a.tmp/*", "b.tmp/*", "c", "e"], exclude: ["2.tmp"] };
    const cliente = clienteOf(server);
    for (const dryRun of [true, false]) {
      expect(await cliente.sincronizar(into, { ...options, dryRun })).toMatchObject({
        downloaded: ["e"],
        deleted: ["c/1", "e/3", "e/"],
        folders: [],
        failed: [
          blocked("b.tmp/hueca/", "NOT_WRITTEN", "b.tmp"),
          blocked("a.tmp/x", "NOT_WRITTEN", "a.tmp"),
          blocked("a.tmp/y", "NOT_WRITTEN", "a.tmp"),
          blocked("c", "IS_FOLDER", "c"),
        ],
      });
    }
    expect((await readdir(into, { recursive: true })).sort()).toEqual([
      "a.tmp",
      "b.tmp",
      "c",
      "c/2.tmp",
      "e",
    ]);
  });

  it.each([true, false])("tells of links in the way in a dry run, too (delete: %s)", async (isDeleting) => {
    const server = await servedTree({ "l/x": "x", "l/y": noise(300 * KiB), "m/x": "x", d: "d" });
    for (const path of ["n/hueca", "m/hueca"]) await mkdir(join(server.path, path), { recursive: true });
    const into = await folder();
    await symlink(await folder(), join(into, "l"));
    await symlink("nada", join(into, "m"));
    await symlink(await folder(), join(into, "n"));
    const cliente = clienteOf(server);
    const told = async (dryRun: boolean) => {
      const { failed, ...report } = await cliente.sincronizar(into, { dryRun, delete: isDeleting });
      const codes = failed.map(({ nombre, error }) => [nombre, (error as TargetError).code]);
      return { ...report, failed: codes.sort() };
    };
    const dry = await told(true);
    expect(dry).toMatchObject({
      downloaded: ["d"],
      deleted: [],
      failed: [
        ["l/x", "UNSAFE_NAME"],
        ["l/y", "UNSAFE_NAME"],
        ["m/hueca/", "NOT_WRITTEN"],
        ["m/x", "NOT_WRITTEN"],
        ["n/hueca/", "UNSAFE_NAME"],
      ],
    });
    expect(await told(false)).toEqual(dry);
  });

  it("tells of what something stands in the way of in a dry run without delete, too", async () => {
    const server = await servedTree({
      "a/x": "x",
      "a/y": noise(300 * KiB),
      c: "c",
      d: "d",
      e: noise(300 * KiB),
    });
    await mkdir(join(server.path, "b/hueca"), { recursive: true });
    const into = await folder();
    for (const path of ["c", "e"]) await mkdir(join(into, path));
    for (const name of ["a", "b", "c/1"]) await writeFile(join(into, name), "");
    const cliente = clienteOf(server);
    const told = async (dryRun: boolean) => {
      const { failed, ...report } = await cliente.sincronizar(into, { dryRun });
      return { ...report, failed: failed.map(({ nombre }) => nombre).sort() };
    };
    const dry = await told(true);
    expect(dry).toMatchObject({ downloaded: ["d"], failed: ["a/x", "a/y", "b/hueca/", "c", "e"] });
    expect(await told(false)).toEqual(dry);
  });

  it("neither removes nor tells of the file by which another sync finds out what is the same here", async () => {
    const server = await served({ a: "a" });
    const into = await folder();
    const probe = ".fileshare-0123456789abcdef-a\u00e9.part";
    await writeFile(join(into, probe), "");
    expect((await clienteOf(server).sincronizar(into, { delete: true })).deleted).toEqual([]);
    expect((await readdir(into)).sort()).toEqual([probe, "a"]);
  });

  it("keeps the folder that it was told, though nothing is left in it", async () => {
    const server = await served({});
    const into = await folder();
    await writeFile(join(into, "a"), "");
    expect((await clienteOf(server).sincronizar(into, { delete: true })).deleted).toEqual(["a"]);
    expect(existsSync(into)).toBe(true);
  });

  it("tells of each file that is gone, and of one that cannot be removed, and why", async ({ skip }) => {
    const server = await served({ a: "a" });
    const into = await folder();
    for (const name of ["b", "c", "d"]) await writeFile(join(into, name), "");
    // No user can remove it, not even root.
    if (spawnSync("mount", ["--bind", join(into, "c"), join(into, "c")]).status !== 0) {
      return skip("nothing can be mounted here");
    }
    onTestFinished(() => void spawnSync("umount", [join(into, "c")]));
    const told: SyncedFile[] = [];
    const report = await clienteOf(server).sincronizar(into, {
      delete: true,
      onFile: (file) => told.push(file),
    });
    expect(report.deleted).toEqual(["b", "d"]);
    const message = expect.stringMatching(/^Cannot delete ".*c": EBUSY/);
    const failure = { nombre: "c", error: { code: "NOT_WRITTEN", verb: "delete", message } };
    expect(report.failed).toMatchObject([failure]);
    expect(told).toMatchObject([
      { type: "downloaded" },
      { type: "deleted", path: join(into, "b") },
      { type: "failed", ...failure },
      { type: "deleted", path: join(into, "d") },
    ]);
  });
});
