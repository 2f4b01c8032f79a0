import { execFileSync } from "node:child_process";
import { cp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { tempFolder } from "@fileshare/peers";
import { describe, expect, onTestFinished, test } from "vitest";
import { startServer } from "../src/support/commands.js";

const scriptOf = (program: string): string =>
  fileURLToPath(new URL(`../dist/bench/least/${program}.js`, import.meta.url));

function run(program: string, ...args: readonly string[]): string {
  return execFileSync(process.execPath, [scriptOf(program), ...args], { encoding: "utf8", stdio: "pipe" });
}

describe("The least Node program", () => {
  test("of a listing prints its seconds and what it found", async () => {
    const folder = await tempFolder();
    onTestFinished(() => folder[Symbol.asyncDispose]());
    for (const name of "abc") await writeFile(join(folder.path, name), name);
    const seconds: unknown = expect.any(Number);
    const listed = { files: 3, bytes: 3 };
    expect(JSON.parse(run("listing", folder.path))).toEqual({ seconds, listed });
    expect(JSON.parse(run("listing", folder.path, "2"))).toEqual({ seconds, listed });
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

  test("of a folder of which little has changed brings the copy up to date", async () => {
    const [folder, copy] = [await tempFolder(), await tempFolder()];
    onTestFinished(() => folder[Symbol.asyncDispose]());
    onTestFinished(() => copy[Symbol.asyncDispose]());
    for (const name of ["same", "longer", "later", "new"]) await writeFile(join(folder.path, name), name);
    await cp(folder.path, copy.path, { recursive: true, preserveTimestamps: true });
    await writeFile(join(folder.path, "longer"), "longer by far");
    await writeFile(join(folder.path, "later"), "LATER");
    await utimes(join(folder.path, "later"), 1_000_000, 1_000_000);
    await rm(join(copy.path, "new"));
    const server = await startServer(process.execPath, [scriptOf("state-sender"), folder.path]);
    onTestFinished(async () => void (await server.stop()));
    const seconds: unknown = expect.any(Number);
    expect(JSON.parse(run("unchanged", server.port, copy.path))).toMatchObject({ seconds });
    const contents = ["same", "longer", "later", "new"].map((name) =>
      readFile(join(copy.path, name), "utf8"),
    );
    expect(await Promise.all(contents)).toEqual(["same", "longer by far", "LATER", "new"]);
    expect((await stat(join(copy.path, "later"))).mtimeMs).toBe(1_000_000_000);
  });

  test("fails where there is no such folder, or it is called otherwise", () => {
    expect(() => run("listing", "/no-hay")).toThrow("ENOENT");
    expect(() => run("listing", "/", "0")).toThrow("usage");
  });
});
