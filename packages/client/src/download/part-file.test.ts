import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tempFolder } from "@fileshare/peers";
import { describe, expect, it, onTestFinished } from "vitest";
import { PartFile } from "./part-file.js";

const MiB = 1024 * 1024;

async function folder(): Promise<string> {
  const temp = await tempFolder();
  onTestFinished(() => temp[Symbol.asyncDispose]());
  return temp.path;
}

/** Bytes that count up, out of step with every buffer. */
function counting(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = i % 251;
  return bytes;
}

describe("PartFile", () => {
  it("stands under a name of its own until it is finished", async () => {
    const into = await folder();
    const target = join(into, "notas.txt");
    await writeFile(target, "antes");
    const part = await PartFile.create(target, 4);
    const names = await readdir(into);
    expect(names).toHaveLength(2);
    expect(names).toContainEqual(expect.stringMatching(/^\.fileshare-[0-9a-f]{12}\.part$/));
    await part.write(Buffer.from("ho"));
    await part.write(Buffer.from("la"));
    expect(await readFile(target, "utf8")).toBe("antes");
    await part.finish();
    expect(await readdir(into)).toEqual(["notas.txt"]);
    expect(await readFile(target, "utf8")).toBe("hola");
  });

  it.each([
    ["one piece", 3 * MiB + 17, 4 * MiB],
    ["pieces smaller than its buffers", 3 * MiB + 17, 65_537],
    ["pieces as large as its buffers", 3 * MiB, MiB],
    ["pieces larger than its buffers", 5 * MiB, 2 * MiB + 1],
    ["single bytes", 1000, 1],
    ["one byte", 1, 1],
    ["no piece at all", 0, 1],
  ])("writes %s, which may be overwritten at once", async (_, length, most) => {
    const into = await folder();
    const whole = counting(length);
    const part = await PartFile.create(join(into, "x"), length);
    const piece = Buffer.alloc(most);
    for (let at = 0; at < length; at += most) {
      const copied = whole.copy(piece, 0, at, Math.min(at + most, length));
      await part.write(piece.subarray(0, copied));
      piece.fill(0xff);
    }
    await part.finish();
    expect((await readFile(join(into, "x"))).equals(whole)).toBe(true);
  });

  it.each([
    ["shorter", 2 * MiB, 2 * MiB - 1],
    ["longer", 100, 101],
    ["longer by more than a buffer", 100, 2 * MiB],
    ["not empty", 0, 1],
    ["empty", 1, 0],
  ])("refuses what is %s than was said", async (_, said, written) => {
    const into = await folder();
    const part = await PartFile.create(join(into, "x"), said);
    await part.write(counting(written));
    await expect(part.finish()).rejects.toThrow(new RangeError(`${written} bytes were written of ${said}`));
    expect(await readdir(into)).not.toContain("x");
    await part.discard();
    expect(await readdir(into)).toEqual([]);
  });

  it("is gone when it was discarded, at any time, and twice", async () => {
    const into = await folder();
    for (const written of [0, 10, 3 * MiB]) {
      const part = await PartFile.create(join(into, "x"), 4 * MiB);
      await part.write(counting(written));
      await part.discard();
      await part.discard();
      expect(await readdir(into)).toEqual([]);
    }
  });

  it("does not get in the way of another one for the same target", async () => {
    const into = await folder();
    const target = join(into, "x");
    const [one, other] = await Promise.all([PartFile.create(target, 3), PartFile.create(target, 4)]);
    await Promise.all([one.write(Buffer.from("uno")), other.write(Buffer.from("otro"))]);
    await one.finish();
    await other.finish();
    expect(await readFile(target, "utf8")).toBe("otro");
    expect(await readdir(into)).toEqual(["x"]);
  });

  it("is found again where the working directory changes meanwhile", async () => {
    const into = await folder();
    const before = process.cwd();
    onTestFinished(() => process.chdir(before));
    process.chdir(into);
    const [kept, dropped] = await Promise.all([PartFile.create("kept", 1), PartFile.create("dropped", 1)]);
    process.chdir(before);
    await kept.write(Buffer.from("x"));
    await kept.finish();
    await dropped.discard();
    expect(await readdir(into)).toEqual(["kept"]);
  });

  it("has a short name, so that the target's may be as long as names can be", async () => {
    const into = await folder();
    const name = "x".repeat(255);
    const part = await PartFile.create(join(into, name), 1);
    await part.write(Buffer.from("x"));
    await part.finish();
    expect(await readdir(into)).toEqual([name]);
  });

  it("rejects where its folder is gone, or was never one", async () => {
    const into = await folder();
    await writeFile(join(into, "fichero"), "");
    await expect(PartFile.create(join(into, "falta", "x"), 1)).rejects.toMatchObject({ code: "ENOENT" });
    await expect(PartFile.create(join(into, "fichero", "x"), 1)).rejects.toMatchObject({ code: "ENOTDIR" });
    expect(await readdir(into)).toEqual(["fichero"]);
  });

  it("can be discarded when it could not get its name", async () => {
    const into = await folder();
    const part = await PartFile.create(join(into, "x"), 1);
    await mkdir(join(into, "x"));
    await part.write(Buffer.from("x"));
    await expect(part.finish()).rejects.toMatchObject({ code: "EISDIR" });
    await part.discard();
    expect(await readdir(into)).toEqual(["x"]);
  });
});
