// What a sync does with folders by themselves: those in which there is nothing, and those that the server cannot look into.

import { existsSync } from "node:fs";
import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type EntriesPage, Servidor, type Storage } from "@fileshare/server";
import { describe, expect, it } from "vitest";
import type { SyncedFile } from "../src/index.js";
import { WithClosedFolder } from "./closed-folder.js";
import { clienteOf, folder, host, listening, type Served } from "./served.js";

async function serving(
  folders: readonly string[],
  files: readonly string[] = [],
): Promise<Served & { path: string }> {
  const path = await folder();
  for (const name of folders) await mkdir(join(path, name), { recursive: true });
  for (const name of files) await writeFile(join(path, name), name);
  return { ...(await listening(new Servidor({ folder: path, host, port: 0 }))), path };
}

/** A server that lists whatever it is given. */
function listing(page: Partial<EntriesPage>): Promise<Served> {
  const empty = { names: [], sizes: [], modified: [], versions: [], next: undefined };
  const storage: Storage = {
    list: async () => [],
    open: async () => undefined,
    entries: async () => ({ ...empty, ...page }),
  };
  return listening(new Servidor({ storage, host, port: 0 }));
}

describe("sincronizar() of folders in which there is nothing", () => {
  it("makes them, once, and tells of them", async () => {
    const server = await serving(["a/b", "c", "d"], ["d/x"]);
    const into = join(await folder(), "espejo");
    const cliente = clienteOf(server);
    const dry = await cliente.sincronizar(into, { dryRun: true });
    expect(dry).toMatchObject({ folders: ["a/b/", "c/"], downloaded: ["d/x"] });
    expect(existsSync(into)).toBe(false);
    const told: SyncedFile[] = [];
    const onFile = (file: SyncedFile): void => void told.push(file);
    const report = await cliente.sincronizar(into, { onFile });
    expect(report).toMatchObject({ folders: ["a/b/", "c/"], failed: [] });
    expect(told.filter(({ type }) => type === "folder")).toEqual([
      { type: "folder", nombre: "a/b/", path: join(into, "a/b") },
      { type: "folder", nombre: "c/", path: join(into, "c") },
    ]);
    expect((await readdir(into, { recursive: true })).sort()).toEqual(["a", "a/b", "c", "d", "d/x"]);
    expect((await cliente.sincronizar(into)).folders).toEqual([]);
  });

  it("makes those that the patterns mean", async () => {
    const server = await serving(["fotos/viejas", "node_modules/x", "otra"]);
    const into = await folder();
    await clienteOf(server).sincronizar(into, { exclude: ["node_modules"], include: ["fotos/", "x"] });
    expect((await readdir(into, { recursive: true })).sort()).toEqual(["fotos", "fotos/viejas"]);
  });

  it("makes none of a name that could lead out of the folder, through a link, or be another's", async () => {
    const folders = ["../fuera", "/fuera", "a\\b", "enlace/d", "f", "x".repeat(300)];
    const server = await listing({ names: ["f"], sizes: [1], modified: [0], versions: ["1"], folders });
    const [into, outside] = [await folder(), await folder()];
    await symlink(outside, join(into, "enlace"));
    const { failed, folders: made } = await clienteOf(server).sincronizar(into, { delete: true });
    expect(made).toEqual([]);
    const codes = failed.map(({ nombre, error }) => [nombre, (error as { code: string }).code]);
    expect(codes.filter(([nombre]) => nombre !== "f").sort()).toEqual(
      folders.map((name) => [`${name}/`, name.length > 255 ? "BAD_NAME" : "UNSAFE_NAME"]).sort(),
    );
    expect(await readdir(into)).toEqual(["enlace"]);
    expect(await readdir(outside)).toEqual([]);
  });

  it("removes with delete those that the server does not have, and keeps those that it has", async () => {
    const server = await serving(["a", "b/c", "e"], ["e/x"]);
    const into = await folder();
    for (const path of ["a", "b/c/d", "e/f", "sobra/1/2", "queda"])
      await mkdir(join(into, path), { recursive: true });
    await writeFile(join(into, "a/x"), "");
    const options = { delete: true, exclude: ["queda"] };
    const deleted = ["a/x", "b/c/d/", "e/f/", "sobra/1/2/", "sobra/1/", "sobra/"];
    const cliente = clienteOf(server);
    expect(await cliente.sincronizar(into, { ...options, dryRun: true })).toMatchObject({ deleted });
    expect(await cliente.sincronizar(into, options)).toMatchObject({ deleted, folders: [], failed: [] });
    const there = await readdir(into, { recursive: true });
    expect(there.sort()).toEqual(["a", "b", "b/c", "e", "e/x", "queda"]);
    expect(await cliente.sincronizar(into, options)).toMatchObject({ deleted: [], folders: [] });
  });

  it("keeps with delete those of a server that tells of none", async () => {
    const server = await listing({});
    const into = await folder();
    await mkdir(join(into, "vacía"));
    expect((await clienteOf(server).sincronizar(into, { delete: true })).deleted).toEqual([]);
    expect(await readdir(into)).toEqual(["vacía"]);
  });
});

describe("A folder that the server cannot look into", () => {
  async function closed(): Promise<Served> {
    const path = await folder();
    await writeFile(join(path, "a"), "a");
    return listening(new Servidor({ storage: new WithClosedFolder(path, "cerrada/x"), host, port: 0 }));
  }

  const failure = {
    nombre: "cerrada/x/",
    error: { code: "UNREADABLE", message: 'The server cannot look into its folder "cerrada/x/"' },
  };

  it("is told of by a sync, which goes on, and removes nothing below it", async () => {
    const server = await closed();
    const into = await folder();
    await mkdir(join(into, "cerrada/x/y/vacía"), { recursive: true });
    const names = ["cerrada/x/y/1", "cerrada/x/2", "cerrada/3", "cerrada/x.txt"];
    for (const name of names) await writeFile(join(into, name), "");
    const told: SyncedFile[] = [];
    const report = await clienteOf(server).sincronizar(into, {
      delete: true,
      onFile: (file) => told.push(file),
    });
    expect(report).toMatchObject({
      downloaded: ["a"],
      deleted: ["cerrada/3", "cerrada/x.txt"],
      failed: [failure],
    });
    expect(told).toContainEqual({ type: "failed", nombre: "cerrada/x/", error: expect.any(Error) });
    expect((await readdir(join(into, "cerrada/x"), { recursive: true })).sort()).toEqual([
      "2",
      "y",
      "y/1",
      "y/vacía",
    ]);
  });

  it.each([
    [{ exclude: ["cerrada"] }, []],
    [{ exclude: ["cerrada/x/"] }, []],
    [{ include: ["/fotos/*.jpg"] }, []],
    [{ include: ["cerrada/x/*.jpg"] }, [failure]],
    [{ include: ["*.jpg"] }, [failure]],
    [{ include: ["cerrada/"] }, [failure]],
  ])("fails a sync with %j where that may mean something in it", async (options, failed) => {
    const report = await clienteOf(await closed()).sincronizar(await folder(), options);
    expect(report.failed).toMatchObject(failed);
    expect(report.failed).toHaveLength(failed.length);
  });

  it("fails a listing, unless the app wants to be told of it", async () => {
    const cliente = clienteOf(await closed());
    const list = async (onUnreadable?: (folder: string) => void): Promise<string[]> => {
      const names: string[] = [];
      for await (const page of cliente.pedirDetalles({ recursive: true, onUnreadable }))
        for (const { name } of page) names.push(name);
      return names;
    };
    await expect(list()).rejects.toMatchObject({ code: "REFUSED", reason: "FAILED" });
    const told: string[] = [];
    expect(await list((name) => told.push(name))).toEqual(["a"]);
    expect(told).toEqual(["cerrada/x/"]);
  });
});
