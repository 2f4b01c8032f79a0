import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { defaultPython, tempFolder } from "@fileshare/peers";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { openFiles } from "../../test/support/held.js";
import { asNobody } from "../../test/support/nobody.js";
import { Lister, type PackedPage } from "./lister.js";
import type { EntriesOptions } from "./storage.js";

const every: EntriesOptions = {
  recursive: false,
  after: undefined,
  limit: 2,
  details: ["sizes", "modified", "versions"],
};

/** A folder of the files `a` to `h`, of one byte each. */
async function folder(): Promise<string> {
  const { path, ...temp } = await tempFolder();
  onTestFinished(() => temp[Symbol.asyncDispose]());
  for (const name of "abcdefgh") await writeFile(join(path, name), name);
  return path;
}

function told({ names, sizes, modified, versions }: PackedPage): Record<string, number> {
  const listed = names.split("\0").slice(0, -1);
  expect(modified).toHaveLength(listed.length);
  expect(versions.split("\0")).toHaveLength(listed.length + 1);
  return Object.fromEntries(listed.map((name, i) => [name, sizes[i] as number]));
}

/** Makes all pages ahead that may be made; gives how many. */
function lookAhead(lister: Lister): number {
  let made = 0;
  while (lister.lookAhead()) made += 1;
  return made;
}

function thrown(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("Lister", () => {
  test("makes two pages ahead at most, and none behind the end", async () => {
    const lister = new Lister(await folder());
    expect(lookAhead(lister)).toBe(0);
    let { next } = lister.page(every);
    const counts: number[] = [lookAhead(lister)];
    const names: string[] = [];
    while (next !== undefined) {
      const page = lister.page({ ...every, after: next });
      names.push(...Object.keys(told(page)));
      next = page.next;
      counts.push(lookAhead(lister));
    }
    expect(names).toEqual([..."cdefgh"]);
    expect(counts).toEqual([2, 1, 1, 0, 0]);
  });

  test("gives pages that were made ahead as those that were not", async () => {
    const path = await folder();
    const [ahead, plain] = [new Lister(path), new Lister(path)];
    for (let after: string | undefined; ; ) {
      const page = ahead.page({ ...every, after });
      expect(page).toEqual(plain.page({ ...every, after }));
      lookAhead(ahead);
      after = page.next;
      if (after === undefined) break;
    }
  });

  test("tells a listing that begins after a change nothing from before it, nor the one that goes on then", async () => {
    const path = await folder();
    const lister = new Lister(path);
    lister.page(every);
    expect(lookAhead(lister)).toBe(2);
    await writeFile(join(path, "c"), "more");
    const { next } = lister.page(every);
    expect(told(lister.page({ ...every, after: next }))).toEqual({ c: 4, d: 1 });
    expect(told(lister.page({ ...every, after: next }))).toEqual({ c: 4, d: 1 });
  });

  test("tells a listing that begins after a file has come of it, whoever else is listing", async () => {
    const path = await folder();
    const lister = new Lister(path);
    lister.page(every);
    lookAhead(lister);
    await writeFile(join(path, "cc"), "new");
    const { next } = lister.page(every);
    expect(told(lister.page({ ...every, after: next }))).toEqual({ c: 1, cc: 3 });
  });

  test("looks again at the files of a page that has waited for more than a second", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const path = await folder();
    const lister = new Lister(path);
    const { next } = lister.page(every);
    lookAhead(lister);
    await writeFile(join(path, "c"), "more");
    await rm(join(path, "d"));
    await rename(join(path, "f"), join(path, "x"));
    await symlink("x", join(path, "f"));
    vi.advanceTimersByTime(1001);
    const third = lister.page({ ...every, after: next });
    expect(told(third)).toEqual({ c: 4 });
    expect(third.next).toBe("d");
    expect(told(lister.page({ ...every, after: "d" }))).toEqual({ e: 1, f: 1 });
  });

  test("fails where a folder may not be looked into, naming it, and not before it comes to it", async () => {
    const path = await folder();
    await mkdir(join(path, "cerrada"));
    await writeFile(join(path, "cerrada", "z"), "");
    await chmod(path, 0o755);
    // What is in the second can be told, but not looked at.
    for (const mode of [0o000, 0o744]) {
      const lister = new Lister(path);
      await chmod(join(path, "cerrada"), mode);
      await asNobody(async () => {
        const { next } = lister.page({ ...every, recursive: true });
        expect(lookAhead(lister)).toBe(0);
        const rest = { ...every, recursive: true, after: next };
        const cannot = expect.objectContaining({
          message: expect.stringMatching(/^Cannot list "cerrada\//),
          code: "EACCES",
        });
        for (let times = 0; times < 2; times++) expect(thrown(() => lister.page(rest))).toEqual(cannot);
        // Peers of old see the folder itself.
        expect(lister.page({ ...every, limit: 100, details: [] }).names).toHaveLength(16);
      });
      await chmod(join(path, "cerrada"), 0o755);
      const names = Object.keys(told(lister.page({ ...every, recursive: true, after: "b", limit: 100 })));
      expect(names).toEqual(["c", "cerrada/z", ..."defgh"]);
    }
  });

  test("leaves out a link that leads where it may not go", async () => {
    const path = await folder();
    await mkdir(join(path, "..", "cerrada"), { mode: 0o700 });
    onTestFinished(() => rm(join(path, "..", "cerrada"), { recursive: true }));
    await symlink("../cerrada/x", join(path, "x"));
    await chmod(path, 0o755);
    await asNobody(async () => {
      const { names } = new Lister(path).page({ ...every, recursive: true, limit: 100 });
      expect(names).toHaveLength(16);
    });
  });

  test("tells a link that leads by another path of the folder to where it cannot look", async () => {
    const path = await folder();
    await mkdir(join(path, "cerrada"), { mode: 0o700 });
    await symlink(path, `${path}-otro`);
    onTestFinished(() => rm(`${path}-otro`));
    await symlink(join(`${path}-otro`, "cerrada", "x"), join(path, "x"));
    await chmod(path, 0o755);
    await asNobody(async () => {
      const { unreadable } = new Lister(path).page({ ...every, recursive: true, folders: true, limit: 100 });
      expect(unreadable).toBe("cerrada\0x\0");
    });
  });

  test("leaves out links that lead nowhere", async () => {
    const path = await folder();
    await symlink("x".repeat(300), join(path, "largo"));
    await symlink("bucle", join(path, "bucle"));
    await symlink(join("a", "no-hay"), join(path, "roto"));
    const { names, unreadable } = new Lister(path).page({
      ...every,
      recursive: true,
      folders: true,
      limit: 100,
    });
    expect({ names: names.split("\0"), unreadable }).toEqual({ names: [..."abcdefgh", ""], unreadable: "" });
  });

  test("tells a link to a file whose path is too long for the system", async () => {
    const path = await folder();
    const name = "d".repeat(200);
    const program = `import os
os.mkdir("corto")
os.chdir("corto")
for i in range(19):
    os.mkdir("${name}")
    os.chdir("${name}")
os.symlink("${`${name}/`.repeat(3)}f", "enlace")
for i in range(3):
    os.mkdir("${name}")
    os.chdir("${name}")
open("f", "w").close()
`;
    execFileSync(defaultPython(), ["-c", program], { cwd: path });
    onTestFinished(() => void execFileSync("rm", ["-r", join(path, "corto")]));
    const { unreadable } = new Lister(path).page({ ...every, recursive: true, folders: true, limit: 100 });
    const deep = `corto/${Array(19).fill(name).join("/")}`;
    expect(unreadable?.split("\0")).toContain(`${deep}/enlace`);
  });

  test("tells nothing of what stands behind a link that has taken a folder's place", async () => {
    const path = await folder();
    const outside = await folder();
    await mkdir(join(path, "carpeta"));
    for (const name of "abcdefgh") await writeFile(join(path, "carpeta", name), "dentro");
    const options: EntriesOptions = { ...every, recursive: true };
    const lister = new Lister(path);
    const { next } = lister.page({ ...options, after: "c" });
    expect(next).toBe("carpeta/b");
    await rename(join(path, "carpeta"), join(path, "..", `${basename(path)}-otra`));
    onTestFinished(() => rm(`${path}-otra`, { recursive: true }));
    await symlink(outside, join(path, "carpeta"));
    expect(told(lister.page({ ...options, after: next }))).toEqual({ d: 1, e: 1 });
    expect(told(new Lister(path).page({ ...options, after: next }))).toEqual({ d: 1, e: 1 });
  });

  test("lists nothing from outside while folders and links take each other's place", async () => {
    const path = await folder();
    const outside = await folder();
    await mkdir(join(path, "carpeta", "x"), { recursive: true });
    await mkdir(join(outside, "x"));
    await writeFile(join(path, "carpeta", "x", "dentro"), "");
    await writeFile(join(outside, "x", "secreto"), "");
    await symlink(outside, `${path}-otro`);
    onTestFinished(() => rm(`${path}-otro`, { recursive: true, force: true }));
    // RENAME_EXCHANGE
    const program = `import ctypes
libc = ctypes.CDLL(None)
while True:
    libc.renameat2(-100, b"carpeta", -100, b"../${basename(path)}-otro", 2)
`;
    const swapping = spawn(defaultPython(), ["-c", program], { cwd: path, stdio: "ignore" });
    const gone = once(swapping, "close");
    onTestFinished(() => void swapping.kill("SIGKILL"));
    const before = openFiles();
    const count = { there: 0, gone: 0 };
    while (count.there < 100 || count.gone < 100) {
      const { names } = new Lister(path).page({ ...every, recursive: true, limit: 100 });
      expect(names).not.toContain("secreto");
      count[names.includes("carpeta/x/dentro") ? "there" : "gone"] += 1;
    }
    expect(openFiles()).toEqual(before);
    swapping.kill("SIGKILL");
    await gone;
  });

  test("goes on in the folder that has taken the other's place, with what is in that", async () => {
    const path = await folder();
    const lister = new Lister(path);
    const { next } = lister.page(every);
    lookAhead(lister);
    const other = await folder();
    await writeFile(join(other, "cc"), "new");
    await rm(join(other, "d"));
    await rename(path, `${path}-otra`);
    await rename(other, path);
    onTestFinished(() => rm(`${path}-otra`, { recursive: true }));
    expect(told(lister.page({ ...every, after: next }))).toEqual({ c: 1, cc: 3 });
  });

  test("goes on with the names that each of many listings has read", async () => {
    const path = await folder();
    const lister = new Lister(path);
    const limits = [1, 2, 3, 4, 5, 6, 7];
    for (const limit of limits) lister.page({ ...every, limit });
    await writeFile(join(path, "z"), "");
    for (const limit of limits) {
      let { next } = lister.page({ ...every, limit, after: "abcdefgh"[limit - 1] });
      const names: string[] = [];
      while (next !== undefined) {
        const page = lister.page({ ...every, limit, after: next });
        names.push(...Object.keys(told(page)));
        next = page.next;
      }
      expect(names, `${limit}`).not.toContain("z");
    }
  });

  test("lists no download of a client that is under way, in whatever folder", async () => {
    const path = await folder();
    await mkdir(join(path, "carpeta"));
    const names = [
      ".fileshare-0123456789abcdef.part",
      ".fileshare-0123456789abcdef-a\u00e9.part",
      ".fileshare-0123456789abcdef-ae\u0301.part",
      ".FILESHARE-0123456789ABCDEF.log",
      "carpeta/.fileshare-0123456789abcdef.log",
    ];
    const others = [".fileshare-0123456789abcdef.parts", ".fileshare-0123456789abcde.part", "carpeta/x.log"];
    for (const name of [...names, ...others]) await writeFile(join(path, name), "");
    await mkdir(join(path, ".fileshare-aaaaaaaaaaaaaaaa.part"));
    await writeFile(join(path, ".fileshare-aaaaaaaaaaaaaaaa.part", "x"), "");
    for (const details of [every.details, []]) {
      for (const recursive of [true, false]) {
        const page = new Lister(path).page({ ...every, details, recursive, limit: 100 });
        const listed = page.names.split("\0").slice(0, -1);
        const expected = [..."abcdefgh", ...others].filter((name) => recursive || !name.includes("/"));
        expect(listed).toEqual(expected.sort());
      }
    }
  });

  test("finds out only what is asked for", async () => {
    const path = await folder();
    await mkdir(join(path, "carpeta"));
    await symlink("carpeta", join(path, "enlace"));
    await symlink("no-hay", join(path, "roto"));
    const lister = new Lister(path);
    const names = [..."abcdefgh"].map((name) => `${name}\0`).join("");
    const none = {
      names,
      sizes: new Float64Array(),
      modified: new Float64Array(),
      versions: "",
      next: undefined,
    };
    expect(lister.page({ ...every, limit: 100, details: [] })).toEqual(none);
    expect(lister.page({ ...every, limit: 100, details: ["sizes"] })).toEqual({
      ...none,
      sizes: new Float64Array(8).fill(1),
    });
  });
});
