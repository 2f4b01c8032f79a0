import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Servidor } from "@fileshare/server";
import { describe, expect, it, onTestFinished } from "vitest";
import { at, eventsOf, fileshare, jsonLines, KiB, MiB, servedTree } from "./cli-run.js";
import { ok, rawServer, sends } from "./raw-server.js";
import { expectFile, folder, host, listening, noise } from "./served.js";

const tree = {
  "notas.txt": "hola\n",
  "fotos/a.jpg": "alfa",
  "fotos/b.jpg": "beta",
  "fotos/viejas/c.jpg": "gamma",
  "fotos/d.png": "delta",
  "[1].txt": "un nombre",
  "1.txt": "otro nombre",
};

const sha256 = (content: Uint8Array | string): string => createHash("sha256").update(content).digest("hex");

/** The names that were downloaded, in alphabetical order. */
const done = (stdout: string): unknown[] =>
  eventsOf(stdout, "done")
    .map(({ name }) => name)
    .sort();

describe("fileshare get, of patterns", () => {
  it("matches the last part of each path, or the whole where the pattern has a /", async () => {
    const server = await servedTree(tree);
    const get = async (...names: string[]) => {
      const into = await folder();
      const run = await fileshare(["get", "--json", ...names, "-s", at(server), "-o", into]).ended;
      expect(run).toMatchObject({ code: 0, stderr: "" });
      for (const name of done(run.stdout) as (keyof typeof tree)[])
        await expectFile(join(into, name), tree[name]);
      return done(run.stdout);
    };
    expect(await get("*.jpg")).toEqual(["fotos/a.jpg", "fotos/b.jpg", "fotos/viejas/c.jpg"]);
    expect(await get("fotos/*")).toEqual(["fotos/a.jpg", "fotos/b.jpg", "fotos/d.png"]);
    expect(await get("fotos/**", "notas.txt", "fotos/a.*")).toEqual([
      "fotos/a.jpg",
      "fotos/b.jpg",
      "fotos/d.png",
      "fotos/viejas/c.jpg",
      "notas.txt",
    ]);
    expect(await get("*.{png,txt}")).toEqual(["1.txt", "[1].txt", "fotos/d.png", "notas.txt"]);
  });

  it("takes a name that is a file's for that name, whatever characters it has", async () => {
    const server = await servedTree(tree);
    const into = await folder();
    const run = await fileshare(["get", "[1].txt", "-s", at(server), "-o", into]).ended;
    expect(run.stdout).toBe(`[1].txt: 9 B -> ${join(into, "[1].txt")}\n`);
  });

  it("says which pattern no file matches, gets the others, and exits with 1", async () => {
    const server = await servedTree(tree);
    const into = await folder();
    const args = ["get", "*.iso", "notas.txt", "-s", at(server), "-o", into];
    expect(await fileshare(args).ended).toEqual({
      code: 1,
      stdout: `notas.txt: 5 B -> ${join(into, "notas.txt")}\n`,
      stderr: 'fileshare: No file of the server matches "*.iso"\n',
    });
    const { stdout } = await fileshare([...args, "--json"]).ended;
    expect(eventsOf(stdout, "error")).toMatchObject([{ name: "*.iso", code: "NO_MATCH" }]);
  });

  it("works on what a server of old lists", async () => {
    const server = await rawServer(sends(ok(["a.txt", "b.txt", "c.png"])), sends(ok(noise(10))));
    const into = await folder();
    const run = await fileshare(["get", "*.txt", "--json", "-s", at(server), "-o", into]).ended;
    expect(run.code).toBe(0);
    expect(done(run.stdout)).toEqual(["a.txt", "b.txt"]);
  });
});

describe("fileshare get", () => {
  it("gets hundreds of files over one connection, and skips them the next time without asking for them", async () => {
    const files = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`n/${i}`, `contenido ${i}`]));
    const server = await servedTree(files);
    const into = await folder();
    const args = ["get", ...Object.keys(files), "-s", at(server), "-o", into];
    const first = await fileshare(args).ended;
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(server.connections()).toBe(1);
    for (const [name, content] of Object.entries(files)) await expectFile(join(into, name), content);
    const asked = server.asked.length;
    const second = await fileshare(args).ended;
    expect(second.code).toBe(0);
    expect(second.stdout.match(/is there already, skipped/g)).toHaveLength(300);
    expect(server.asked.slice(asked).every((operacion) => operacion === "listar")).toBe(true);
  });

  it("opens as many connections as it is told, for one large file too", async () => {
    const content = noise(40 * MiB);
    const server = await servedTree({ "grande.bin": content });
    const into = await folder();
    const args = ["get", "grande.bin", "--connections", "4", "--fsync", "-s", at(server), "-o", into];
    expect((await fileshare(args).ended).code).toBe(0);
    await expectFile(join(into, "grande.bin"), content);
    expect(server.connections()).toBe(4);
  });
});

describe("fileshare get --checksum", () => {
  it("prints the lines of sha256sum, and those alone", async () => {
    const files = { "a.txt": "alfa", "con espacio": "", "grande.bin": noise(3 * MiB + 1), "l\nb": "raro" };
    const server = await servedTree(files);
    const into = await folder();
    const args = ["get", "--checksum", ...Object.keys(files), "-s", at(server), "-o", into];
    const run = await fileshare(args).ended;
    expect(run.code).toBe(0);
    const expected = [
      ...(["a.txt", "con espacio", "grande.bin"] as const).map(
        (name) => `${sha256(files[name])}  ${join(into, name)}`,
      ),
      `\\${sha256("raro")}  ${join(into, "l\\nb")}`,
    ];
    expect(run.stdout.split("\n").sort()).toEqual(["", ...expected].sort());
    const coreutil = "sha256sum";
    const check = spawnSync(coreutil, ["--check", "--strict"], { input: run.stdout, encoding: "utf8" });
    if (!check.error) expect(check).toMatchObject({ status: 0, stderr: "" });
    const json = await fileshare([...args, "--json"]).ended;
    expect(eventsOf(json.stdout, "skipped").find(({ name }) => name === "a.txt")).toMatchObject({
      sha256: sha256("alfa"),
    });
  });

  it("warns of nothing, however many files there are", async () => {
    const files = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`n${i}`, `contenido ${i}`]));
    const server = await servedTree(files);
    const args = ["get", "--checksum", "--json", "*", "-s", at(server), "-o", await folder()];
    expect(await fileshare(args).ended).toMatchObject({ code: 0, stderr: "" });
  });

  it("gets a file again that is there in the same size and of the same time, but is another", async () => {
    const server = await servedTree({ "a.txt": "alfa" });
    const into = await folder();
    const { atime, mtime } = await stat(join(server.path, "a.txt"));
    await writeFile(join(into, "a.txt"), "ALFA");
    await utimes(join(into, "a.txt"), atime, mtime);
    const args = ["get", "a.txt", "--json", "-s", at(server), "-o", into];
    const { mtimeMs } = await stat(join(server.path, "a.txt"));
    // A time that Node can set: to the microsecond or so.
    await utimes(join(server.path, "a.txt"), atime, new Date(Math.floor(mtimeMs)));
    await utimes(join(into, "a.txt"), atime, new Date(Math.floor(mtimeMs)));
    expect(eventsOf((await fileshare(args).ended).stdout, "skipped")).toHaveLength(1);
    const run = await fileshare([...args, "--checksum"]).ended;
    expect(eventsOf(run.stdout, "done")).toMatchObject([{ sha256: sha256("alfa") }]);
    await expectFile(join(into, "a.txt"), "alfa");
  });

  it("says that a server of old gives no digest, and exits with 1", async () => {
    const server = await rawServer(sends(ok(noise(10))));
    const into = await folder();
    const run = await fileshare(["get", "a", "--checksum", "-s", at(server), "-o", into]).ended;
    expect(run).toEqual({
      code: 1,
      stdout: "",
      stderr: 'fileshare: The server gives no SHA-256 of "a"\n',
    });
  });
});

describe("fileshare get, cut off", () => {
  const content = noise(40 * MiB);
  const goOn = "fileshare: What has arrived is kept: run the same command again to go on from there.\n";

  /** Begins a download that takes seconds, and waits until some ranges of it have been saved. */
  async function begun(server: { port: number }, into: string, more: readonly string[] = []) {
    const args = ["get", "grande.bin", "--json", "-s", at(server), "-o", into];
    const run = fileshare([...args, "--limit-rate", "12M", ...more]);
    const received = () =>
      Math.max(0, ...eventsOf(wholeLines(run.stdout()), "progress").map((e) => Number(e.received)));
    while (received() < 14 * MiB) await once(run.child.stdout, "data");
    return { args, run, received };
  }

  const wholeLines = (text: string): string => text.slice(0, text.lastIndexOf("\n") + 1);

  it("by SIGKILL, goes on with the same command, and fetches little twice", async () => {
    const server = await servedTree({ "grande.bin": content });
    const into = await folder();
    const { args, run, received } = await begun(server, into);
    run.child.kill("SIGKILL");
    await run.ended;
    const before = received();
    const again = await fileshare(args).ended;
    expect(again.code).toBe(0);
    await expectFile(join(into, "grande.bin"), content);
    expect(await readdir(into)).toEqual(["grande.bin"]);
    const [resumed] = eventsOf(again.stdout, "resumed");
    const kept = Number(resumed?.bytes);
    // What was under way then: ranges that were not at their end.
    expect(kept).toBeGreaterThanOrEqual(4 * MiB);
    expect(before - kept).toBeLessThanOrEqual(2 * 8 * MiB);
    expect(jsonLines(again.stdout).slice(0, 2)).toMatchObject([{ event: "begin" }, { event: "resumed" }]);
    expect(eventsOf(again.stdout, "summary")).toMatchObject([
      { arrived: content.length - kept, downloaded: 1 },
    ]);
  });

  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "by %s, keeps what has arrived, and says how to go on",
    async (signal) => {
      const server = await servedTree({ "grande.bin": content });
      const into = await folder();
      const { args, run } = await begun(server, into);
      run.child.kill(signal);
      const { code, stdout, stderr } = await run.ended;
      expect({ code, stderr }).toEqual({ code: 130, stderr: `fileshare: Interrupted\n${goOn}` });
      expect(eventsOf(stdout, "summary")).toMatchObject([{ interrupted: true, left: 1, downloaded: 0 }]);
      const again = await fileshare(args.filter((arg) => arg !== "--json")).ended;
      // On a slow machine it says in between how far it is.
      expect(again.stdout).toMatch(
        /^grande\.bin: going on after \d+(\.\d+)? MB\n(grande\.bin: .+ MB of 41\.9 MB\n)*grande\.bin: 41\.9 MB -> /,
      );
      await expectFile(join(into, "grande.bin"), content);
    },
  );

  it("keeps nothing with --no-resume, and does not say so", async () => {
    const server = await servedTree({ "grande.bin": content });
    const into = await folder();
    const { run } = await begun(server, into, ["--no-resume"]);
    run.child.kill("SIGINT");
    expect(await run.ended).toMatchObject({ code: 130, stderr: "fileshare: Interrupted\n" });
    expect(await readdir(into)).toEqual([]);
  });

  it("tries again when the server goes away, and goes on when it is back", async () => {
    const server = await servedTree({ "grande.bin": content }, { graceMs: 1 });
    const into = await folder();
    const { run } = await begun(server, into);
    await server.servidor.close();
    await run.waitFor('"retry"');
    await listening(new Servidor({ folder: server.path, host, port: server.port }));
    const { code, stdout } = await run.ended;
    expect(code).toBe(0);
    expect(eventsOf(stdout, "retry")[0]).toMatchObject({ name: "grande.bin", code: expect.any(String) });
    await expectFile(join(into, "grande.bin"), content);
  });

  it("says how to go on when it is tried no more, and exits with 3", async () => {
    const server = await servedTree({ "grande.bin": content }, { graceMs: 1 });
    const into = await folder();
    const { run, args } = await begun(server, into, ["--retries", "0"]);
    await server.servidor.close();
    const { code, stdout, stderr } = await run.ended;
    expect(code).toBe(3);
    expect(eventsOf(stdout, "error")).toMatchObject([{ name: "grande.bin", resumable: true }]);
    expect(stderr.endsWith(goOn)).toBe(true);
    await listening(new Servidor({ folder: server.path, host, port: server.port }));
    expect(eventsOf((await fileshare(args).ended).stdout, "resumed")).toHaveLength(1);
  });

  it("starts over where the file has changed since", async () => {
    const server = await servedTree({ "grande.bin": content });
    const into = await folder();
    const { run, args } = await begun(server, into);
    run.child.kill("SIGINT");
    await run.ended;
    const other = noise(30 * MiB);
    await writeFile(join(server.path, "grande.bin"), other);
    const again = await fileshare(args).ended;
    expect(again.code).toBe(0);
    expect(eventsOf(again.stdout, "restarted")).toMatchObject([{ name: "grande.bin" }]);
    await expectFile(join(into, "grande.bin"), other);
  });
});

describe("fileshare get --json", () => {
  /** Of each event: its fields, those that may be missing with a ?. As in the README. */
  const schema: Record<string, Record<string, "string" | "number" | "boolean">> = {
    begin: { name: "string", size: "number" },
    resumed: { name: "string", bytes: "number" },
    restarted: { name: "string" },
    retry: { name: "string", code: "string", message: "string", waitMs: "number" },
    progress: {
      "name?": "string",
      "files?": "number",
      "finished?": "number",
      received: "number",
      total: "number",
      "bytesPerSecond?": "number",
      "secondsLeft?": "number",
    },
    done: { name: "string", path: "string", bytes: "number", "sha256?": "string", "dryRun?": "boolean" },
    skipped: { name: "string", path: "string", bytes: "number", "sha256?": "string" },
    deleted: { name: "string", path: "string", "dryRun?": "boolean" },
    error: { "name?": "string", code: "string", message: "string", "resumable?": "boolean" },
    summary: {
      downloaded: "number",
      skipped: "number",
      deleted: "number",
      failed: "number",
      left: "number",
      bytes: "number",
      arrived: "number",
      seconds: "number",
      dryRun: "boolean",
      interrupted: "boolean",
    },
  };

  function checkEvents(stdout: string): string[] {
    const events = jsonLines(stdout);
    for (const { event, ...fields } of events) {
      const known = schema[String(event)] ?? {};
      const types = Object.fromEntries(
        Object.entries(known).map(([name, type]) => [name.replace("?", ""), type]),
      );
      const needed = Object.keys(known).filter((name) => !name.endsWith("?"));
      expect(Object.keys(types)).toEqual(expect.arrayContaining(Object.keys(fields)));
      expect(Object.keys(fields)).toEqual(expect.arrayContaining(needed));
      for (const [name, value] of Object.entries(fields)) expect(typeof value).toBe(types[name]);
    }
    expect(events.at(-1)?.event).toBe("summary");
    return [...new Set(events.map(({ event }) => String(event)))].sort();
  }

  it("tells events with the fields that are documented, of get and of sync", async () => {
    const server = await servedTree({ ...tree, "grande.bin": noise(12 * MiB) }, { graceMs: 1 });
    const into = await folder();
    await writeFile(join(into, "sobra"), "");
    // What is in it is not to be removed.
    await mkdir(join(into, "1.txt"));
    await writeFile(join(into, "1.txt/mío.tmp"), "");
    const common = ["--json", "-s", at(server), "--limit-rate", "6M"];
    const get = fileshare(["get", "notas.txt", "falta", "grande.bin", "-o", into, ...common]);
    await get.waitFor('"progress"');
    get.child.kill("SIGINT");
    expect(checkEvents((await get.ended).stdout)).toEqual(["begin", "done", "error", "progress", "summary"]);
    const more = await fileshare(["get", "*", "--checksum", "-o", into, ...common]).ended;
    expect(checkEvents(more.stdout)).toEqual(
      expect.arrayContaining(["begin", "done", "error", "skipped", "summary"]),
    );
    await writeFile(join(into, "grande.bin"), "");
    const synced = await fileshare(["sync", into, "--delete", "--exclude", "*.tmp", ...common]).ended;
    expect(checkEvents(synced.stdout)).toEqual(["deleted", "done", "error", "progress", "summary"]);
  });

  it("is documented: the README names each event and each field", async () => {
    const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
    for (const [event, fields] of Object.entries(schema)) {
      const row = readme.split("\n").find((line) => line.startsWith(`| \`${event}\` |`)) ?? "";
      for (const field of Object.keys(fields)) expect(row).toContain(`\`${field.replace("?", "")}\``);
    }
  });

  it("tells progress some times a second, whatever arrives", async () => {
    const server = await servedTree({ "grande.bin": noise(8 * MiB) });
    const into = await folder();
    const run = await fileshare([
      "get",
      "grande.bin",
      "--limit-rate",
      "4M",
      "--json",
      "-s",
      at(server),
      "-o",
      into,
    ]).ended;
    const told = eventsOf(run.stdout, "progress");
    expect(told.length).toBeGreaterThan(0);
    const [{ seconds } = { seconds: 0 }] = eventsOf(run.stdout, "summary");
    expect(told.length).toBeLessThanOrEqual(Number(seconds) * 2 + 1);
    expect(told.map(({ received }) => received)).toEqual(
      told.map(({ received }) => received).sort((a, b) => Number(a) - Number(b)),
    );
  });
});

describe("fileshare ls", () => {
  it("lists folders with -R, chooses by pattern, and tells sizes and dates with -l", async () => {
    const server = await servedTree({ ...tree, "grande.bin": noise(12 * KiB) });
    const ls = async (...args: string[]) =>
      (await fileshare(["ls", ...args, "-s", at(server)]).ended).stdout.split("\n").slice(0, -1);
    expect(await ls()).toEqual(["1.txt", "[1].txt", "fotos/", "grande.bin", "notas.txt"]);
    expect(await ls("-R")).toEqual([...Object.keys(tree), "grande.bin"].sort());
    expect(await ls("*.jpg")).toEqual([]);
    expect(await ls("-R", "*.jpg", "*.bin")).toEqual([
      "fotos/a.jpg",
      "fotos/b.jpg",
      "fotos/viejas/c.jpg",
      "grande.bin",
    ]);
    expect(await ls("fotos/*.jpg")).toEqual(["fotos/a.jpg", "fotos/b.jpg"]);
    expect(
      (await ls("-l", "*.{bin,txt}")).map((line) => line.replace(/\d{4}-\d\d-\d\d \d\d:\d\d/, "DATE")),
    ).toEqual([
      "   11 B  DATE  1.txt",
      "    9 B  DATE  [1].txt",
      "12.3 kB  DATE  grande.bin",
      "    5 B  DATE  notas.txt",
    ]);
  });

  it("says that nothing matches, and exits with 1", async () => {
    const server = await servedTree(tree);
    expect(await fileshare(["ls", "*.iso", "-s", at(server)]).ended).toEqual({
      code: 1,
      stdout: "",
      stderr: 'fileshare: No file of the server matches "*.iso"\n',
    });
  });

  it("gives up after --max-time", async () => {
    const server = await rawServer(() => {});
    expect(await fileshare(["ls", "--max-time", "1", "-s", at(server)]).ended).toEqual({
      code: 4,
      stdout: "",
      stderr: "fileshare: It has taken longer than 1 s\n",
    });
  });

  it("takes flags before the command too, where it has them", async () => {
    const server = await servedTree(tree);
    expect((await fileshare(["-s", at(server), "ls"]).ended).stdout).toContain("notas.txt\n");
    const [one, other] = [await folder(), await folder()];
    const before = ["-s", at(server), "-o", one, "--timeout", "5"];
    expect(await fileshare([...before, "get", "notas.txt"]).ended).toMatchObject({ code: 0, stderr: "" });
    expect(await fileshare([...before, "get", "notas.txt", "-o", other]).ended).toMatchObject({ code: 0 });
    for (const into of [one, other]) await expectFile(join(into, "notas.txt"), tree["notas.txt"]);
    for (const command of ["ls", "sync"]) {
      const { code, stderr } = await fileshare([...before, command]).ended;
      expect(code).toBe(2);
      expect(stderr).toMatch(`fileshare: ${command} has no option '-o, --output <folder>'\n`);
    }
  });

  it("waits as long as it is told before the command for what does not answer", async () => {
    const server = await rawServer(() => {});
    expect(await fileshare(["--max-time", "1", "-s", at(server), "ls"]).ended).toMatchObject({ code: 4 });
  });
});

const mayMount = process.platform === "linux" && process.getuid?.() === 0;

/** A file system that ignores case, where one can be mounted. */
async function ignoringCase(): Promise<string | undefined> {
  const image = join(await folder(), "image");
  await writeFile(image, new Uint8Array(4 << 20));
  const path = await folder();
  const [make, mount] = ["mkntfs", "lowntfs-3g"];
  if (spawnSync(make, ["-qFf", image]).status !== 0) return undefined;
  if (spawnSync(mount, ["-o", "ignore_case", image, path]).status !== 0) return undefined;
  onTestFinished(() => void spawnSync("umount", [path]));
  return path;
}

describe("fileshare get of names that may be one file", () => {
  const files = { "Case.txt": "uno", "case.txt": "dos", "d/ñ": "tres", "d/n\u0303": "cuatro" };

  it("saves each where the file system tells them apart, and leaves nothing of having found out", async ({
    skip,
  }) => {
    const server = await servedTree(files);
    if ((await readdir(server.path)).length < 3) return skip("here they are one file");
    const cwd = await folder();
    const run = await fileshare(["get", "*.txt", "d/*", "-s", at(server), "-o", "x/y"], { cwd }).ended;
    expect(run).toMatchObject({ code: 0, stderr: "" });
    for (const [name, content] of Object.entries(files)) await expectFile(join(cwd, "x/y", name), content);
    expect(await readdir(cwd)).toEqual(["x"]);
  });

  it.skipIf(!mayMount)("refuses the later where it does not", async ({ skip }) => {
    const into = await ignoringCase();
    if (into === undefined) return skip("no file system can be mounted here");
    const server = await servedTree(files);
    const args = ["get", "Case.txt", "case.txt", "-s", at(server), "-o", join(into, "x")];
    const run = await fileshare(args).ended;
    expect(run).toMatchObject({
      code: 1,
      stderr: 'fileshare: Cannot save "case.txt": here it is the same as "Case.txt"\n',
    });
    await expectFile(join(into, "x", "Case.txt"), "uno");
    const json = await fileshare([...args, "--json"]).ended;
    expect(eventsOf(json.stdout, "error")).toMatchObject([{ name: "case.txt", code: "UNSAFE_NAME" }]);
    expect(eventsOf(json.stdout, "summary")).toMatchObject([{ skipped: 1, failed: 1, left: 0 }]);
  });
});
