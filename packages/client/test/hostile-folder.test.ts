// What others have put into the folder that is saved in: links, and files under the names of downloads on their way.

import { readdirSync, readlinkSync } from "node:fs";
import {
  chmod,
  chown,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join, relative } from "node:path";
import { crc32 } from "node:zlib";
import { Servidor, type Storage, type StoredFile } from "@fileshare/server";
import { describe, expect, it } from "vitest";
import { encodeLine, type Line } from "../src/disk/journal.js";
import { resumableNames } from "../src/disk/paths.js";
import { clienteOf, expectFile, folder, host, listening, noise, type Served, served } from "./served.js";

const size = 300_000;
const evil = Buffer.alloc(size, "evil ");

/** An interrupted download to a target, as somebody makes it up. */
async function plant(target: string, into: string): Promise<string[]> {
  const names = resumableNames(target);
  const [part, log] = [names.part, names.log].map((path) => path.replace(/.*\//, `${into}/`)) as [
    string,
    string,
  ];
  const checksum = crc32(evil).toString(16).padStart(8, "0");
  const lines: Line[] = [
    ["own", { token: "x", pid: 0, host: "elsewhere", boot: "b", space: "s" }, ""],
    ["file", { name: "setup.exe", version: "any", size, modified: 1.5 }, "0", "0"],
    ["seg", 0, size, "crc32", checksum],
  ];
  await writeFile(part, evil);
  await writeFile(log, Buffer.concat(lines.map(encodeLine)));
  return [part, log];
}

/** A server of that folder, also of names that our own storage does not serve. */
function serving(path: string): Promise<Served> {
  const storage: Storage = {
    list: async () => {
      const found = await readdir(path, { recursive: true, withFileTypes: true });
      return found.flatMap((each) => (each.isFile() ? relative(path, join(each.parentPath, each.name)) : []));
    },
    open: async (name) => stored(await readFile(join(path, name))),
  };
  return listening(new Servidor({ storage, host, port: 0 }));
}

function stored(bytes: Uint8Array): StoredFile {
  return {
    size: bytes.length,
    version: "1",
    modified: new Date(1000),
    async *read(start, end) {
      yield bytes.subarray(start, end);
    },
    async close() {},
    async [Symbol.asyncDispose]() {},
  };
}

describe("A server that lists names of downloads on their way", () => {
  it("cannot have them saved: they would be believed", async () => {
    const path = await folder();
    const into = await folder();
    await plant(join(into, "setup.exe"), path);
    await writeFile(join(path, "setup.exe"), noise(size));
    const [name] = (await readdir(path)).filter((each) => each.endsWith(".part"));
    await mkdir(join(path, "d"));
    const upper = `.FILESHARE-${"AB".repeat(8)}.LOG`;
    await mkdir(join(path, "d", upper));
    await writeFile(join(path, "d", upper, "x"), "");
    const cliente = clienteOf(await serving(path));
    const { failed, downloaded } = await cliente.sincronizar(into);
    expect(failed).toHaveLength(3);
    expect(failed).toMatchObject(failed.map(() => ({ error: { code: "UNSAFE_NAME" } })));
    expect(downloaded).toEqual(["setup.exe"]);
    await expect(cliente.descargarArchivo(name as string, { folder: into })).rejects.toMatchObject({
      code: "UNSAFE_NAME",
    });
    await expectFile(join(into, "setup.exe"), noise(size));
    expect(await readdir(into)).toEqual(["setup.exe"]);
  });
});

describe("A folder that others may write to", () => {
  const content = noise(5 << 20);

  it.skipIf(process.getuid?.() !== 0).each([
    [0o777, "part and journal"],
    [0o1777, "part and journal"],
    [0o777, "part"],
    [0o777, "journal"],
  ])(
    "of mode %o: what another user has put there of a download is not taken up (%s)",
    async (mode, whose) => {
      const into = await folder();
      await chmod(into, mode);
      const [part, log] = (await plant(join(into, "setup.exe"), into)) as [string, string];
      const theirs = { part: [part], journal: [log], "part and journal": [part, log] }[whose] ?? [];
      for (const path of theirs) await chown(path, 65534, 65534);
      const server = await served({ "setup.exe": content });
      await clienteOf(server).descargarArchivo("setup.exe", { folder: into });
      await expectFile(join(into, "setup.exe"), content);
    },
  );

  it("and where its name for a part cannot be had: the file is fetched all the same", async () => {
    const into = await folder();
    const names = resumableNames(join(into, "setup.exe"));
    await mkdir(names.part);
    await writeFile(join(names.part, "x"), "");
    const server = await served({ "setup.exe": content });
    const cliente = clienteOf(server);
    expect(await cliente.descargarArchivo("setup.exe", { folder: into })).toMatchObject({ skipped: false });
    await expectFile(join(into, "setup.exe"), content);
    expect((await readdir(into)).sort()).toEqual([names.part.slice(into.length + 1), "setup.exe"]);
  });

  it("with a journal of a time to come, of a machine that nobody knows: it is taken up", async () => {
    const into = await folder();
    const { log } = resumableNames(join(into, "setup.exe"));
    await writeFile(
      log,
      encodeLine(["own", { token: "x", pid: 1, host: "elsewhere", boot: "b", space: "s" }, ""]),
    );
    await utimes(log, 4e9, 4e9);
    const server = await served({ "setup.exe": content });
    const giving = new AbortController();
    const getting = clienteOf(server, { bytesPerSecond: 8 << 20 }).descargarArchivo("setup.exe", {
      folder: into,
      signal: giving.signal,
      onProgress: ({ received }) => {
        if (received > 3 << 20) giving.abort(new Error("enough"));
      },
    });
    await expect(getting).rejects.toThrow("enough");
    const { resumed } = await clienteOf(server).descargarArchivo("setup.exe", { folder: into });
    expect(resumed).toBeGreaterThan(0);
    await expectFile(join(into, "setup.exe"), content);
    expect(await readdir(into)).toEqual(["setup.exe"]);
  });
});

describe("A link to a folder that stands in the one that is saved in", () => {
  it("leads no name to the outside; the folder itself may be a link", async () => {
    const path = await folder();
    await mkdir(join(path, "latest/x"), { recursive: true });
    await mkdir(join(path, "otra"));
    for (const name of ["latest/.bashrc", "latest/x/y", "otra/z", "grande"]) {
      await writeFile(join(path, name), name === "grande" ? noise(100_000) : "evil");
    }
    const outside = await folder();
    await writeFile(join(outside, ".bashrc"), "mine");
    // As if it were the same.
    await utimes(join(outside, ".bashrc"), 1, 1);
    await utimes(join(path, "latest/.bashrc"), 1, 1);
    const real = await folder();
    await symlink(outside, join(real, "latest"));
    const into = join(await folder(), "enlace");
    await symlink(real, into);
    const cliente = clienteOf(await serving(path));
    const report = await cliente.sincronizar(into, { delete: true });
    expect(report.failed.map(({ nombre }) => nombre).sort()).toEqual(["latest/.bashrc", "latest/x/y"]);
    expect(report.failed).toMatchObject([1, 2].map(() => ({ error: { code: "UNSAFE_NAME" } })));
    expect(report.downloaded.toSorted()).toEqual(["grande", "otra/z"]);
    for (const name of ["latest/.bashrc", "latest/x/y"]) {
      const getting = cliente.descargarArchivo(name, { folder: into });
      await expect(getting).rejects.toMatchObject({ code: "UNSAFE_NAME", path: join(into, "latest") });
    }
    expect(await readdir(outside)).toEqual([".bashrc"]);
    expect(await readFile(join(outside, ".bashrc"), "utf8")).toBe("mine");
  });
});

describe("A folder that goes away while it is saved in", () => {
  it.skipIf(process.platform !== "linux")("leaves no file open, and the download ends at once", async () => {
    const server = await served({ grande: noise(24 << 20) });
    const base = await folder();
    const into = join(base, "x");
    const cliente = clienteOf(server, { bytesPerSecond: 24 << 20 });
    for (const becomes of ["a file", "nothing"]) {
      let most = 0;
      let moving: Promise<void> | undefined;
      const move = async (): Promise<void> => {
        await rename(into, join(base, "gone"));
        if (becomes === "a file") await writeFile(into, "");
      };
      const getting = cliente.descargarArchivo("grande", {
        folder: into,
        onProgress: ({ received }) => {
          most = received;
          if (received > 1 << 20) moving ??= move();
        },
      });
      await expect(getting).rejects.toMatchObject({ name: "TargetError", code: "NOT_WRITTEN" });
      await moving;
      expect(most).toBeLessThan(20 << 20);
      const open = readdirSync("/proc/self/fd").flatMap((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`);
        } catch {
          return [];
        }
      });
      expect(open.filter((path) => path.startsWith(base))).toEqual([]);
      for (const name of await readdir(base)) await rm(join(base, name), { recursive: true });
    }
  });
});
