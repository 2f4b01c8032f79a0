// What the command says of folders by themselves: those in which there is nothing, and those that the server cannot look into.

import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Servidor } from "@fileshare/server";
import { beforeEach, describe, expect, it } from "vitest";
import { at, eventsOf, fileshare, servedTree, writeTree } from "./cli-run.js";
import { WithClosedFolder } from "./closed-folder.js";
import { folder, host, listening, type Served } from "./served.js";

const cannot = (name: string): string => `fileshare: The server cannot look into its folder "${name}"\n`;

describe("A folder that the server cannot look into", () => {
  let server: Served;

  beforeEach(async () => {
    const path = await folder();
    await writeTree(path, { "a.txt": "a", "otra/b.txt": "b" });
    server = await listening(new Servidor({ storage: new WithClosedFolder(path, "cerrada"), host, port: 0 }));
  });

  it("is an error of sync, which does all the rest", async () => {
    const into = await folder();
    await writeTree(into, { "cerrada/x": "", sobra: "" });
    const args = ["sync", into, "--delete", "-s", at(server)];
    const run = await fileshare(args).ended;
    expect(run).toMatchObject({ code: 1, stderr: cannot("cerrada/") });
    expect(run.stdout).toMatch(/2 files downloaded, 0 unchanged, 1 deleted, 1 failed/);
    expect((await readdir(into)).sort()).toEqual(["a.txt", "cerrada", "otra"]);
    const { code, stdout } = await fileshare([...args, "--json"]).ended;
    expect(code).toBe(1);
    expect(eventsOf(stdout, "error")).toMatchObject([{ name: "cerrada/", code: "UNREADABLE" }]);
    expect(eventsOf(stdout, "summary")).toMatchObject([{ failed: 1, left: 0 }]);
  });

  it("is none of the files that a sync which is given up has not come to", async () => {
    const path = await folder();
    await writeTree(path, { a: "a", b: "b" });
    const storage = new WithClosedFolder(path, "cerrada");
    storage.readMany = () => new Promise(() => {});
    const { port } = await listening(new Servidor({ storage, host, port: 0, graceMs: 1 }));
    const args = ["sync", await folder(), "--json", "--max-time", "2", "-s", at({ port })];
    const { code, stdout } = await fileshare(args).ended;
    expect(code).toBe(4);
    expect(eventsOf(stdout, "summary")).toMatchObject([{ downloaded: 0, failed: 2, left: 2 }]);
  });

  it.each([
    [["ls", "-R"], 1, "a.txt\notra/b.txt\n", cannot("cerrada/")],
    [["ls", "-R", "*.txt"], 1, "a.txt\notra/b.txt\n", cannot("cerrada/")],
    [["ls", "otra/*.txt"], 0, "otra/b.txt\n", ""],
    [["ls", "otra"], 0, "otra/b.txt\n", ""],
    // It is there, as what is in others is not told either.
    [["ls"], 0, "cerrada/\na.txt\notra/\n", ""],
    [["ls", "cerrada"], 1, "", cannot("cerrada/")],
  ])("in %j ends it with %i", async (args, code, stdout, stderr) => {
    expect(await fileshare([...args, "-s", at(server)]).ended).toEqual({ code, stdout, stderr });
  });

  it("is an error of get where a pattern may mean something in it", async () => {
    const get = async (...names: string[]) => {
      const into = await folder();
      const { code, stderr } = await fileshare(["get", ...names, "-o", into, "-s", at(server)]).ended;
      return { code, stderr, there: await readdir(into) };
    };
    expect(await get("*.txt")).toEqual({ code: 1, stderr: cannot("cerrada/"), there: ["a.txt", "otra"] });
    expect(await get("otra/*.txt")).toEqual({ code: 0, stderr: "", there: ["otra"] });
  });
});

describe("A folder in which there is nothing", () => {
  it("is made by sync, and told as a name that ends in /", async () => {
    const server = await servedTree({});
    await mkdir(join(server.path, "a", "b"), { recursive: true });
    const into = join(await folder(), "espejo");
    const args = ["sync", into, "--json", "-s", at(server)];
    const event = { event: "folder", name: "a/b/", path: join(into, "a", "b") };
    const dry = await fileshare([...args, "-n"]).ended;
    expect(eventsOf(dry.stdout, "folder")).toEqual([{ ...event, dryRun: true }]);
    const run = await fileshare(args).ended;
    expect(run).toMatchObject({ code: 0, stderr: "" });
    expect(eventsOf(run.stdout, "folder")).toEqual([event]);
    expect(await readdir(into, { recursive: true })).toEqual(["a", "a/b"]);
    await mkdir(join(into, "c"));
    await writeFile(join(into, "d"), "");
    const { stdout } = await fileshare(["sync", into, "--delete", "-s", at(server)]).ended;
    expect(stdout).toMatch(/^deleting d\ndeleting c\/\n0 files downloaded, 0 unchanged, 2 deleted/);
  });
});
