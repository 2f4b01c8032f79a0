import { execFileSync } from "node:child_process";
import { lstatSync, openSync, readlinkSync, renameSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { defaultPython, tempFolder } from "@fileshare/peers";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Lister } from "./lister.js";
import type { EntriesOptions } from "./storage.js";

vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  return {
    ...fs,
    openSync: vi.fn(fs.openSync),
    lstatSync: vi.fn(fs.lstatSync),
    readlinkSync: vi.fn(fs.readlinkSync),
  };
});

const every: EntriesOptions = {
  recursive: true,
  after: undefined,
  limit: 100,
  details: ["sizes"],
  folders: true,
};

async function folder(): Promise<string> {
  const { path, ...temp } = await tempFolder();
  onTestFinished(() => temp[Symbol.asyncDispose]());
  await mkdir(join(path, "b"));
  for (const name of ["a", "b/1", "b/2", "c"]) await writeFile(join(path, name), "");
  return path;
}

/** Lets the system fail for paths with that end. */
function failing(call: typeof openSync | typeof lstatSync, end: string, code: string): void {
  const mocked = vi.mocked<(path: string) => unknown>(call as (path: string) => unknown);
  const real = mocked.getMockImplementation() as (path: string, ...more: unknown[]) => unknown;
  mocked.mockImplementation((path: string, ...more: unknown[]) => {
    if (!path.toString().endsWith(end)) return real(path, ...more);
    throw Object.assign(new Error(`${code}: made up`), { code, syscall: "made up" });
  });
  onTestFinished(() => void mocked.mockImplementation(real));
}

function listed(path: string, options: Partial<EntriesOptions> = {}): { names: string; unreadable: unknown } {
  const { names, unreadable } = new Lister(path).page({ ...every, ...options });
  return { names: names.replaceAll("\0", " "), unreadable };
}

const hiding = ["EACCES", "EIO", "ELOOP", "ENAMETOOLONG", "ESTALE", "ENOTCONN", "Unknown system error -117"];

describe("A listing", () => {
  test.each(hiding)("tells a folder that cannot be opened as unreadable: %s", async (code) => {
    const path = await folder();
    failing(openSync, "/b", code);
    expect(listed(path)).toEqual({ names: "a c ", unreadable: "b\0" });
    expect(() => listed(path, { folders: false })).toThrow(`Cannot list "b/": ${code}`);
  });

  test.each(hiding)(
    "tells a folder as unreadable where a file of it cannot be looked at: %s",
    async (code) => {
      const path = await folder();
      failing(lstatSync, "/2", code);
      expect(listed(path)).toEqual({ names: "a b/1 c ", unreadable: "b\0" });
      expect(() => listed(path, { folders: false })).toThrow(`Cannot list "b/2": ${code}`);
    },
  );

  test.each(hiding)("fails where a file of the folder itself cannot be looked at: %s", async (code) => {
    const path = await folder();
    failing(lstatSync, "/c", code);
    expect(() => listed(path)).toThrow(`Cannot list "c": ${code}`);
  });

  test.each(["ENOENT", "ENOTDIR"])("leaves out what is gone: %s", async (code) => {
    const path = await folder();
    for (const call of [openSync, lstatSync]) failing(call, "/b", code);
    failing(lstatSync, "/c", code);
    expect(listed(path)).toEqual({ names: "a ", unreadable: "" });
  });

  test("tells a folder that is said not to be there when it is looked into", async () => {
    const path = await folder();
    failing(openSync, "/b", "ENOENT");
    expect(listed(path)).toEqual({ names: "a c ", unreadable: "b\0" });
  });

  test("fails where the folder itself goes away meanwhile", async () => {
    const path = await folder();
    const { lstatSync: real } = await vi.importActual<typeof import("node:fs")>("node:fs");
    vi.mocked(lstatSync).mockImplementation(((at: string, options: object) => {
      const stats = real(at, options);
      if (at.endsWith("/a")) renameSync(path, `${path}-otra`);
      return stats;
    }) as typeof real);
    onTestFinished(() => void vi.mocked(lstatSync).mockImplementation(real));
    onTestFinished(() => renameSync(`${path}-otra`, path));
    expect(() => listed(path)).toThrow("ENOENT");
  });

  test.runIf(process.platform === "linux")(
    "looks into the folders of one that the system has by a name in other letters",
    async () => {
      const path = await folder();
      const { readlinkSync: real } = await vi.importActual<typeof import("node:fs")>("node:fs");
      vi.mocked(readlinkSync).mockImplementation(((at: string, options: BufferEncoding) => {
        const target = real(at, "latin1").replace(path, path.toUpperCase());
        return (options as string) === "buffer" ? Buffer.from(target, "latin1") : target;
      }) as typeof real);
      onTestFinished(() => void vi.mocked(readlinkSync).mockImplementation(real));
      expect(listed(path)).toEqual({ names: "a b/1 b/2 c ", unreadable: "" });
    },
  );

  test.each(["EMFILE", "ENFILE", "ENOMEM"])(
    "blames no folder for what is lacking everywhere: %s",
    async (code) => {
      const path = await folder();
      failing(openSync, "/b", code);
      expect(() => listed(path)).toThrow(`Cannot list "b/": ${code}`);
    },
  );

  test("tells the first folder whose path is too long for the system", async () => {
    const path = await folder();
    const name = "d".repeat(200);
    const program = `import os
for i in range(30):
    os.mkdir("${name}")
    os.chdir("${name}")
    open("f", "w").close()
`;
    execFileSync(defaultPython(), ["-c", program], { cwd: path });
    onTestFinished(() => void execFileSync("rm", ["-r", join(path, name)]));
    const { names, unreadable } = listed(path);
    const found = names.split(" ").filter((name) => name.endsWith("/f"));
    expect(`${path}/${found.at(-1)}`.length).toBeLessThanOrEqual(4096);
    expect(unreadable).toBe(`${`${name}/`.repeat(found.length + 1).slice(0, -1)}\0`);
  });
});
