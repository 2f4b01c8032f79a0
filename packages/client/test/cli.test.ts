import { once } from "node:events";
import { existsSync, watch } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Servidor } from "@fileshare/server";
import { describe, expect, it } from "vitest";
import {
  at,
  atTerminal,
  cli,
  fileshare,
  hasTerminal,
  hideCursor,
  jsonLines,
  KiB,
  MiB,
  showCursor,
  start,
  terminalNote,
} from "./cli-run.js";
import { type Answer, ok, rawServer, sends, silence } from "./raw-server.js";
import { expectFile, folder, host, listening, noise, served } from "./served.js";

/** Resolves when a file appears in a folder that is still empty. */
async function appears(path: string): Promise<void> {
  const stop = new AbortController();
  const watcher = watch(path, { signal: stop.signal });
  await once(watcher, "change");
  stop.abort();
}

const files = {
  "notas.txt": "hola\n",
  vacio: "",
  "año 文件 😀.txt": "¿qué tal?",
  "-guion": "guion",
  "grande.bin": noise(2 * MiB + 5),
};

/** The start of a reply of 8 MiB. */
const half: Answer = sends(ok(noise(8 * MiB)).subarray(0, 4 * MiB));

describe("fileshare ls", () => {
  it("prints the names, one a line", async () => {
    const server = await served(files);
    const names = Object.keys(files).sort();
    expect(await fileshare(["ls", "-s", at(server)]).ended).toEqual({
      code: 0,
      stdout: names.map((name) => `${name}\n`).join(""),
      stderr: "",
    });
    const { stdout } = await fileshare(["ls", "--json", "--server", at(server)]).ended;
    expect(jsonLines(stdout)).toEqual(
      names.map((name) => ({
        name,
        size: Buffer.byteLength(files[name as keyof typeof files]),
        modified: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        version: expect.any(String),
      })),
    );
  });

  it("prints names as they are where no terminal would obey them", async () => {
    const names = ["a\u001b[2Jb", "c\nd"];
    const server = await rawServer(sends(ok(names)));
    expect((await fileshare(["ls", "-s", at(server)]).ended).stdout).toBe("a\u001b[2Jb\nc\nd\n");
    const { stdout } = await fileshare(["ls", "--json", "-s", at(server)]).ended;
    expect(jsonLines(stdout)).toEqual(names.map((name) => ({ name })));
  });

  it("ends quietly when its reader has seen enough", async () => {
    const names = Array.from({ length: 50_000 }, (_, i) => `un nombre de fichero bastante largo ${i}`);
    const server = await rawServer(sends(ok(names)));
    const run = fileshare(["ls", "-s", at(server)]);
    await run.waitFor("\n");
    run.child.stdout.destroy();
    const { code, stderr } = await run.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });
});

describe("fileshare get", () => {
  it("saves several files, and prints a line for each", async () => {
    const server = await served(files);
    const into = join(await folder(), "a", "b");
    const names = Object.keys(files);
    const { code, stdout, stderr } = await fileshare(["get", "-s", at(server), "-o", into, "--", ...names])
      .ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const sizes = ["5 B", "0 B", "11 B", "5 B", "2.10 MB"];
    // A line stands where its file was saved: those that come together may be saved in another order.
    const lines = names.map((name, i) => `${name}: ${sizes[i]} -> ${join(into, name)}\n`);
    expect(stdout.split(/(?<=\n)/).sort()).toEqual(lines.sort());
    expect((await readdir(into)).sort()).toEqual(names.sort());
    for (const [name, content] of Object.entries(files)) await expectFile(join(into, name), content);
    expect(server.connections()).toBe(1);
  });

  it("saves in the folder `descargas` where it is told no other", async () => {
    const server = await served(files);
    const cwd = await folder();
    const { code, stdout } = await fileshare(["get", "notas.txt", "-s", at(server)], { cwd }).ended;
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `notas.txt: 5 B -> ${join("descargas", "notas.txt")}\n`,
    });
    await expectFile(join(cwd, "descargas", "notas.txt"), files["notas.txt"]);
  });

  it("prints JSON where it is asked for", async () => {
    const server = await served(files);
    const into = await folder();
    const names = ["grande.bin", "falta", "..", "vacio"];
    const run = await fileshare(["get", ...names, "--json", "-s", at(server), "-o", into]).ended;
    expect(run.code).toBe(1);
    const events = jsonLines(run.stdout);
    const of = (wanted: string) => events.filter(({ name }) => name === wanted);
    expect(of("grande.bin")).toMatchObject([
      { event: "begin", size: 2 * MiB + 5 },
      { event: "done", name: "grande.bin", path: join(into, "grande.bin"), bytes: 2 * MiB + 5 },
    ]);
    expect(of("falta")).toEqual([
      { event: "error", name: "falta", code: "REFUSED", message: 'The server has no file "falta"' },
    ]);
    expect(of("..")).toEqual([
      {
        event: "error",
        name: "..",
        code: "UNSAFE_NAME",
        message: 'Cannot save "..": the name leads out of the folder',
      },
    ]);
    expect(of("vacio")).toEqual([
      { event: "begin", name: "vacio", size: 0 },
      { event: "done", name: "vacio", path: join(into, "vacio"), bytes: 0 },
    ]);
    expect(events.at(-1)).toMatchObject({ event: "summary", downloaded: 2, failed: 2, left: 0 });
    expect(run.stderr.split("\n").sort()).toEqual([
      "",
      'fileshare: Cannot save "..": the name leads out of the folder',
      'fileshare: The server has no file "falta"',
    ]);
  });

  it("tells the code of every kind of error in JSON", async () => {
    const server = await rawServer(sends(ok(1)), (socket) => void socket.end());
    const into = await folder();
    await mkdir(join(into, "carpeta"));
    const names = ["carpeta", "x", "y", "z"];
    const run = await fileshare(["get", ...names, "--json", "-s", at(server), "-o", into]).ended;
    expect(run.code).toBe(3);
    // Which of the three is asked for first is not said.
    expect(jsonLines(run.stdout)).toMatchObject([
      { event: "error", name: "carpeta", code: "IS_FOLDER" },
      { event: "error", name: expect.stringMatching(/^[xyz]$/), code: "BAD_REPLY" },
      { event: "error", name: expect.stringMatching(/^[xyz]$/), code: "CUT" },
      { event: "summary", downloaded: 0, failed: 3, left: 1 },
    ]);
  });

  it("goes on after a file that is refused, and exits with 1", async () => {
    const server = await served(files);
    const into = await folder();
    const run = await fileshare(["get", "falta", "notas.txt", "-s", at(server), "-o", into]).ended;
    expect(run).toEqual({
      code: 1,
      stdout: `notas.txt: 5 B -> ${join(into, "notas.txt")}\n`,
      stderr: 'fileshare: The server has no file "falta"\n',
    });
    expect(await readdir(into)).toEqual(["notas.txt"]);
  });

  it("stops when the connection is lost, with nothing half done, and exits with 3", async () => {
    const reply = ok(noise(300 * KiB));
    const server = await rawServer(
      sends(ok(noise(10))),
      (socket) => void socket.end(reply.subarray(0, 200 * KiB)),
    );
    const into = await folder();
    const run = await fileshare(["get", "uno", "dos", "tres", "-s", at(server), "-o", into]).ended;
    expect(run).toEqual({
      code: 3,
      stdout: `uno: 10 B -> ${join(into, "uno")}\n`,
      stderr: "fileshare: dos: The server ended the connection in the middle of its answer\n",
    });
    expect(await readdir(into)).toEqual(["uno"]);
    // What stood next may just have been asked for.
    expect(server.requests()).toBeLessThanOrEqual(3);
  });

  it("leaves nothing of a file for which there is no room, and exits with 1", async () => {
    const server = await served(files);
    const into = await folder();
    // A limit of 1 MiB on the size of files stands for a full disk.
    const limited = ["-c", 'ulimit -f 1024; exec "$@"', "bash", process.execPath, cli];
    const args = ["get", "grande.bin", "notas.txt", "-s", at(server), "-o", into];
    const run = await start("bash", [...limited, ...args]).ended;
    expect(run).toEqual({
      code: 1,
      stdout: `notas.txt: 5 B -> ${join(into, "notas.txt")}\n`,
      stderr: `fileshare: Cannot save "${join(into, "grande.bin")}": EFBIG: file too large, ftruncate\n`,
    });
    expect(await readdir(into)).toEqual(["notas.txt"]);
  });

  it("prints what has arrived of a file that takes long", async () => {
    const reply = ok(noise(5 * MiB));
    const server = await rawServer((socket) => {
      // A byte now and then: something arrives, for as long as it takes.
      socket.write(reply.subarray(0, MiB));
      let at = MiB;
      const timer = setInterval(() => socket.write(reply.subarray(at, ++at)), 50);
      run.waitFor(/1\.0\d MB of 5\.24 MB/).then(() => {
        clearInterval(timer);
        socket.write(reply.subarray(at));
      });
    });
    const into = await folder();
    const run = fileshare(["get", "lento", "-s", at(server), "-o", into]);
    expect((await run.ended).code).toBe(0);
    expect(run.stdout()).toMatch(/^lento: 1\.0\d MB of 5\.24 MB\n/m);
    expect(run.stdout().endsWith(`\nlento: 5.24 MB -> ${join(into, "lento")}\n`)).toBe(true);
  });

  it("goes on when nobody reads what it prints", async () => {
    const server = await served(files);
    const into = await folder();
    const names = Array.from({ length: 20 }, () => ["notas.txt", "vacio", "falta"]).flat();
    const run = fileshare(["get", ...names, "grande.bin", "-s", at(server), "-o", into]);
    run.child.stdout.destroy();
    run.child.stderr.destroy();
    expect((await run.ended).code).toBe(1);
    expect((await readdir(into)).sort()).toEqual(["grande.bin", "notas.txt", "vacio"]);
  });

  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "is interrupted by %s in a download, and leaves nothing",
    async (signal) => {
      const server = await rawServer(half);
      const into = await folder();
      await mkdir(join(into, "descargas"));
      const begun = appears(join(into, "descargas"));
      const run = fileshare(["get", "uno", "dos", "-s", at(server)], { cwd: into });
      await begun;
      run.child.kill(signal);
      expect(await run.ended).toEqual({ code: 130, stdout: "", stderr: "fileshare: Interrupted\n" });
      expect(await readdir(join(into, "descargas"))).toEqual([]);
      expect(server.requests()).toBe(1);
    },
  );

  it("is interrupted while it waits for a reply", async () => {
    const server = await rawServer(silence);
    const into = await folder();
    for (const args of [["ls"], ["get", "uno", "--json", "-o", into]]) {
      const asked = server.requests();
      const run = fileshare([...args, "-s", at(server)]);
      await server.waitForRequests(asked + 1);
      run.child.kill("SIGINT");
      expect(await run.ended).toMatchObject({ code: 130, stderr: "fileshare: Interrupted\n" });
    }
    expect(await readdir(into)).toEqual([]);
  });
});

describe("fileshare --server", () => {
  const hasIpv6 = Object.values(networkInterfaces()).some((each) =>
    each?.some(({ address }) => address === "::1"),
  );

  it("takes a host and a port, or a port alone", async () => {
    const { port } = await served(files);
    for (const server of [`${host}:${port}`, `localhost:${port}`, `:${port}`]) {
      expect(await fileshare(["ls", "-s", server]).ended).toMatchObject({ code: 0, stderr: "" });
    }
  });

  it.skipIf(!hasIpv6)(
    `takes an IPv6 address in brackets${hasIpv6 ? "" : " (skipped: no IPv6 here)"}`,
    async () => {
      const { port } = await served(files, { host: "::1" });
      expect(await fileshare(["ls", "-s", `[::1]:${port}`]).ended).toMatchObject({ code: 0, stderr: "" });
    },
  );

  it.each([
    ["127.0.0.9", "127.0.0.9:3247"],
    ["[::ffff:127.0.0.9]", "[::ffff:127.0.0.9]:3247"],
    ["127.0.0.9:1", "127.0.0.9:1"],
  ])("takes a host alone, and says where it connects: %s", async (server, shown) => {
    const { code, stdout, stderr } = await fileshare(["ls", "-s", server]).ended;
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr.startsWith(`fileshare: Cannot connect to ${shown}: `)).toBe(true);
    expect(stderr.match(/\n/g)).toHaveLength(1);
  });

  it("is localhost:3247 where it is not given", async ({ skip }) => {
    const path = await folder();
    await writeFile(join(path, "por defecto"), "");
    // Another Node's run of this test gives the port back in no time.
    const isBusy = (error: NodeJS.ErrnoException): boolean => {
      if (error.code === "EADDRINUSE") return true;
      throw error;
    };
    for (const end = performance.now() + 10_000; ; await sleep(100)) {
      const taken = await listening(new Servidor({ folder: path })).then(() => false, isBusy);
      if (!taken) break;
      if (performance.now() > end) skip("port 3247 is taken on this machine");
    }
    expect(await fileshare(["ls"]).ended).toEqual({ code: 0, stdout: "por defecto\n", stderr: "" });
    for (const server of ["localhost", "127.0.0.1", ""]) {
      expect(await fileshare(["ls", "-s", server]).ended).toMatchObject({ code: 0 });
    }
  });

  it("is not understood where it is no host and port", async () => {
    const bad = ["h:", "h:0", "h:65536", "h:x", "h:-1", "::1:3247", "a:1:2", "[::1", "[]:1", "[::1]x"];
    const ends = await Promise.all(bad.map((server) => fileshare(["ls", "-s", server]).ended));
    for (const [i, { code, stdout, stderr }] of ends.entries()) {
      expect({ server: bad[i], code, stdout }).toEqual({ server: bad[i], code: 2, stdout: "" });
      expect(stderr).toContain("It must be HOST:PORT, with a port from 1 to 65535.");
    }
  });
});

describe("fileshare", () => {
  it("exits with 2 where it is not understood", async () => {
    const bad = [
      [],
      ["borrar"],
      ["get"],
      ["get", "-o"],
      ["ls", "--otra"],
      ["get", "x", "-s"],
      ["get", "x", "--connections", "0"],
      ["get", "x", "--connections", "65"],
      ["get", "x", "--retries", "-1"],
      ["get", "x", "--limit-rate", "rápido"],
      ["get", "x", "--limit-rate", "0"],
      ["get", "x", "-o", ""],
      ["get", "x", "y", "-O", "z"],
      ["get", "x", "-O", ""],
      ["get", "x", "y", "-o", "-"],
      ["get", "x", "-o", "-", "-O", "z"],
      ["get", "x", "-o", "-", "--json"],
      ["get", "x", "-o", "-", "--checksum"],
      ["get", "x", "--max-time", "0"],
      ["get", "x", "--connect-timeout", "1.5"],
      ["ls", "--timeout", "0"],
      ["sync", "--timeout", "1s"],
      ["-o", ""],
      ["ls", ""],
      ["sync", "a", "b"],
      ["sync", ""],
      ["sync", "--include", ""],
      ["sync", "--exclude", "x", "--exclude", "/"],
      ["completion"],
      ["completion", "tcsh"],
    ];
    const ends = await Promise.all(bad.map((args) => fileshare(args).ended));
    for (const [i, { code, stdout, stderr }] of ends.entries()) {
      expect({ args: bad[i], code, stdout }).toEqual({ args: bad[i], code: 2, stdout: "" });
      expect(stderr).toMatch(i === 0 ? /Usage: fileshare/ : /^fileshare: [\s\S]+Run fileshare --help/);
      expect(stderr).not.toMatch(/^ +at /m);
    }
  });

  it("exits with 3 and one line where the server cannot be reached", async () => {
    const { port, servidor } = await served();
    await servidor.close();
    const into = await folder();
    for (const args of [["ls"], ["get", "uno", "dos", "-o", into]]) {
      const { code, stdout, stderr } = await fileshare([...args, "-s", `:${port}`]).ended;
      expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
      expect(stderr).toMatch(/^fileshare: Cannot connect to localhost:\d+: .+\n$/);
    }
    expect(await readdir(into)).toEqual([]);
  });

  it("exits with 1 where the server's answer is none", async () => {
    const server = await rawServer(sends(ok("no es una lista")));
    const { code, stderr } = await fileshare(["ls", "-s", at(server)]).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^fileshare: The server's reply is no list of names\n$/);
  });

  it("loads nothing for its help that only a command with a server needs", async () => {
    // The packages that are imported, file by file, before anything runs.
    const [files, packages] = [new Set([cli]), new Set<string>()];
    for (const file of files) {
      const code = await readFile(file, "utf8");
      for (const [, name = ""] of code.matchAll(/^(?:import|\} from) ?(?:[^"(]* from )?"([^"]+)";$/gm)) {
        if (name.startsWith(".")) files.add(join(file, "..", name));
        else if (!name.startsWith("node:")) packages.add(name);
      }
    }
    expect([...packages]).toEqual(["commander"]);
  });

  it("tells its version and its use", async () => {
    const { version } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")) as {
      version: string;
    };
    expect(await fileshare(["--version"]).ended).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
    const help = await fileshare(["--help"]).ended;
    expect(help).toMatchObject({ code: 0, stderr: "" });
    expect(help.stdout).toMatch(/Usage: fileshare .*\bls\b.*\bget\b/s);
    const get = await fileshare(["get", "--help"]).ended;
    expect(await fileshare(["help", "get"]).ended).toEqual(get);
    expect(get.stdout).toMatch(/--server <host:port>.*localhost:3247.*--output <folder>.*"descargas"/s);
  });
});

describe.skipIf(!hasTerminal)(`At a terminal${terminalNote}`, () => {
  it("get draws a bar while a file arrives, and a line when it is there", async () => {
    const server = await served(files);
    const into = await folder();
    const { code, stdout } = await atTerminal([
      "get",
      "grande.bin",
      "notas.txt",
      // It is drawn some times a second.
      "--limit-rate",
      "1M",
      "-s",
      at(server),
      "-o",
      into,
    ]).ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/grande\.bin +\[[=-]+\] +\d+% .+ of 2\.10 MB/);
    expect(stdout).toContain(`grande.bin: 2.10 MB -> ${join(into, "grande.bin")}\r\n`);
    expect(stdout).toContain(`notas.txt: 5 B -> ${join(into, "notas.txt")}\r\n`);
    expect(stdout.lastIndexOf(showCursor)).toBeGreaterThan(stdout.lastIndexOf(hideCursor));
  });

  it("get gives the terminal back when Ctrl-C is pressed", async () => {
    const server = await rawServer(half);
    const into = await folder();
    const run = atTerminal(["get", "uno", "-s", at(server), "-o", into]);
    await run.waitFor(/\[[=-]+\]/);
    run.child.stdin.write("\u0003");
    const { code, stdout } = await run.ended;
    expect(code).toBe(130);
    expect(stdout).toContain("fileshare: Interrupted\r\n");
    expect(stdout.lastIndexOf(showCursor)).toBeGreaterThan(stdout.lastIndexOf(hideCursor));
    expect(await readdir(into)).toEqual([]);
  });

  const names = ["a\u001b[2Jb", "c\nd", "\u009b31m", "\u202ecod.exe", "\u0007", "x\u2028y", "año 文件 😀"];
  const shown = [
    "a\\u{1b}[2Jb",
    "c\\u{a}d",
    "\\u{9b}31m",
    "\\u{202e}cod.exe",
    "\\u{7}",
    "x\\u{2028}y",
    "año 文件 😀",
  ];

  it("ls prints names without what a terminal would obey", async () => {
    const server = await rawServer(sends(ok(names)));
    const { code, stdout } = await atTerminal(["ls", "-s", at(server)]).ended;
    expect(code).toBe(0);
    expect(stdout.split("\r\n")).toEqual([...shown, ""]);
  });

  it("get prints names without what a terminal would obey, in bars, lines and errors", async () => {
    const server = await rawServer(sends(ok(noise(100 * KiB))), sends(ok(null)));
    const into = await folder();
    for (const name of names.slice(0, 4)) {
      const { stdout } = await atTerminal(["get", name, `otro ${name}`, "-s", at(server), "-o", into]).ended;
      // The bar itself moves the cursor, hides it, and clears the line.
      const [first, ...rest] = stdout.split("\u001b");
      const ofTheBar = /^\[(\?(25|2026)[hl]|\d*[A-K])/;
      const text = [first, ...rest.map((part) => part.replace(ofTheBar, ""))].join("").replaceAll("\r\n", "");
      expect(rest.every((part) => ofTheBar.test(part))).toBe(true);
      expect(text).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}]/u);
    }
  });
});

describe.skipIf(!existsSync("/dev/full"))("fileshare, where stdout is full (with a /dev/full)", () => {
  it("says so in one line and exits with 1, having downloaded all the same", async () => {
    const server = await served({ a: "alfa", b: "beta" });
    const into = await folder();
    const get = `"${process.execPath}" "${cli}" get a b -s ${at(server)} -o "${into}" > /dev/full`;
    const { code, stderr } = await start("sh", ["-c", get]).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^fileshare: cannot write to stdout: ENOSPC.*\n$/);
    expect((await readdir(into)).sort()).toEqual(["a", "b"]);
  });
});
