import { once } from "node:events";
import { chmod, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { at, eventsOf, fileshare, jsonLines, MiB, servedTree, start } from "./cli-run.js";
import { expectFile, folder, host, noise } from "./served.js";

const tree = { "notas.txt": "hola\n", "fotos/a.jpg": "alfa", "fotos/viejas/b.jpg": "beta" };

/** What the command says on stderr, and how it ends. */
async function told(...args: string[]): Promise<string> {
  const { code, stderr } = await fileshare(args).ended;
  return `${code} ${stderr}`;
}

describe("What fileshare says", () => {
  it("tells a folder of the server from a file that is not there", async () => {
    const server = await servedTree(tree);
    const common = ["-s", at(server), "-o", await folder()];
    expect(await told("get", "nope.txt", ...common)).toBe('1 fileshare: The server has no file "nope.txt"\n');
    expect(await told("get", "foto", ...common)).toBe('1 fileshare: The server has no file "foto"\n');
    expect(await told("get", "fotos", ...common)).toBe(
      "1 fileshare: fotos is a folder: use 'fotos/**', or sync\n",
    );
    const { stdout } = await fileshare(["get", "fotos", "--json", ...common]).ended;
    expect(eventsOf(stdout, "error")).toMatchObject([{ name: "fotos", code: "REMOTE_FOLDER" }]);
  });

  it("says why a name is none that can be saved, and takes ./ for nothing", async () => {
    const server = await servedTree(tree);
    const into = await folder();
    const common = ["-s", at(server), "-o", into];
    expect(await told("get", "../x", ...common)).toContain('"../x": the name leads out of the folder\n');
    expect(await told("get", "/etc/passwd", ...common)).toContain('"/etc/passwd": the name begins with /\n');
    expect(server.asked).toEqual([]);
    expect(await told("get", "./notas.txt", "fotos/", ...common)).toBe("0 ");
    expect((await readdir(into, { recursive: true })).sort()).toEqual([
      "fotos",
      "fotos/a.jpg",
      "fotos/viejas",
      "fotos/viejas/b.jpg",
      "notas.txt",
    ]);
  });

  it("says that a link stands in the way", async () => {
    const server = await servedTree(tree);
    const [into, elsewhere] = [await folder(), await folder()];
    await symlink(elsewhere, join(into, "fotos"));
    const said = await told("get", "fotos/a.jpg", "-s", at(server), "-o", into);
    expect(said).toContain("a link stands there, which leads to another folder\n");
    expect(await readdir(elsewhere)).toEqual([]);
  });

  it("says that it is no fileshare server", async () => {
    const web = createServer((_request, response) => response.end("hola")).listen(0, host);
    onTestFinished(() => void web.close());
    await once(web, "listening");
    const server = at(web.address() as AddressInfo);
    for (const args of [
      ["ls"],
      ["get", "x", "--retries", "0", "-o", await folder()],
      ["sync", await folder()],
    ]) {
      expect(await told(...args, "-s", server)).toMatch(/^1 fileshare: This is no fileshare server, /);
    }
  });

  it("says that the server knows no users", async () => {
    expect(await told("ls", "-s", "ana@campus.example")).toMatch(
      /^2 fileshare: [\s\S]*It must be HOST:PORT, without a user/,
    );
  });

  it("says that a file stands where the folder would be, before it asks for anything", async () => {
    const server = await servedTree(tree);
    const into = await folder();
    const file = join(into, "fichero");
    await writeFile(file, "");
    for (const path of [file, join(file, "dentro"), "/dev/null"]) {
      const message = `1 fileshare: Cannot save ${JSON.stringify(path)}: it is a file, not a folder\n`;
      for (const args of [
        ["sync", path],
        ["sync", "-n", path],
        ["get", "*", "-o", path],
      ]) {
        const { code, stdout, stderr } = await fileshare([...args, "--json", "-s", at(server)]).ended;
        expect(`${code} ${stderr}`).toBe(message);
        expect(jsonLines(stdout)).toMatchObject([
          { event: "error", code: "NOT_WRITTEN" },
          { event: "summary", failed: 1, downloaded: 0 },
        ]);
      }
    }
    expect(server.asked).toEqual([]);
  });

  it("names no file that has another name by then", async ({ skip }) => {
    const server = await servedTree({ "grande.bin": noise(2 * MiB) });
    const into = await folder();
    await mkdir(join(into, "cerrada"));
    await chmod(join(into, "cerrada"), 0o500);
    const args = [process.execPath, new URL("../dist/cli.js", import.meta.url).pathname];
    const get = [...args, "get", "grande.bin", "-s", at(server), "-o", join(into, "cerrada")];
    // Root may write everywhere.
    const isRoot = process.getuid?.() === 0;
    if (isRoot) await chmod(into, 0o755);
    const run = isRoot
      ? start("setpriv", ["--reuid=65534", "--clear-groups", ...get])
      : start(get[0] ?? "", get.slice(1));
    const { code, stderr } = await run.ended.catch(() => skip("setpriv is not on this machine"));
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `fileshare: Cannot save ${JSON.stringify(join(into, "cerrada", "grande.bin"))}: permission denied\n`,
    });
  });
});

describe("fileshare --json", () => {
  it("tells an error and a summary where the server cannot be reached", async () => {
    const server = await servedTree(tree);
    await server.servidor.close();
    const into = await folder();
    for (const args of [
      ["sync", into],
      ["get", "notas.txt", "-o", into],
      ["get", "*.txt", "-o", into],
    ]) {
      const { code, stdout } = await fileshare([...args, "--json", "-s", at(server)]).ended;
      expect(code).toBe(3);
      expect(jsonLines(stdout)).toMatchObject([
        { event: "error", code: "UNREACHABLE" },
        { event: "summary", failed: 1, left: 0, downloaded: 0, interrupted: false },
      ]);
    }
  });

  it("means the same by path and bytes in get and in sync", async () => {
    const server = await servedTree(tree);
    const cwd = await folder();
    await writeFile(join(cwd, "sobra"), "");
    const run = (...args: string[]) => fileshare([...args, "--json", "-s", at(server)], { cwd }).ended;
    const got = (await run("get", "**", "-o", "uno")).stdout;
    const synced = (await run("sync", "dos")).stdout;
    const paths = (stdout: string): unknown[] =>
      eventsOf(stdout, "done")
        .map(({ path }) => path)
        .sort();
    const names = Object.keys(tree).sort();
    expect(paths(got)).toEqual(names.map((name) => join("uno", name)));
    expect(paths(synced)).toEqual(names.map((name) => join("dos", name)));
    for (const stdout of [got, synced]) {
      expect(eventsOf(stdout, "summary")).toMatchObject([{ downloaded: 3, bytes: 13, arrived: 13 }]);
    }
    for (const stdout of [(await run("get", "**", "-o", "uno")).stdout, (await run("sync", "dos")).stdout]) {
      expect(eventsOf(stdout, "summary")).toMatchObject([
        { downloaded: 0, skipped: 3, bytes: 0, arrived: 0 },
      ]);
    }
    await expectFile(join(cwd, "uno", "notas.txt"), tree["notas.txt"]);
  });
});
