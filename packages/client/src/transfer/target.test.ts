import { mkdir, readdir, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tempFolder } from "@fileshare/peers";
import { describe, expect, it, onTestFinished } from "vitest";
import { Disk } from "../disk/disk.js";
import { areCommon, pathWithin, resolveTarget as resolveOn, targetPath } from "./target.js";

async function folder(): Promise<string> {
  const temp = await tempFolder();
  onTestFinished(() => temp[Symbol.asyncDispose]());
  return temp.path;
}

/** The path that is resolved to, with a disk of its own. */
async function resolveTarget(into: string, name: string): Promise<string> {
  const disk = new Disk();
  onTestFinished(() => disk.close());
  return (await resolveOn(disk, into, name)).path;
}

describe("areCommon()", () => {
  it.each([
    ["notas.txt", true],
    ["x".repeat(255), true],
    ["a b-c.d", true],
    ["x".repeat(256), false],
    ["d/notas.txt", false],
    ["..", false],
    [".oculto", false],
    ["a\nb", false],
    ["a\0", false],
    ["a\n", false],
    ["ñ", false],
    ["", false],
  ])("tells of %j: %j", (name, expected) => {
    expect(areCommon(["a", name])).toBe(expected && process.platform !== "win32");
    if (areCommon([name])) expect(pathWithin(name)).toBe(name);
  });
});

describe("resolveTarget()", () => {
  it.each([
    "notas.txt",
    "año ñandú 文件 😀.txt",
    " con espacios ",
    "...",
    "..x",
    "x..",
    ".oculto",
    "-rf",
    "~",
    "$HOME",
    "C:",
    "a\nb",
    "\u202eexe.txt",
    "con",
    "x".repeat(255),
  ])("gives a place in the folder for %j", async (name) => {
    const into = await folder();
    expect(await resolveTarget(into, name)).toBe(join(into, name));
    expect(await readdir(into)).toEqual([]);
  });

  it.each(["x".repeat(256), `a/${"ñ".repeat(256)}/b`, `${"a/".repeat(2048)}b`, "a/".repeat(1_000_000)])(
    "has no place for a name that is longer than any may be (%#)",
    async (name) => {
      const into = await folder();
      await expect(resolveTarget(into, name)).rejects.toMatchObject({ code: "BAD_NAME", path: name });
      expect(await readdir(into)).toEqual([]);
    },
  );

  it.each([
    ["", "the name is empty"],
    [".", "the name is that of a folder"],
    ["..", "the name leads out of the folder"],
    ["/", "the name begins with /"],
    ["/abs", "the name begins with /"],
    ["../x", "the name leads out of the folder"],
    ["a/../../x", "the name leads out of the folder"],
    ["a/", "the name is empty"],
    ["a\\b", "the name holds a path separator"],
    ["..\\x", "the name holds a path separator"],
    ["C:\\x", "the name holds a path separator"],
    ["a\0.txt", "the name holds a NUL character"],
    ["\ud800.txt", "the name is not valid Unicode"],
    ["x\udc00", "the name is not valid Unicode"],
  ])("refuses %j before it touches the disk", async (name, why) => {
    const into = join(await folder(), "no", "existe");
    await expect(resolveTarget(into, name)).rejects.toMatchObject({
      name: "TargetError",
      code: "UNSAFE_NAME",
      path: name,
      message: `Cannot save ${JSON.stringify(name)}: ${why}`,
    });
    await expect(stat(into)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it.each([
    "con",
    "NUL.txt",
    "nul .txt",
    "Com1",
    "lpt¹.log",
    "CONIN$",
    "a:b",
    "a?",
    "a<b",
    "a\nb",
    "fin.",
    "fin ",
  ])("refuses %j on Windows", async (name) => {
    const { platform } = process;
    onTestFinished(() => void Object.defineProperty(process, "platform", { value: platform }));
    const into = await folder();
    expect(await resolveTarget(into, name)).toBe(join(into, name));
    Object.defineProperty(process, "platform", { value: "win32" });
    await expect(resolveTarget(into, name)).rejects.toMatchObject({ code: "UNSAFE_NAME", path: name });
    expect(await resolveTarget(into, "consola.txt")).toBe(join(into, "consola.txt"));
  });

  it("leaves it to the download to make the folder, with those above it", async () => {
    const top = await folder();
    const into = join(top, "a", "b", "c");
    const disk = new Disk();
    onTestFinished(() => disk.close());
    const { makeFolder } = await resolveOn(disk, into, "d/x");
    expect(await readdir(top)).toEqual([]);
    await makeFolder?.();
    expect((await stat(join(into, "d"))).isDirectory()).toBe(true);
    expect((await resolveOn(disk, into, "d/x")).makeFolder).toBeUndefined();
  });

  it.skipIf(process.platform !== "linux")(
    "does not wait where no folder can be made (on Linux)",
    async () => {
      const disk = new Disk();
      onTestFinished(() => disk.close());
      const { makeFolder } = await resolveOn(disk, "/proc/ninguna/aqui", "x");
      await expect(makeFolder?.()).rejects.toMatchObject({
        name: "TargetError",
        cause: { code: "ENOENT" },
      });
    },
  );

  it("takes a relative folder as it is", async () => {
    expect(await resolveTarget(".", "x")).toBe("x");
  });

  it("takes the place of a file or a link, and not that of a folder", async () => {
    const into = await folder();
    await mkdir(join(into, "carpeta"));
    await writeFile(join(into, "fichero"), "");
    await symlink(join(into, "carpeta"), join(into, "enlace"));
    await symlink(join(into, "nadie"), join(into, "roto"));
    for (const name of ["fichero", "enlace", "roto"]) {
      expect(await resolveTarget(into, name)).toBe(join(into, name));
    }
    await expect(resolveTarget(into, "carpeta")).rejects.toMatchObject({
      name: "TargetError",
      code: "IS_FOLDER",
      path: join(into, "carpeta"),
    });
  });

  it.each([
    ["the folder is a file", ["fichero"], "x", { code: "NOT_WRITTEN" }],
    ["a part of the folder's path is a file", ["fichero", "a"], "x", { cause: { code: "ENOTDIR" } }],
    ["the folder's name is too long", ["y".repeat(300)], "x", { cause: { code: "ENAMETOOLONG" } }],
  ])("tells the system's error where %s", async (_, below, name, told) => {
    const top = await folder();
    await writeFile(join(top, "fichero"), "");
    const into = join(top, ...below);
    await expect(resolveTarget(into, name)).rejects.toMatchObject({
      name: "TargetError",
      ...told,
    });
    expect(await readdir(top)).toEqual(["fichero"]);
  });

  it("tells the file that is there", async () => {
    const into = await folder();
    await writeFile(join(into, "fichero"), "12345");
    await utimes(join(into, "fichero"), 1000.5, 1000.5);
    const disk = new Disk();
    onTestFinished(() => disk.close());
    expect((await resolveOn(disk, into, "fichero")).existing).toEqual({ size: 5, modified: 1000.5, step: 0 });
    expect((await resolveOn(disk, into, "nadie")).existing).toBeUndefined();
  });

  it("makes none of the folders of a path before there is something to put there", async () => {
    const into = await folder();
    expect(await resolveTarget(into, "a/b/c.txt")).toBe(join(into, "a", "b", "c.txt"));
    expect(await readdir(into)).toEqual([]);
  });

  it("follows no link on the way to a folder that is not there", async () => {
    const top = await folder();
    const into = join(top, "descargas");
    await mkdir(into);
    await symlink(top, join(into, "enlace"));
    await expect(resolveTarget(into, "enlace/nueva/x")).rejects.toMatchObject({ code: "UNSAFE_NAME" });
    expect(await readdir(top)).toEqual(["descargas"]);
  });
});

describe("targetPath()", () => {
  it.each(["a/../b", "../b", "/b", "a//b", "a/", "a/./b", "a\\b/c", "a/\ud800/c"])("refuses %j", (name) => {
    expect(() => targetPath("x", name)).toThrow(expect.objectContaining({ code: "UNSAFE_NAME", path: name }));
  });

  it("takes characters that stand for bytes", () => {
    expect(targetPath("x", "a\udcff/b\udc80")).toBe(join("x", "a\udcff", "b\udc80"));
  });
});
