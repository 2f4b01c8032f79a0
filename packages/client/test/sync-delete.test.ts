// What a sync removes.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { SyncedFile } from "../src/sync/options.js";
import { clienteOf, folder, served } from "./served.js";

describe("sincronizar() with delete", () => {
  it("removes the folders that become empty by it, and no others", async () => {
    const server = await served({ a: "a" });
    const into = await folder();
    for (const path of ["x/y/z", "vacía", "queda"]) await mkdir(join(into, path), { recursive: true });
    for (const name of ["x/1", "x/y/z/2", "queda/3", "queda/4.tmp"]) await writeFile(join(into, name), "");
    const report = await clienteOf(server).sincronizar(into, { delete: true, exclude: ["*.tmp"] });
    expect(report.deleted).toEqual(["queda/3", "x/1", "x/y/z/2", "vacía/"]);
    expect((await readdir(into)).sort()).toEqual(["a", "queda"]);
    expect(await readdir(join(into, "queda"))).toEqual(["4.tmp"]);
  });

  it("keeps the folder that it was told, though nothing is left in it", async () => {
    const server = await served({});
    const into = await folder();
    await writeFile(join(into, "a"), "");
    expect((await clienteOf(server).sincronizar(into, { delete: true })).deleted).toEqual(["a"]);
    expect(existsSync(into)).toBe(true);
  });

  it("tells of each file that is gone, and of one that cannot be removed, and why", async ({ skip }) => {
    const server = await served({ a: "a" });
    const into = await folder();
    for (const name of ["b", "c", "d"]) await writeFile(join(into, name), "");
    // No user can remove it, not even root.
    if (spawnSync("mount", ["--bind", join(into, "c"), join(into, "c")]).status !== 0) {
      return skip("nothing can be mounted here");
    }
    onTestFinished(() => void spawnSync("umount", [join(into, "c")]));
    const told: SyncedFile[] = [];
    const report = await clienteOf(server).sincronizar(into, {
      delete: true,
      onFile: (file) => told.push(file),
    });
    expect(report.deleted).toEqual(["b", "d"]);
    const message = expect.stringMatching(/^Cannot delete ".*c": EBUSY/);
    const failure = { nombre: "c", error: { code: "NOT_WRITTEN", verb: "delete", message } };
    expect(report.failed).toMatchObject([failure]);
    expect(told).toMatchObject([
      { type: "downloaded" },
      { type: "deleted", path: join(into, "b") },
      { type: "failed", ...failure },
      { type: "deleted", path: join(into, "d") },
    ]);
  });
});
