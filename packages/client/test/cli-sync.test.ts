import { mkdir, readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Servidor } from "@fileshare/server";
import { describe, expect, it } from "vitest";
import { breakingStorage } from "./breaking-storage.js";
import { at, eventsOf, fileshare, KiB, MiB, servedTree, writeTree } from "./cli-run.js";
import { ok, rawServer, sends } from "./raw-server.js";
import { expectFile, folder, host, listening, noise } from "./served.js";

const tree = {
  "notas.txt": "hola\n",
  "fotos/a.jpg": "alfa",
  "fotos/b.jpg": "beta",
  "fotos/viejas/c.jpg": "gamma",
  "borradores/x.txt": "x",
};

/** The lines of a run, all but the last in alphabetical order, and the last without its times. */
function linesOf(stdout: string): string[] {
  const lines = stdout.split("\n").slice(0, -1);
  const summary = (lines.pop() ?? "").replace(/in [\d.]+ s, .+\/s$/, "in TIME");
  return [...lines.sort(), summary];
}

/** The files below a folder. */
async function filesIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(path.length + 1))
    .sort();
}

describe("fileshare sync", () => {
  it("brings a folder to what the server has, prints each file that it brings, and nothing the next time", async () => {
    const server = await servedTree(tree);
    const into = join(await folder(), "espejo");
    const args = ["sync", into, "-s", at(server)];
    const run = await fileshare(args).ended;
    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect(linesOf(run.stdout)).toEqual([
      ...Object.keys(tree).sort(),
      "5 files downloaded, 0 unchanged; 19 B received in TIME",
    ]);
    for (const [name, content] of Object.entries(tree)) await expectFile(join(into, name), content);
    expect((await fileshare(args).ended).stdout).toBe("0 files downloaded, 5 unchanged; nothing received\n");
    await writeFile(join(server.path, "notas.txt"), "adiós\n");
    expect(linesOf((await fileshare(args).ended).stdout)).toEqual([
      "notas.txt",
      "1 file downloaded, 4 unchanged; 7 B received in TIME",
    ]);
  });

  it("removes nothing where that would be more than --max-delete", async () => {
    const server = await servedTree(tree);
    const into = await folder();
    for (const name of ["1", "2"]) await writeFile(join(into, name), "");
    const args = ["sync", into, "-s", at(server), "--delete", "--max-delete"];
    const { code, stderr } = await fileshare([...args, "1"]).ended;
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr:
        "fileshare: The server does not have 2 files and folders that are here: --max-delete lets 1 be removed, and none was\n",
    });
    expect(await filesIn(into)).toEqual(["1", "2", ...Object.keys(tree)].sort());
    expect(await fileshare([...args, "2"]).ended).toMatchObject({ code: 0 });
    expect(await filesIn(into)).toEqual(Object.keys(tree).sort());
  });

  it("brings it to descargas where no folder is given", async () => {
    const server = await servedTree(tree);
    const cwd = await folder();
    await fileshare(["sync", "-s", at(server)], { cwd }).ended;
    expect(await filesIn(join(cwd, "descargas"))).toEqual(Object.keys(tree).sort());
  });

  it("brings what --include and not --exclude says, each as often as it is given", async () => {
    const server = await servedTree(tree);
    const into = await folder();
    const filters = [
      "--include",
      "*.jpg",
      "--include",
      "*.txt",
      "--exclude",
      "borradores/",
      "--exclude",
      "c.*",
    ];
    await fileshare(["sync", into, ...filters, "-s", at(server)]).ended;
    expect(await filesIn(into)).toEqual(["fotos/a.jpg", "fotos/b.jpg", "notas.txt"]);
  });

  it("removes with --delete what the server does not have, but not what the patterns leave out", async () => {
    const server = await servedTree(tree);
    const into = await folder();
    await writeTree(into, { sobra: "", "fotos/sobra.jpg": "", "queda.tmp": "" });
    const args = ["sync", into, "--delete", "--exclude", "*.tmp", "-s", at(server)];
    const run = await fileshare(args).ended;
    expect(linesOf(run.stdout)).toEqual([
      ...[...Object.keys(tree), "deleting fotos/sobra.jpg", "deleting sobra"].sort(),
      "5 files downloaded, 0 unchanged, 2 deleted; 19 B received in TIME",
    ]);
    expect(await filesIn(into)).toEqual([...Object.keys(tree), "queda.tmp"].sort());
  });

  it("tells with --dry-run what it would do, and does nothing", async () => {
    const server = await servedTree(tree);
    const into = await folder();
    await writeTree(into, { sobra: "" });
    const args = ["sync", into, "--delete", "--dry-run", "-s", at(server)];
    expect(linesOf((await fileshare(args).ended).stdout)).toEqual([
      ...[...Object.keys(tree), "deleting sobra"].sort(),
      "5 files would be downloaded, 0 unchanged, 1 would be deleted; 19 B (dry run)",
    ]);
    const { stdout } = await fileshare([...args, "--json"]).ended;
    expect(eventsOf(stdout, "done").every(({ dryRun }) => dryRun === true)).toBe(true);
    expect(eventsOf(stdout, "deleted")).toMatchObject([
      { name: "sobra", path: join(into, "sobra"), dryRun: true },
    ]);
    expect(eventsOf(stdout, "summary")).toMatchObject([{ downloaded: 5, deleted: 1, dryRun: true }]);
    expect(await filesIn(into)).toEqual(["sobra"]);
  });

  it("tells the folders that become empty by --delete, and with --dry-run those that would", async () => {
    const server = await servedTree(tree);
    const into = await folder();
    await writeTree(into, { "sobra/dentro/a": "", "fotos/sobra.jpg": "" });
    const args = ["sync", into, "--delete", "-s", at(server)];
    const lines = ["deleting fotos/sobra.jpg", "deleting sobra/", "deleting sobra/dentro/"];
    const told = [...Object.keys(tree), ...lines, "deleting sobra/dentro/a"].sort();
    expect(linesOf((await fileshare([...args, "--dry-run"]).ended).stdout)).toEqual([
      ...told,
      "5 files would be downloaded, 0 unchanged, 4 would be deleted; 19 B (dry run)",
    ]);
    const { stdout } = await fileshare([...args, "--dry-run", "--json"]).ended;
    expect(eventsOf(stdout, "deleted")).toContainEqual({
      event: "deleted",
      name: "sobra/dentro/",
      path: join(into, "sobra/dentro"),
      dryRun: true,
    });
    expect(eventsOf(stdout, "summary")).toMatchObject([{ deleted: 4 }]);
    expect(await filesIn(into)).toEqual(["fotos/sobra.jpg", "sobra/dentro/a"]);
    expect(linesOf((await fileshare(args).ended).stdout)).toEqual([
      ...told,
      "5 files downloaded, 0 unchanged, 4 deleted; 19 B received in TIME",
    ]);
    expect((await readdir(into)).sort()).toEqual(["borradores", "fotos", "notas.txt"]);
  });

  it("goes on after a file that cannot be saved, and exits with 1", async () => {
    const server = await servedTree(tree);
    const into = await folder();
    await mkdir(join(into, "notas.txt"));
    const run = await fileshare(["sync", into, "-s", at(server)]).ended;
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/^fileshare: Cannot save ".+notas\.txt": .+\n$/);
    expect(linesOf(run.stdout).at(-1)).toBe(
      "4 files downloaded, 0 unchanged, 1 failed; 19 B received in TIME",
    );
  });

  it("brings what a server of old lists, and exits with 3 where that is lost", async () => {
    const server = await rawServer(
      sends(ok(["a", "b"])),
      sends(ok(noise(10))),
      (socket) => void socket.end(),
    );
    const into = await folder();
    const run = await fileshare(["sync", into, "--retries", "0", "-s", at(server)]).ended;
    expect(run.code).toBe(3);
    expect(run.stderr).toMatch(/^fileshare: The .+ closed the connection without a reply\n/);
    expect(await filesIn(into)).toEqual(["a"]);
  });

  it("exits with 3 where the connection was lost over each file that failed, and with 1 where another failed too", async () => {
    const path = await folder();
    await writeTree(path, { a: noise(300 * KiB), b: noise(300 * KiB), c: "c" });
    const storage = breakingStorage(path, ["a", "b"]);
    const server = await listening(new Servidor({ storage, host, port: 0 }));
    const into = await folder();
    const args = ["sync", into, "--json", "--retries", "1", "-s", at(server)];
    const lost = await fileshare(args).ended;
    // Whether it was ended or broke is the system's to say.
    const errors = (stdout: string) =>
      eventsOf(stdout, "error").map(({ name, code }) => `${name} ${code === "CUT" ? "LOST" : code}`);
    expect(errors(lost.stdout).sort()).toEqual(["a LOST", "b LOST"]);
    expect(lost.code).toBe(3);
    expect(await filesIn(into)).toContain("c");
    await mkdir(join(into, "d"));
    await writeTree(path, { d: "d" });
    const mixed = await fileshare(args).ended;
    expect(errors(mixed.stdout).sort()).toEqual(["a LOST", "b LOST", "d IS_FOLDER"]);
    expect(mixed.code).toBe(1);
  });

  it("is interrupted by Ctrl-C, says how to go on, and then does", async () => {
    const server = await servedTree({ ...tree, "grande.bin": noise(40 * MiB) });
    const into = await folder();
    const args = ["sync", into, "-s", at(server), "--json"];
    const run = fileshare([...args, "--limit-rate", "12M"]);
    await run.waitFor(/"received":[123]\d{7}/);
    run.child.kill("SIGINT");
    const { code, stderr } = await run.ended;
    expect({ code, stderr }).toEqual({
      code: 130,
      stderr:
        "fileshare: Interrupted\nfileshare: What has arrived is kept: run the same command again to go on from there.\n",
    });
    const again = await fileshare(args).ended;
    const [resumed] = eventsOf(again.stdout, "resumed");
    expect(resumed).toMatchObject({ name: "grande.bin" });
    const [{ arrived, bytes } = { arrived: 0, bytes: 0 }] = eventsOf(again.stdout, "summary");
    expect(arrived).toBe(Number(bytes) - Number(resumed?.bytes));
    await expectFile(join(into, "grande.bin"), noise(40 * MiB));
  });
});

describe("fileshare sync --checksum", () => {
  it("brings what differs in its bytes alone, and not what differs in its time alone", async () => {
    const server = await servedTree(tree);
    const into = await folder();
    const args = ["sync", into, "-s", at(server)];
    const moment = new Date(1_700_000_000_000);
    await utimes(join(server.path, "notas.txt"), moment, moment);
    await fileshare(args).ended;
    await writeFile(join(into, "notas.txt"), "HOLA\n");
    await utimes(join(into, "notas.txt"), moment, moment);
    await utimes(join(into, "fotos", "a.jpg"), moment, moment);
    expect(linesOf((await fileshare([...args, "--dry-run"]).ended).stdout)).toEqual([
      "fotos/a.jpg",
      "1 file would be downloaded, 4 unchanged; 4 B (dry run)",
    ]);
    expect(linesOf((await fileshare([...args, "--checksum", "--dry-run"]).ended).stdout)).toEqual([
      "notas.txt",
      "1 file would be downloaded, 4 unchanged; 5 B (dry run)",
    ]);
    expect(linesOf((await fileshare([...args, "--checksum"]).ended).stdout)).toEqual([
      "notas.txt",
      "1 file downloaded, 4 unchanged; 5 B received in TIME",
    ]);
    await expectFile(join(into, "notas.txt"), "hola\n");
    const { mtimeMs } = await stat(join(server.path, "fotos", "a.jpg"));
    expect((await stat(join(into, "fotos", "a.jpg"))).mtimeMs).toBeCloseTo(mtimeMs, 1);
    expect((await readFile(join(into, "fotos", "a.jpg"))).toString()).toBe("alfa");
  });
});

describe("fileshare sync --delete, where a file stands here and a folder there, or the other way round", () => {
  it("brings what the server has, and says the same with --dry-run", async () => {
    const server = await servedTree({ "a/x": "x", b: "b" });
    const into = await folder();
    await writeTree(into, { a: "viejo", "b/y": "viejo" });
    const args = ["sync", into, "--delete", "-s", at(server)];
    const lines = ["a/x", "b", "deleting a", "deleting b/", "deleting b/y"];
    const dry = await fileshare([...args, "--dry-run"]).ended;
    expect(dry).toMatchObject({ code: 0, stderr: "" });
    expect(linesOf(dry.stdout).slice(0, -1)).toEqual(lines);
    const run = await fileshare(args).ended;
    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect(linesOf(run.stdout)).toEqual([
      ...lines,
      "2 files downloaded, 0 unchanged, 3 deleted; 2 B received in TIME",
    ]);
    expect(await filesIn(into)).toEqual(["a/x", "b"]);
  });

  it("fails, and says why, where what stands in the way is left out", async () => {
    const server = await servedTree({ "a/x": "x" });
    const into = await folder();
    await writeTree(into, { a: "mío" });
    const args = ["sync", into, "--delete", "--include", "a/x", "-s", at(server)];
    const stderr = `fileshare: a/x: Cannot save ${JSON.stringify(join(into, "a"))}: a file stands where the folder would go\n`;
    for (const dryRun of [["--dry-run"], []])
      expect(await fileshare([...args, ...dryRun]).ended).toMatchObject({ code: 1, stderr });
    expect(await filesIn(into)).toEqual(["a"]);
  });
});

describe("fileshare sync, told what would be a mistake", () => {
  it("removes nothing below a folder of a name that is left out, however deep it is", async () => {
    const server = await servedTree({ "main.js": "", "paquetes/uno/main.js": "" });
    for (const pattern of ["node_modules", "node_modules/"]) {
      const into = await folder();
      await writeTree(into, {
        "node_modules/a.js": "",
        "paquetes/uno/node_modules/b/c.js": "",
        "viejo.js": "",
      });
      const args = ["sync", into, "--delete", "--exclude", pattern, "-s", at(server)];
      expect(await fileshare(args).ended).toMatchObject({ code: 0, stderr: "" });
      expect(await filesIn(into)).toEqual([
        "main.js",
        "node_modules/a.js",
        "paquetes/uno/main.js",
        "paquetes/uno/node_modules/b/c.js",
      ]);
    }
  });

  it("does nothing where the folder has no name, or a pattern is empty", async () => {
    const server = await servedTree(tree);
    const cwd = await folder();
    await writeTree(cwd, { "mío.txt": "" });
    for (const args of [[""], [cwd, "--include", ""], [cwd, "--exclude", ""]]) {
      const run = await fileshare(["sync", ...args, "--delete", "-s", at(server)], { cwd }).ended;
      expect(run).toMatchObject({ code: 2, stdout: "" });
      expect(run.stderr).toContain("It must not be empty.");
    }
    expect(await filesIn(cwd)).toEqual(["mío.txt"]);
    expect(server.asked).toEqual([]);
  });
});
