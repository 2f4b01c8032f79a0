import { execFileSync } from "node:child_process";
import { readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { tempFolder } from "@fileshare/peers";
import { describe, expect, onTestFinished, test } from "vitest";

function run(program: string, ...args: readonly string[]): string {
  const path = fileURLToPath(new URL(`../dist/bench/least/${program}.js`, import.meta.url));
  return execFileSync(process.execPath, [path, ...args], { encoding: "utf8", stdio: "pipe" });
}

describe("The least Node program", () => {
  test("of a listing, and of a sync with nothing to do, prints its seconds and what it found", async () => {
    const folder = await tempFolder();
    onTestFinished(() => folder[Symbol.asyncDispose]());
    for (const name of "abc") await writeFile(join(folder.path, name), name);
    const seconds: unknown = expect.any(Number);
    const listed = { files: 3, bytes: 3 };
    expect(JSON.parse(run("listing", folder.path))).toEqual({ seconds, listed });
    expect(JSON.parse(run("listing", folder.path, "2"))).toEqual({ seconds, listed });
    expect(JSON.parse(run("unchanged", folder.path, folder.path))).toEqual({ seconds });
  });

  test("of many small files copies them, with their times", async () => {
    const [folder, copy] = [await tempFolder(), await tempFolder()];
    onTestFinished(() => folder[Symbol.asyncDispose]());
    onTestFinished(() => copy[Symbol.asyncDispose]());
    for (let i = 0; i < 500; i++) await writeFile(join(folder.path, `${i}`), "x".repeat(i * 10));
    await utimes(join(folder.path, "77"), 1_000_000, 1_000_000);
    const seconds: unknown = expect.any(Number);
    expect(JSON.parse(run("small", folder.path, copy.path))).toEqual({ seconds });
    expect(await readdir(copy.path)).toHaveLength(500);
    expect(await readFile(join(copy.path, "77"), "utf8")).toBe("x".repeat(770));
    expect((await stat(join(copy.path, "77"))).mtimeMs).toBe(1_000_000_000);
  });

  test("fails where there is no such folder, or it is called otherwise", () => {
    expect(() => run("listing", "/no-hay")).toThrow("ENOENT");
    expect(() => run("listing", "/", "0")).toThrow("usage");
    expect(() => run("unchanged", "/")).toThrow("usage");
  });
});
