import fs from "node:fs";
import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { tempFolder } from "@fileshare/peers";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { checksumOf } from "./checksum.js";
import { Disk, type FileColumns } from "./disk.js";
import { saveAll } from "./save-all.js";

async function folder(): Promise<string> {
  const temp = await tempFolder();
  onTestFinished(() => temp[Symbol.asyncDispose]());
  return temp.path;
}

function disk(): Disk {
  const made = new Disk();
  onTestFinished(() => made.close());
  return made;
}

const bytes = Buffer.from("alfacharlie");
const checksum = { algorithm: "crc32", value: checksumOf("crc32", bytes) ?? "" };

function filesIn(folder: string): FileColumns {
  return {
    targets: ["a", "b", "c"].map((name) => join(folder, name)),
    starts: Float64Array.of(0, 4, 4),
    sizes: Float64Array.of(4, 0, 7),
    modified: Float64Array.of(1e9, 1e9 + 0.5, -5),
    replaces: true,
  };
}

describe.each([false, true])("saveAll() with fsync %s", (fsync) => {
  it("saves each file with its bytes and its time", async () => {
    const into = await folder();
    expect(await disk().saveAll(filesIn(into), bytes, checksum, { fsync })).toEqual(new Map());
    expect((await readdir(into)).sort()).toEqual(["a", "b", "c"]);
    const contents = await Promise.all(["a", "b", "c"].map((name) => readFile(join(into, name), "utf8")));
    expect(contents).toEqual(["alfa", "", "charlie"]);
    expect((await stat(join(into, "b"))).mtimeMs).toBe(1e12 + 500);
  });

  it("saves none where the bytes are not those that were sent", async () => {
    const into = await folder();
    const other = { algorithm: "crc32", value: "00000000" };
    const saving = disk().saveAll(filesIn(into), bytes, other, { fsync });
    await expect(saving).rejects.toMatchObject({ code: "CHECKSUM", path: join(into, "a") });
    expect(await readdir(into)).toEqual([]);
  });

  it("tells which files cannot be saved, and why, and saves the others", async () => {
    const into = await folder();
    await mkdir(join(into, "a"));
    const files = filesIn(into);
    const targets = [...files.targets.slice(0, 2), join(into, "x".repeat(300))];
    const failed = await disk().saveAll({ ...files, targets }, bytes, checksum, { fsync });
    expect([...failed].sort(([one], [other]) => one - other)).toMatchObject([
      [0, { code: "IS_FOLDER", path: targets[0] }],
      [2, { code: "BAD_NAME", path: targets[2] }],
    ]);
    expect((await readdir(into)).sort()).toEqual(["a", "b"]);
  });

  it("saves nothing of nothing", async () => {
    const none = new Float64Array(0);
    const files = { targets: [], starts: none, sizes: none, modified: none, replaces: false };
    const empty = { algorithm: "crc32", value: "00000000" };
    expect(await disk().saveAll(files, new Uint8Array(0), empty, { fsync })).toEqual(new Map());
  });
});

describe("saveAll() that waits for the disk", () => {
  async function packed(): Promise<{ into: string; columns: Parameters<typeof saveAll>[0] }> {
    const into = await folder();
    const { targets, ...columns } = filesIn(into);
    return { into, columns: { ...columns, targets: targets.join("\0") } };
  }

  it.skipIf(process.platform === "win32")("waits for each folder once", async () => {
    const { into, columns } = await packed();
    const opening = vi.spyOn(fs, "openSync");
    onTestFinished(() => opening.mockRestore());
    expect(await saveAll(columns, bytes, checksum, true, () => true)).toEqual([]);
    expect(opening.mock.calls.filter(([path]) => path === into)).toHaveLength(1);
  });

  it("does not begin what is not wanted any more, and says so", async () => {
    const { into, columns } = await packed();
    let asked = 0;
    const isWanted = (): boolean => {
      asked += 1;
      return asked === 1;
    };
    expect(await saveAll(columns, bytes, checksum, true, isWanted)).toEqual([
      [1, undefined],
      [2, undefined],
    ]);
    expect(await readdir(into)).toEqual(["a"]);
  });
});

describe("journals()", () => {
  it("tells of downloads that are under way in folders", async () => {
    const into = await folder();
    const own = disk();
    const file = { name: "grande", version: "v", size: 1000, modified: 0 };
    const part = await own.begin(join(into, "grande"), file, { fsync: false, resume: true });
    await part.segment(0, 1000, undefined).write(new Uint8Array(10));
    const journals = await own.journals([into, join(into, "falta")]);
    expect(journals).toEqual(
      (await readdir(into)).filter((name) => name.endsWith(".log")).map((name) => join(into, name)),
    );
    await part.discard();
    expect(await own.journals([into])).toEqual([]);
  });
});
