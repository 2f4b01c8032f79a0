import { spawnSync } from "node:child_process";
import { readdirSync, statfsSync } from "node:fs";
import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tempFolder } from "@fileshare/peers";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { FolderReader } from "./folder-names.js";
import { Lister } from "./lister.js";

vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  return { ...fs, readdirSync: vi.fn(fs.readdirSync), statfsSync: vi.fn(fs.statfsSync) };
});

const COUNT = 1024;

async function largeFolder(): Promise<string> {
  const { path, ...temp } = await tempFolder();
  onTestFinished(() => temp[Symbol.asyncDispose]());
  await Promise.all(Array.from({ length: COUNT }, (_, i) => writeFile(join(path, `${i}`), "")));
  return path;
}

/** Long after what was done to the folder. */
function later(): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 10_000 });
}

/** A folder with one of each kind in it, and a name that is no text. */
async function fill(path: string): Promise<void> {
  await mkdir(join(path, "carpeta"));
  await symlink("a", join(path, "enlace"));
  await writeFile(join(path, "a"), "");
  await writeFile(Buffer.concat([Buffer.from(join(path, "b")), Buffer.of(0xff)]), "");
}

const filled = { names: ["a", "b\udcff", "carpeta/", "enlace"], links: new Set(["enlace"]) };

const mounting = `cd "$0" && mkdir at && truncate -s 1M image &&
  mkfs.ext4 -q -O ^filetype,^has_journal image && mount -o loop image at`;

/** Mounts a file system that does not tell what its entries are, where this user may. */
function mountsTypeless(path: string): boolean {
  if (spawnSync("sh", ["-c", mounting, path]).status !== 0) return false;
  onTestFinished(() => void spawnSync("sh", ["-c", 'umount "$0"', join(path, "at")]));
  return true;
}

beforeEach(() => () => void vi.useRealTimers());

describe("FolderReader", () => {
  test("gives the names of a large folder again to whoever comes while they are held", async () => {
    const path = await largeFolder();
    later();
    const reader = new FolderReader();
    const found = reader.read("a", path, "files");
    expect(found.names).toHaveLength(COUNT);
    expect(reader.read("a", path, "files")).toBe(found);
    expect(reader.read("a", path, "everything")).not.toBe(found);
    expect(reader.read("b", path, "files")).not.toBe(found);
  });

  test.each<[string, (path: string) => Promise<void>]>([
    ["come", (path) => writeFile(join(path, "x"), "")],
    ["gone", (path) => rm(join(path, "7"))],
    ["been named anew", (path) => rename(join(path, "7"), join(path, "x"))],
  ])("reads it again once a file has %s", async (_, change) => {
    const path = await largeFolder();
    later();
    const reader = new FolderReader();
    const found = reader.read("a", path, "files");
    await change(path);
    const now = reader.read("a", path, "files");
    expect(now.names).not.toEqual(found.names);
    expect(now.names).toEqual(new FolderReader().read("a", path, "files").names);
  });

  test("reads a large folder once for many who list it at once, though they come to the same pages", async () => {
    const path = await largeFolder();
    later();
    const lister = new Lister(path);
    const options = { recursive: true, limit: 200, details: [] };
    vi.mocked(readdirSync).mockClear();
    let nexts = Array<string | undefined>(100).fill("");
    while (nexts[0] !== undefined) nexts = nexts.map((after) => lister.page({ ...options, after }).next);
    expect(readdirSync).toHaveBeenCalledTimes(1);
  });

  test.runIf(process.platform === "linux")("reads one again whose times may tell nothing", async () => {
    const path = await largeFolder();
    later();
    const stats = statfsSync(path);
    vi.mocked(statfsSync).mockReturnValueOnce({ ...stats, type: 0x65735546 } as typeof stats);
    const reader = new FolderReader();
    const found = reader.read("a", path, "files");
    const again = reader.read("a", path, "files");
    expect(again).not.toBe(found);
    expect(reader.read("a", path, "files")).toBe(again);
  });

  test("reads one again that had changed just before it was read: another change may bear the same time", async () => {
    const path = await largeFolder();
    const reader = new FolderReader();
    const found = reader.read("a", path, "files");
    expect(reader.read("a", path, "files")).not.toBe(found);
  });

  test("looks itself at what is in a folder where Node fails to", async () => {
    const { path, ...temp } = await tempFolder();
    onTestFinished(() => temp[Symbol.asyncDispose]());
    await fill(path);
    const { readdirSync: real } = await vi.importActual<typeof import("node:fs")>("node:fs");
    vi.mocked(readdirSync).mockImplementation(((at: string, options?: { withFileTypes?: boolean }) => {
      if (options?.withFileTypes) throw new TypeError("Received an instance of Buffer");
      return real(at, options as object);
    }) as typeof real);
    onTestFinished(() => void vi.mocked(readdirSync).mockImplementation(real));
    for (const at of [path, Buffer.from(path)]) {
      expect(new FolderReader().read("a", at, "files and folders")).toMatchObject(filled);
    }
  });

  test("finds out what is in a folder whose file system does not tell", async ({ skip }) => {
    const { path, ...temp } = await tempFolder();
    onTestFinished(() => temp[Symbol.asyncDispose]());
    if (!mountsTypeless(path)) return skip("no file system can be mounted here");
    await rm(join(path, "at", "lost+found"), { recursive: true });
    await fill(join(path, "at"));
    for (const at of [join(path, "at"), Buffer.from(join(path, "at"))]) {
      expect(new FolderReader().read("a", at, "files and folders")).toMatchObject(filled);
      const files = filled.names.filter((name) => !name.endsWith("/"));
      expect(new FolderReader().read("a", at, "files").names).toEqual(files);
    }
  });
});
