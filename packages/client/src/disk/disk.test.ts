import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { tempFolder } from "@fileshare/peers";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { crc, reference, remote } from "../../test/reference.js";
import { Disk, type SaveOptions } from "./disk.js";

const started: Worker[] = [];
const posted: unknown[] = [];

vi.mock("node:worker_threads", async (original) => {
  const threads = await original<typeof import("node:worker_threads")>();
  class Watched extends threads.Worker {
    constructor(...args: ConstructorParameters<typeof threads.Worker>) {
      super(...args);
      started.push(this);
    }
    override postMessage(...args: Parameters<Worker["postMessage"]>): void {
      posted.push(args[0]);
      super.postMessage(...args);
    }
  }
  return { ...threads, Worker: Watched };
});

const options: SaveOptions = { fsync: false, resume: true };
const SIZE = 1000;
const content = reference(SIZE);

let folder: string;
let target: string;
let disk: Disk;

beforeEach(async () => {
  const temp = await tempFolder();
  onTestFinished(() => temp[Symbol.asyncDispose]());
  folder = temp.path;
  target = join(folder, "fichero");
  disk = new Disk();
  onTestFinished(() => disk.close());
  posted.length = 0;
});

/** Open files in the folder. */
function open(): string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(folder) ? [path] : [];
    } catch {
      return [];
    }
  });
}

describe("Disk", () => {
  it("offers the checksums that it can compare", () => expect(Disk.algorithms).toEqual(["xxh3", "crc32"]));

  it.each([
    ["shared memory", () => new Uint8Array(new SharedArrayBuffer(SIZE + 10), 10)],
    ["memory of its own", () => Buffer.from(new ArrayBuffer(SIZE + 10), 10)],
  ])("downloads from %s, which may be overwritten when it is written", async (_, memory) => {
    const bytes = memory();
    for (let round = 0; round < 3; round++) {
      const part = await disk.begin(target, remote(SIZE, `v${round}`), options);
      expect(part).toMatchObject({ have: [], startedOver: false });
      const expected = reference(SIZE, round);
      const segment = part.segment(0, SIZE, "crc32");
      for (let at = 0; at < SIZE; at += 100) {
        bytes.set(expected.subarray(at, at + 100));
        const half = segment.write(bytes.subarray(0, 50));
        await Promise.all([half, segment.write(bytes.subarray(50, 100))]);
        bytes.fill(0);
      }
      await segment.write(bytes.subarray(0, 0));
      await segment.end(crc(expected));
      await part.finish();
      expect(readFileSync(target).equals(expected)).toBe(true);
    }
    expect(readdirSync(folder)).toEqual(["fichero"]);
  });

  it("picks up what another Disk kept, closed or not", async () => {
    const part = await disk.begin(target, remote(SIZE), options);
    for (const start of [0, 600]) {
      const segment = part.segment(start, start + 100, "xxh3");
      await segment.write(content.subarray(start, start + 100));
      await segment.end(crc(content.subarray(start, start + 100)));
    }
    const gone = part.segment(100, 200, "xxh3");
    await gone.write(content.subarray(100, 150));
    await disk.close();
    const have = [
      { start: 0, end: 100 },
      { start: 600, end: 700 },
    ];
    const other = new Disk();
    onTestFinished(() => other.close());
    expect(await other.pending(target)).toEqual({ file: remote(SIZE), have });
    const again = await other.begin(target, remote(SIZE), options);
    expect(again.have).toEqual(have);
    await again.keep();
    const last = await other.begin(target, remote(SIZE), options);
    expect(last.have).toEqual(have);
    await last.discard();
    expect(await other.pending(target)).toBeUndefined();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("keeps apart the downloads of two of them to one target", async () => {
    const other = new Disk();
    onTestFinished(() => other.close());
    const parts = [
      await disk.begin(target, remote(SIZE, "a"), options),
      await other.begin(target, remote(SIZE, "b"), options),
      await disk.begin(target, remote(SIZE, "c"), options),
    ];
    expect(parts.map(({ startedOver }) => startedOver)).toEqual([false, false, false]);
    const segments = parts.map((part) => part.segment(0, SIZE, "crc32"));
    await Promise.all(segments.map((segment, i) => segment.write(reference(SIZE, i))));
    for (const [i, part] of parts.entries()) {
      await segments[i]?.end(crc(reference(SIZE, i)));
      await part.finish();
      expect(readFileSync(target).equals(reference(SIZE, i))).toBe(true);
    }
    expect(readdirSync(folder)).toEqual(["fichero"]);
  });

  it("refuses segments that are none, or that are there or being written already", async () => {
    const part = await disk.begin(target, remote(SIZE), options);
    for (const [start, end] of [
      [-1, 5],
      [0, SIZE + 1],
      [6, 5],
      [0.5, 1],
      [0, Number.NaN],
    ] as const) {
      expect(() => part.segment(start, end, undefined)).toThrow(RangeError);
    }
    const first = part.segment(0, 500, undefined);
    expect(() => part.segment(499, 600, undefined)).toThrow(RangeError);
    first.abandon();
    await expect(first.write(content.subarray(0, 1))).rejects.toThrow("not open");
    const second = part.segment(499, 600, undefined);
    await second.write(content.subarray(499, 600));
    await expect(second.end({ algorithm: "crc32", value: "00000000" })).rejects.toMatchObject({
      name: "ChecksumError",
      code: "CHECKSUM",
      path: target,
    });
    const third = part.segment(0, 600, undefined);
    await third.write(content.subarray(0, 600));
    await third.end(undefined);
    expect(() => part.segment(0, 1, undefined)).toThrow(RangeError);
    await expect(part.finish()).rejects.toThrow("400 bytes of 1000 are missing");
    await part.discard();
    await part.discard();
    await part.keep();
    await expect(part.finish()).rejects.toThrow("the part is finished, kept or discarded");
    expect(readdirSync(folder)).toEqual([]);
  });

  it("saves many small files, which travel in few messages", async () => {
    await disk.makeFolders(folder, [join(folder, "a/b"), join(folder, "a/b/c"), join(folder, "a")]);
    const files = Array.from({ length: 1000 }, (_, i) => ({
      path: join(folder, "a/b", String(i)),
      bytes: reference(i, i),
    }));
    posted.length = 0;
    await Promise.all(
      files.map(({ path, bytes }) => disk.save(path, remote(bytes.length), bytes, crc(bytes), options)),
    );
    expect(posted).toHaveLength(2);
    for (const { path, bytes } of files) expect(readFileSync(path).equals(bytes)).toBe(true);
    expect(statSync(join(folder, "a/b/7")).mtimeMs).toBe(1_700_000_000_250);
    expect([...(await disk.walk(folder)).files].sort()).toEqual(files.map((_, i) => `a/b/${i}`).sort());
  });

  it("saves a file in place of another and of what was kept of it", async () => {
    const part = await disk.begin(target, remote(SIZE), options);
    const segment = part.segment(0, 1, undefined);
    await segment.write(content.subarray(0, 1));
    await segment.end(undefined);
    await part.keep();
    expect(readdirSync(folder)).toHaveLength(2);
    const small = Buffer.from("hola");
    await disk.save(
      target,
      remote(4),
      small,
      { algorithm: "md5", value: "?" },
      { fsync: true, resume: true },
    );
    expect(readdirSync(folder)).toEqual(["fichero"]);
    expect(readFileSync(target, "utf8")).toBe("hola");
  });

  it("saves nothing that is not what the server said", async () => {
    await expect(
      disk.save(target, remote(SIZE), content, { algorithm: "xxh3", value: "?" }, options),
    ).rejects.toMatchObject({
      code: "CHECKSUM",
      message: expect.stringMatching(
        /^Cannot save ".*fichero": its xxh3 is [0-9a-f]{16}, the server says \?$/,
      ),
    });
    await expect(disk.save(target, remote(SIZE + 1), content, undefined, options)).rejects.toThrow(
      RangeError,
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ["a folder of that name", "carpeta", "IS_FOLDER"],
    ["no folder", "falta/x", "NOT_WRITTEN"],
    ["a file for a folder", "otro/x", "NOT_WRITTEN"],
    ["too long a name", "x".repeat(256), "BAD_NAME"],
    ["a NUL", "a\0b", "BAD_NAME"],
    ["half a character", "a\ud800", "BAD_NAME"],
  ])("tells of %s by a code and leaves nothing", async (_, name, code) => {
    mkdirSync(join(folder, "carpeta"));
    writeFileSync(join(folder, "otro"), "");
    const path = join(folder, name);
    for (const fsync of [false, true]) {
      const saving = disk.save(path, remote(SIZE), content, undefined, { fsync, resume: true });
      await expect(saving).rejects.toMatchObject({ name: "TargetError", code, path });
      await expect(disk.begin(path, remote(SIZE), { fsync, resume: true })).rejects.toMatchObject({
        code,
        path,
      });
    }
    expect(readdirSync(folder)).toEqual(["carpeta", "otro"]);
    expect(readdirSync(join(folder, "carpeta"))).toEqual([]);
  });

  it.skipIf(!existsSync("/proc/self/mountinfo"))("gives the system's error as the cause", async () => {
    await expect(
      disk.save("/proc/x", remote(0), new Uint8Array(0), undefined, options),
    ).rejects.toMatchObject({
      name: "TargetError",
      path: "/proc/x",
      cause: { code: "ENOENT", syscall: "open", errno: expect.any(Number) },
    });
  });

  it.skipIf(process.platform !== "linux")("takes names whose bytes are no text", async () => {
    const name = "caf\udce9";
    const inner = join(folder, "ni\udcf1o");
    await disk.makeFolders(folder, [inner]);
    await disk.save(join(inner, name), remote(SIZE), content, undefined, options);
    const part = await disk.begin(join(folder, name), remote(SIZE), options);
    const segment = part.segment(0, SIZE, undefined);
    await segment.write(content);
    await segment.end(undefined);
    await part.keep();
    expect(await disk.pending(join(folder, name))).toMatchObject({ have: [{ start: 0, end: SIZE }] });
    await (await disk.begin(join(folder, name), remote(SIZE), options)).finish();
    const bytes = readdirSync(folder, { encoding: "buffer" }).map((entry) => entry.toString("latin1"));
    expect(bytes.sort()).toEqual(["café", "niño"]);
    expect((await disk.walk(folder)).files).toEqual([name, `ni\udcf1o/${name}`].sort());
    expect((await disk.stat([join(inner, name)])).kinds).toEqual(["file"]);
    await disk.remove(folder, { files: [join(inner, name), join(folder, name)] });
    expect((await disk.walk(folder)).files).toEqual([]);
  });

  it("tells what stands at paths, without following links", async () => {
    await mkdir(join(folder, "carpeta"));
    await writeFile(target, "hola");
    await symlink(target, join(folder, "enlace"));
    const paths = ["fichero", "carpeta", "enlace", "nada", "fichero/x", "x".repeat(256), "a\0"].map((name) =>
      join(folder, name),
    );
    const { kinds, sizes, modified } = await disk.stat(paths);
    expect(kinds).toEqual(["file", "folder", "other", "none", "none", "none", "none"]);
    expect(sizes[0]).toBe(4);
    expect(modified[0]).toBe(statSync(target).mtimeMs / 1000);
    expect([sizes[3], modified[3]]).toEqual([0, 0]);
    expect((await disk.stat([])).kinds).toEqual([]);
  });

  it("makes folders once, and refuses where something else stands", async () => {
    await writeFile(target, "");
    await disk.makeFolders(folder, [join(folder, "a/b/c"), join(folder, "a/b/d"), join(folder, "a/b/c")]);
    expect(readdirSync(join(folder, "a/b"))).toEqual(["c", "d"]);
    for (const path of [target, join(target, "x"), join(target, "x/y")]) {
      const failed = await disk.makeFolders(folder, [path, join(folder, "e")]);
      const message = `Cannot save ${JSON.stringify(target)}: a file stands where the folder would go`;
      expect([...failed]).toMatchObject([[0, { code: "NOT_WRITTEN", path: target, message }]]);
      expect(statSync(join(folder, "e")).isDirectory()).toBe(true);
    }
    const [error] = (await disk.makeFolders("/proc/x/y", ["/proc/x/y"])).values();
    expect(error).toMatchObject({ name: "TargetError" });
  });

  it("makes no folders through links, but for the one that all are in", async () => {
    await mkdir(join(folder, "real/fuera"), { recursive: true });
    await symlink(join(folder, "real"), join(folder, "top"));
    await symlink(join(folder, "real/fuera"), join(folder, "real/enlace"));
    const top = join(folder, "top");
    const paths = ["a/b", "enlace", "enlace/c", "fuera/d"].map((name) => join(top, name));
    const failed = await disk.makeFolders(top, paths);
    const error = { code: "UNSAFE_NAME", path: join(top, "enlace") };
    expect([...failed]).toMatchObject([
      [1, error],
      [2, { code: "UNSAFE_NAME" }],
    ]);
    expect(readdirSync(join(folder, "real/fuera"))).toEqual(["d"]);
    expect(readdirSync(join(folder, "real/a"))).toEqual(["b"]);
  });

  it("lists files below a folder, but no links and nothing on its way", async () => {
    expect((await disk.walk(join(folder, "nada"))).files).toEqual([]);
    await disk.makeFolders(folder, [join(folder, "b/c"), join(folder, "empty")]);
    for (const name of ["a", "b/c/x", "b/a", "b-", ".fileshare-notes.part"])
      await writeFile(join(folder, name), "");
    await symlink(folder, join(folder, "b/up"));
    await symlink(join(folder, "a"), join(folder, "link"));
    const part = await disk.begin(target, remote(SIZE), options);
    expect((await disk.walk(folder)).files).toEqual([".fileshare-notes.part", "a", "b-", "b/a", "b/c/x"]);
    await expect(disk.walk(join(folder, "a"))).rejects.toMatchObject({
      name: "TargetError",
      verb: "read",
      message: expect.stringMatching(/^Cannot read ".*\/a": ENOTDIR/),
      cause: { code: "ENOTDIR" },
    });
    await part.discard();
  });

  it("looks at files below a folder, and at what stands in their way", async () => {
    await mkdir(join(folder, "carpeta/dentro"), { recursive: true });
    for (const name of ["fichero", "carpeta/1"]) await writeFile(join(folder, name), "abc");
    await symlink("carpeta", join(folder, "enlace"));
    const names = ["fichero", "carpeta/1", "nada", "nada/1", "enlace", "enlace/1", "carpeta/dentro/1"];
    const blocked = ["carpeta", "carpeta/dentro", "fichero/1", "fichero/1/2", "carpeta/1/2/3"];
    const folders = ["carpeta/", "nada/", "enlace/", "fichero/", "carpeta/1/2/"];
    const { sizes, obstacles } = await disk.filesWithin(folder, [...names, ...blocked, ...folders]);
    expect([...sizes]).toEqual([3, 3, ...Array(names.length + blocked.length + folders.length - 2).fill(-1)]);
    const from = names.length;
    expect(obstacles).toEqual([
      [names.indexOf("enlace/1"), { path: "enlace", kind: "link" }],
      [from, { path: "carpeta", kind: "folder" }],
      [from + 1, { path: "carpeta/dentro", kind: "folder" }],
      [from + 2, { path: "fichero", kind: "file" }],
      [from + 3, { path: "fichero", kind: "file" }],
      [from + 4, { path: "carpeta/1", kind: "file" }],
      [from + blocked.length + 2, { path: "enlace", kind: "link" }],
      [from + blocked.length + 3, { path: "fichero", kind: "file" }],
      [from + blocked.length + 4, { path: "carpeta/1", kind: "file" }],
    ]);
  });

  it("removes files and links, though one cannot be", async () => {
    await mkdir(join(folder, "carpeta"));
    await writeFile(target, "");
    await symlink(join(folder, "carpeta"), join(folder, "enlace"));
    const paths = ["carpeta", "nada", "fichero", "enlace"].map((name) => join(folder, name));
    const failed = await disk.remove(folder, { files: paths });
    expect([...failed]).toMatchObject([[0, { name: "TargetError", verb: "delete", path: paths[0] }]]);
    expect(failed.get(0)?.message).toMatch(/^Cannot delete ".*carpeta": E/);
    expect(readdirSync(folder)).toEqual(["carpeta"]);
  });

  it("removes the folders that become empty by it, but not the one that all are in", async () => {
    await mkdir(join(folder, "a/b/c"), { recursive: true });
    await mkdir(join(folder, "vacía"));
    await mkdir(join(folder, "d"));
    const names = ["a/b/c/x", "a/b/y", "d/x"];
    for (const name of [...names, "d/queda"]) await writeFile(join(folder, name), "");
    const paths = names.map((name) => join(folder, name));
    expect(await disk.remove(folder, { files: paths })).toEqual(new Map());
    expect(readdirSync(folder).sort()).toEqual(["d", "vacía"]);
    expect(await disk.remove(folder, { files: [join(folder, "d/queda")] })).toEqual(new Map());
    expect(readdirSync(folder)).toEqual(["vacía"]);
  });

  it("removes empty folders, but none in which something is, and none that is to stay", async () => {
    for (const path of ["a/b/c", "d/e", "f"]) await mkdir(join(folder, path), { recursive: true });
    await writeFile(join(folder, "f/x"), "");
    expect((await disk.walk(folder)).emptyFolders).toEqual(["a/b/c/", "d/e/"]);
    const paths = ["a/b/c", "d/e", "f", "nada"].map((path) => join(folder, path));
    const failed = await disk.remove(folder, {
      files: [],
      emptyFolders: paths,
      kept: [join(folder, "d")],
    });
    expect([...failed]).toMatchObject([[2, { verb: "delete", path: paths[2] }]]);
    expect(readdirSync(folder).sort()).toEqual(["d", "f"]);
    expect(readdirSync(join(folder, "d"))).toEqual([]);
  });
});

describe.skipIf(process.platform !== "linux")("Disk leaves no file open", () => {
  it("of many that wait for the disk, nor has many open meanwhile, and closes when they are saved", async () => {
    const paths = Array.from({ length: 200 }, (_, i) => join(folder, String(i)));
    const saving = paths.map((path) =>
      disk.save(path, remote(SIZE), content, undefined, { fsync: true, resume: true }),
    );
    let most = 0;
    let done = 0;
    for (const each of saving) {
      void each.then(() => {
        most = Math.max(most, open().length);
        done++;
      });
    }
    await disk.close();
    expect(done).toBe(200);
    expect(most).toBeLessThanOrEqual(8);
    expect(readdirSync(folder)).toHaveLength(200);
    await Promise.all(saving);
    expect(open()).toEqual([]);
  });

  it("whatever became of a download", async () => {
    const some = async (name: string) => {
      const part = await disk.begin(join(folder, name), remote(SIZE), options);
      const segment = part.segment(0, SIZE, undefined);
      await segment.write(content);
      await segment.end(undefined);
      return part;
    };
    const parts = await Promise.all(["a", "b", "c", "d", "e"].map(some));
    expect(open()).toHaveLength(10);
    await parts[0]?.finish();
    await parts[1]?.keep();
    await parts[2]?.discard();
    await mkdir(join(folder, "d"));
    await expect(parts[3]?.finish()).rejects.toMatchObject({ code: "IS_FOLDER" });
    await parts[3]?.discard();
    await disk.save(join(folder, "s"), remote(SIZE), content, undefined, { fsync: true, resume: false });
    await expect(disk.save(join(folder, "d"), remote(SIZE), content, undefined, options)).rejects.toThrow();
    await disk.begin(join(folder, "d"), remote(SIZE), options).catch(() => {});
    await disk.pending(join(folder, "b"));
    expect(open()).toHaveLength(2);
    await disk.close();
    expect(open()).toEqual([]);
  });

  it("when its thread dies, which rejects what was asked; the next is done by another", async () => {
    const part = await disk.begin(target, remote(SIZE), options);
    const segment = part.segment(0, SIZE, undefined);
    await segment.write(content);
    await segment.end(undefined);
    const late = disk.walk(folder);
    const thread = started.at(-1) as Worker;
    void thread.terminate();
    const asked = part.finish();
    await expect(asked).rejects.toMatchObject({ name: "TargetError", code: "NOT_WRITTEN", path: target });
    await late.catch((error) => expect(error).toMatchObject({ name: "TargetError", path: folder }));
    await expect(part.keep()).rejects.toMatchObject({ code: "NOT_WRITTEN" });
    expect(open()).toEqual([]);
    const again = await disk.begin(target, remote(SIZE), options);
    expect(again.have).toEqual([{ start: 0, end: SIZE }]);
    await again.finish();
    expect(started.at(-1)).not.toBe(thread);
  });

  it("when it is closed, and can then not be asked", async () => {
    const unused = new Disk();
    await unused.close();
    await expect(unused.walk(folder)).rejects.toThrow("The disk is closed");
    await disk.begin(target, remote(SIZE), options);
    const ended = once(started.at(-1) as Worker, "exit");
    const saving = disk.save(join(folder, "s"), remote(SIZE), content, undefined, options);
    await disk.close();
    await disk.close();
    await Promise.all([ended, saving]);
    await expect(disk.begin(target, remote(SIZE), options)).rejects.toThrow("The disk is closed");
    expect(open()).toEqual([]);
    expect(readdirSync(folder)).toEqual(["s"]);
  });
});
