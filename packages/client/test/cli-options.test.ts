import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Servidor, type Storage } from "@fileshare/server";
import { describe, expect, it } from "vitest";
import { breakingStorage } from "./breaking-storage.js";
import { at, cli, eventsOf, fileshare, KiB, MiB, servedTree, start, writeTree } from "./cli-run.js";
import { ok, rawServer, sends, silence } from "./raw-server.js";
import { expectFile, folder, host, listening, noise } from "./served.js";

const tree = {
  "notas.txt": "hola\n",
  "fotos/a.jpg": "alfa",
  "fotos/b.jpg": "beta",
  "fotos/viejas/c.jpg": "gamma",
  "fotos/viejas/d/e.jpg": "delta",
  "otros/x": "x",
};

describe("fileshare get -o -", () => {
  /** The SHA-256 of what the command writes to stdout. */
  async function streamed(
    args: readonly string[],
  ): Promise<{ code: number | null; stderr: string; hash: string }> {
    const hash = createHash("sha256");
    const run = fileshare(["get", "-o", "-", ...args]);
    run.child.stdout.setEncoding("latin1").on("data", (text: string) => hash.update(text, "latin1"));
    const { code, stderr } = await run.ended;
    return { code, stderr, hash: hash.digest("hex") };
  }

  it("writes one file to stdout, byte for byte, and nothing else", async () => {
    const content = noise(9 * MiB + 3);
    const server = await servedTree({ "grande.bin": content, ...tree });
    const cwd = await folder();
    const hash = createHash("sha256").update(content).digest("hex");
    for (const name of ["grande.bin", "grande.*"]) {
      expect(await streamed([name, "-s", at(server)])).toEqual({ code: 0, stderr: "", hash });
    }
    const run = fileshare(["get", "./notas.txt", "-o", "-", "-s", at(server)], { cwd });
    expect(await run.ended).toEqual({ code: 0, stdout: "hola\n", stderr: "" });
    expect(await readdir(cwd)).toEqual([]);
  });

  it("says by its exit code that the file is not there, or not one", async () => {
    const server = await servedTree(tree);
    const get = (name: string) => fileshare(["get", name, "-o", "-", "-s", at(server)]).ended;
    expect(await get("falta")).toEqual({
      code: 1,
      stdout: "",
      stderr: 'fileshare: The server has no file "falta"\n',
    });
    expect(await get("*.iso")).toMatchObject({ code: 1, stdout: "" });
    expect(await get("*.jpg")).toEqual({
      code: 1,
      stdout: "",
      stderr: "fileshare: One file is wanted here, and 4 match\n",
    });
  });

  it("says by its exit code that the connection was lost in the middle", async () => {
    const server = await servedTree({ "grande.bin": noise(64 * MiB) }, { graceMs: 1 });
    const run = fileshare(["get", "grande.bin", "-o", "-", "--limit-rate", "8M", "-s", at(server)]);
    await once(run.child.stdout, "data");
    await server.servidor.close();
    const { code, stderr } = await run.ended;
    expect(code).toBe(3);
    expect(stderr).toMatch(/^fileshare: .+\n$/);
  });

  it("says by its exit code that the file became another one in the middle", async () => {
    const server = await servedTree({ "grande.bin": noise(32 * MiB) });
    const run = fileshare(["get", "grande.bin", "-o", "-", "--limit-rate", "12M", "-s", at(server)]);
    await once(run.child.stdout, "data");
    await writeFile(join(server.path, "grande.bin"), noise(32 * MiB - 1));
    const { code, stderr } = await run.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^fileshare: .+ changed while .+\n$/);
  });

  it("ends when its reader has seen enough", async () => {
    const server = await servedTree({ "grande.bin": noise(64 * MiB) });
    const command = 'set -o pipefail; "$@" | head -c 5 | wc -c; echo $?';
    const args = [process.execPath, cli, "get", "grande.bin", "-o", "-", "-s", at(server)];
    expect(await start("bash", ["-c", command, "bash", ...args]).ended).toMatchObject({
      stdout: "5\n1\n",
      stderr: "",
    });
  });
});

describe("fileshare get -O", () => {
  it("saves one file under another name, in the folder", async () => {
    const server = await servedTree(tree);
    const into = await folder();
    const get = (...args: string[]) => fileshare(["get", ...args, "-s", at(server), "-o", into]).ended;
    expect(await get("notas.txt", "-O", "mías/n.txt")).toMatchObject({
      code: 0,
      stdout: `notas.txt: 5 B -> ${join(into, "mías/n.txt")}\n`,
    });
    await expectFile(join(into, "mías/n.txt"), "hola\n");
    expect(await get("otros/*", "--save-as", "y")).toMatchObject({ code: 0 });
    await expectFile(join(into, "y"), "x");
    expect(await get("*.jpg", "-O", "z")).toMatchObject({ code: 1, stdout: "" });
    expect((await get("notas.txt", "-O", "../z")).stderr).toContain("the name leads out of the folder");
    expect((await readdir(into)).sort()).toEqual(["mías", "y"]);
  });
});

describe("fileshare --quiet", () => {
  it("prints errors alone", async () => {
    const server = await servedTree(tree);
    const into = await folder();
    const run = (...args: string[]) => fileshare([...args, "-s", at(server)]).ended;
    expect(await run("get", "-q", "notas.txt", "falta", "-o", into)).toEqual({
      code: 1,
      stdout: "",
      stderr: 'fileshare: The server has no file "falta"\n',
    });
    expect(await run("sync", "--quiet", into)).toEqual({ code: 0, stdout: "", stderr: "" });
    await expectFile(join(into, "otros/x"), "x");
  });

  it.each([["get", "a", "b"], ["sync"]])(
    "names the files over which a connection was lost, of %s",
    async (...args) => {
      const path = await folder();
      await writeTree(path, { a: noise(300 * KiB), b: noise(300 * KiB) });
      const storage = breakingStorage(path, ["a", "b"]);
      const server = await listening(new Servidor({ storage, host, port: 0 }));
      for (const how of ["--quiet", "--json"]) {
        const cwd = await folder();
        const { stderr } = await fileshare([...args, how, "--retries", "0", "-s", at(server)], { cwd }).ended;
        const told = stderr.split("\n").filter((line) => line.includes("connection"));
        // The one ends by the first of them, the other goes on.
        expect(told).toHaveLength(args[0] === "sync" ? 2 : 1);
        for (const line of told) expect(line).toMatch(/^fileshare: [ab]: The /);
      }
    },
  );
});

describe("fileshare --timeout", () => {
  it("is how long a server may say nothing that has taken the connection", async () => {
    const server = await rawServer(silence);
    const said = "The server sent nothing for 1 s: --timeout lets it take longer";
    const args = ["--timeout", "1", "-s", at(server)];
    const cwd = await folder();
    for (const command of [["get", "server"], ["get", "*"], ["get", "x", "-o", "-"], ["sync"]]) {
      const { code, stderr } = await fileshare([...command, "--retries", "0", ...args], { cwd }).ended;
      const named = command.join(" ") === "get server" ? "server: " : "";
      expect(`${command.join(" ")}: ${code} ${stderr}`).toBe(
        `${command.join(" ")}: 3 fileshare: ${named}${said}\n`,
      );
    }
    const { stdout } = await fileshare(["sync", "--retries", "0", ...args, "--json"], { cwd }).ended;
    expect(eventsOf(stdout, "error")).toMatchObject([{ code: "STALLED", message: said }]);
  });

  it.each([
    ["before an answer", silence],
    ["in the middle of one", sends(ok(["a", "b"]).subarray(0, 20))],
  ])("is how long it may say nothing %s, each time that ls asks", async (_, answer) => {
    const server = await rawServer(answer);
    const { code, stderr } = await fileshare(["ls", "--timeout", "1", "-s", at(server)]).ended;
    const said = "fileshare: The server sent nothing for 1 s: --timeout lets it take longer";
    expect(code).toBe(3);
    expect(stderr.replace(/ in 0\.[12] s/, "")).toBe(`${said}; trying again\n${said}\n`);
  });
});

describe("fileshare --max-time", () => {
  it("ends get and sync, which go on with the same command", async () => {
    const content = noise(24 * MiB);
    const server = await servedTree({ "grande.bin": content });
    const into = await folder();
    const slowly = ["--limit-rate", "6M", "--max-time", "2", "-s", at(server)];
    const late = "fileshare: It has taken longer than 2 s\n";
    const get = await fileshare(["get", "grande.bin", "-o", into, ...slowly]).ended;
    expect(get).toMatchObject({ code: 4, stderr: expect.stringContaining(late) });
    const sync = await fileshare(["sync", into, ...slowly]).ended;
    expect(sync).toMatchObject({ code: 4, stderr: expect.stringContaining(late) });
    const again = await fileshare(["sync", into, "--max-time", "600", "-s", at(server)]).ended;
    expect(again).toMatchObject({ code: 0, stderr: "" });
    await expectFile(join(into, "grande.bin"), content);
  });

  it("ends a command that waits for a reply", async () => {
    const server = await rawServer(() => {});
    for (const args of [
      ["get", "x", "-o", await folder()],
      ["sync", await folder()],
      ["get", "x", "-o", "-"],
    ]) {
      expect(await fileshare([...args, "--max-time", "1", "-s", at(server)]).ended).toMatchObject({
        code: 4,
        stderr: "fileshare: It has taken longer than 1 s\n",
      });
    }
  });

  it("has a code of its own in --json: it is no connection that was lost", async () => {
    const server = await rawServer(silence);
    for (const args of [
      ["get", "x", "-o", await folder()],
      ["sync", await folder()],
    ]) {
      const run = await fileshare([...args, "--json", "--max-time", "1", "-s", at(server)]).ended;
      const message = "It has taken longer than 1 s";
      expect(eventsOf(run.stdout, "error")).toMatchObject([{ code: "TIME_UP", message }]);
      expect(eventsOf(run.stdout, "summary")).toMatchObject([{ failed: 1, interrupted: false }]);
    }
  });
});

describe("FILESHARE_SERVER", () => {
  it("names the server, where no flag does", async () => {
    const [one, other] = [await servedTree({ uno: "" }), await servedTree({ otro: "" })];
    const run = async (...args: string[]) => {
      const env = { ...process.env, FILESHARE_SERVER: at(one) };
      return (await fileshare(args, { env }).ended).stdout;
    };
    expect(await run("ls")).toBe("uno\n");
    expect(await run("ls", "-s", at(other))).toBe("otro\n");
    expect(await run("-s", at(other), "ls")).toBe("otro\n");
  });

  it("is not understood where it is no host and port, and no matter where it is not used", async () => {
    const env = { ...process.env, FILESHARE_SERVER: "h:x" };
    const { code, stderr } = await fileshare(["ls"], { env }).ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(/^fileshare: FILESHARE_SERVER 'h:x' is invalid. It must be HOST:PORT/);
    expect(await fileshare(["completion", "bash"], { env }).ended).toMatchObject({ code: 0 });
  });
});

describe("fileshare ls, of folders", () => {
  it("tells folders, and what is in one", async () => {
    const server = await servedTree(tree);
    const ls = async (...args: string[]) =>
      (await fileshare(["ls", ...args, "-s", at(server)]).ended).stdout.split("\n").slice(0, -1);
    expect(await ls()).toEqual(["fotos/", "notas.txt", "otros/"]);
    expect(await ls("fotos")).toEqual(["fotos/a.jpg", "fotos/b.jpg", "fotos/viejas/"]);
    expect(await ls("./fotos/viejas")).toEqual(["fotos/viejas/c.jpg", "fotos/viejas/d/"]);
    expect(await ls("-R", "otros", "notas.txt")).toEqual(["notas.txt", "otros/x"]);
    expect(await ls("-R", "fotos/viejas")).toEqual(["fotos/viejas/c.jpg", "fotos/viejas/d/e.jpg"]);
    expect(await ls("fotos/")).toEqual(Object.keys(tree).filter((name) => name.startsWith("fotos/")));
    expect((await ls("-l"))[0]).toMatch(/^ +- +- +fotos\/$/);
    expect(await ls("--json")).toEqual([expect.stringContaining('"notas.txt"')]);
    expect(await ls("foto")).toEqual([]);
  });

  it("asks for little of a large folder", async () => {
    const many = Array.from({ length: 100_000 }, (_, i) => `mucho/${i}`);
    const names = ["a", "mucho.txt", ...many.sort(), "z/1"];
    const storage: Storage = { list: async () => names, open: async () => undefined };
    const server = await servedTree({}, { storage });
    const { stdout } = await fileshare(["ls", "-s", at(server)]).ended;
    expect(stdout).toBe("a\nmucho.txt\nmucho/\nz/\n");
    // A page may be on its way already when it is known that it is not wanted.
    expect(server.asked.length).toBeLessThanOrEqual(4);
  });
});
