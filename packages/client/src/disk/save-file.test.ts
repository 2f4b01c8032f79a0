import fs, { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempFolder } from "@fileshare/peers";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { reference, remote } from "../../test/reference.js";
import { saveFile } from "./save-file.js";

let folder: string;
let target: string;

beforeEach(async () => {
  const temp = await tempFolder();
  onTestFinished(() => temp[Symbol.asyncDispose]());
  folder = temp.path;
  target = join(folder, "fichero");
  writeFileSync(target, "antes");
});

const content = reference(1000);

describe("saveFile()", () => {
  it("goes on where the system writes less than it was given", () => {
    const real = fs.writeSync;
    const spy = vi
      .spyOn(fs, "writeSync")
      .mockImplementation(((fd: number, bytes: Uint8Array, from: number, length: number, at: number | null) =>
        real(fd, bytes, from, Math.min(length, 7), at)) as typeof fs.writeSync);
    onTestFinished(() => spy.mockRestore());
    void saveFile(target, remote(1000), content, undefined, false);
    expect(spy.mock.calls.length).toBeGreaterThan(100);
    expect(readFileSync(target).equals(content)).toBe(true);
  });

  it.each([
    ["openSync", false],
    ["writeSync", false],
    ["renameSync", false],
    ["renameSync", true],
  ] as const)("leaves nothing but what was there where %s fails (fsync: %s)", async (name, durable) => {
    const refused = Object.assign(new Error("ENOSPC"), { code: "ENOSPC", syscall: "write" });
    const spy = vi.spyOn(fs, name as "openSync").mockImplementationOnce(() => {
      throw refused;
    });
    onTestFinished(() => spy.mockRestore());
    await expect((async () => saveFile(target, remote(1000), content, undefined, durable))()).rejects.toBe(
      refused,
    );
    expect(readdirSync(folder)).toEqual(["fichero"]);
    expect(readFileSync(target, "utf8")).toBe("antes");
  });
});
