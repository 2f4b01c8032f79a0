// Where a download goes that comes to nothing: no folder is left that was made for it alone.

import { spawnSync } from "node:child_process";
import { chmod, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Servidor } from "@fileshare/server";
import { describe, expect, it, onTestFinished } from "vitest";
import type { RemoteDetails } from "../src/index.js";
import { at, fileshare } from "./cli-run.js";
import { rawServer, sends } from "./raw-server.js";
import { clienteOf, expectFile, folder, host, listening, noise, served } from "./served.js";
import { refusal, talkingServer } from "./talking-server.js";
import { tcpServer } from "./tcp-server.js";

/** What a listing says of the files of a server. */
async function listed(server: { readonly port: number }): Promise<RemoteDetails[]> {
  const files: RemoteDetails[] = [];
  for await (const page of clienteOf(server).pedirDetalles({ recursive: true })) files.push(...page);
  return files;
}

describe("A download that the server refuses", () => {
  it.each(["NOT_FOUND", "FORBIDDEN", "FAILED"])("leaves no folder behind, refused as %s", async (reason) => {
    const server = await talkingServer((request) => refusal(request, reason));
    const top = await folder();
    const cliente = clienteOf(server);
    for (const name of ["a", "b/c/d"]) {
      const getting = cliente.descargarArchivo(name, { folder: join(top, "x", "y"), retries: 0 });
      await expect(getting).rejects.toMatchObject({ code: "REFUSED" });
    }
    expect(await readdir(top)).toEqual([]);
  });

  it("leaves the folders that were there, empty or not", async () => {
    const server = await served();
    const into = await folder();
    await mkdir(join(into, "vacía"));
    const getting = clienteOf(server).descargarArchivo("vacía/nueva/a", { folder: into });
    await expect(getting).rejects.toMatchObject({ code: "REFUSED" });
    expect(await readdir(into, { recursive: true })).toEqual(["vacía"]);
  });

  it.each([10, 100_000, 3_000_000])(
    "leaves none of a listed file of %d bytes that has gone",
    async (size) => {
      const path = await folder();
      await writeFile(join(path, "a"), noise(size));
      const server = await listening(new Servidor({ folder: path, host, port: 0 }));
      const [known] = await listed(server);
      await rm(join(path, "a"));
      const top = await folder();
      const getting = clienteOf(server).descargarArchivo("a", { folder: join(top, "x"), known });
      await expect(getting).rejects.toMatchObject({ code: "REFUSED" });
      expect(await readdir(top)).toEqual([]);
    },
  );

  it("leaves none where it never answers, or answers with something else", async () => {
    const top = await folder();
    const silent = await tcpServer(() => {});
    const odd = await rawServer(sends(noise(100)));
    for (const server of [silent, odd]) {
      const getting = clienteOf(server, { replyTimeoutMs: 200 }).descargarArchivo("a", {
        folder: join(top, "x"),
        retries: 0,
      });
      await expect(getting).rejects.toBeInstanceOf(Error);
    }
    expect(await readdir(top)).toEqual([]);
  });

  it("leaves none of fileshare get", async () => {
    const server = await served({ a: "alfa" });
    const cwd = await folder();
    const refused = await fileshare(["get", "falta", "nada", "-s", at(server)], { cwd }).ended;
    expect(refused.code).toBe(1);
    expect(await readdir(cwd)).toEqual([]);
    const some = await fileshare(["get", "falta", "a", "-s", at(server)], { cwd }).ended;
    expect(some.code).toBe(1);
    expect(await readdir(cwd, { recursive: true })).toEqual(["descargas", join("descargas", "a")]);
  });
});

/** Has nobody write to a folder: root may write to any, but for one of a file system that takes nothing. */
async function close(path: string): Promise<boolean> {
  if (process.geteuid?.() !== 0) {
    await chmod(path, 0o500);
    return true;
  }
  if (spawnSync("mount", ["-t", "tmpfs", "-o", "ro", "tmpfs", path]).status !== 0) return false;
  onTestFinished(() => void spawnSync("umount", [path]));
  return true;
}

describe("A download into a folder that is not there", () => {
  const sizes = [0, 10, 100_000, 3_000_000] as const;
  const files = Object.fromEntries(sizes.map((size) => [`f${size}`, noise(size)]));

  it.each([false, true])("makes it, and those above it; with what a listing said: %s", async (isListed) => {
    const server = await served(files);
    const all = await listed(server);
    const into = join(await folder(), "x", "y");
    const cliente = clienteOf(server, { connections: 2 });
    await Promise.all(
      Object.keys(files).map((name) =>
        cliente.descargarArchivo(name, {
          folder: into,
          saveAs: `z/${name}`,
          known: isListed ? all.find((file) => file.name === name) : undefined,
        }),
      ),
    );
    for (const [name, content] of Object.entries(files)) await expectFile(join(into, "z", name), content);
  });

  it("asks nothing where the file system takes no such name", async () => {
    const server = await served(files);
    const top = await folder();
    const getting = clienteOf(server).descargarArchivo("f10", { folder: join(top, "x".repeat(300)) });
    await expect(getting).rejects.toMatchObject({ code: "BAD_NAME" });
    expect(server.asked).toEqual([]);
  });

  it("asks nothing where the user may make none there", async ({ skip }) => {
    const server = await served(files);
    const top = await folder();
    if (!(await close(top))) return skip("no file system can be mounted here");
    const getting = clienteOf(server).descargarArchivo("f10", { folder: join(top, "x", "y") });
    await expect(getting).rejects.toMatchObject({ code: "NO_PERMISSION" });
    expect(server.asked).toEqual([]);
  });
});
