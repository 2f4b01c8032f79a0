// The built command, as a person or a service manager runs it.

import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { encodeFrame } from "@fileshare/protocol";
import { describe, expect, test } from "vitest";
import { askingOf } from "./support/asking.js";
import { Child, listeningPort, runCommand, runInShell, serveCommand } from "./support/child.js";
import { connectTo, dataOf, plainSocket, untilClosed } from "./support/client.js";
import { request, str } from "./support/pickles.js";
import { folderWith, served } from "./support/served.js";

const { version } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const hasIPv6 = Object.values(networkInterfaces())
  .flat()
  .some((one) => one?.address === "::1");

const stopped = { code: 0, signal: null };

/** What was logged so far. */
const logged = ({ stderr }: Child): object[] => Child.json(stderr) as object[];

const hasLogged = (message: string) => (child: Child) =>
  child.stderr.includes(`"msg":"${message}`) ? true : undefined;

describe("fileshare-server", () => {
  test("says where it listens, in one line, once it does", async () => {
    const { child, port } = await serveCommand(await folderWith({ "a.txt": "alfa" }));
    expect(child.stdout).toBe(`fileshare-server listening on localhost:${port}\n`);
    expect((await (await connectTo(port)).download("a.txt"))?.toString()).toBe("alfa");
    child.process.kill("SIGTERM");
    await child.ended;
    expect(child.stdout).toBe(`fileshare-server listening on localhost:${port}\n`);
  });

  test("serves the folder archivos where it is run, unless told another", async () => {
    const cwd = await folderWith();
    await mkdir(join(cwd, "archivos"));
    await writeFile(join(cwd, "archivos", "a.txt"), "alfa");
    const child = runCommand(["--port", "0"], cwd);
    const port = await child.until(({ stdout }) => /:(\d+)\n/.exec(stdout)?.[1]);
    expect((await (await connectTo(Number(port))).ask("listar"))?.data).toEqual(["a.txt"]);
  });

  test("takes a host", async () => {
    const { child, port } = await serveCommand(await folderWith(), "--host", "127.0.0.1");
    expect(child.stdout).toBe(`fileshare-server listening on 127.0.0.1:${port}\n`);
  });

  test.skipIf(!hasIPv6)(`takes an IPv6 host${hasIPv6 ? "" : " (skipped: there is none here)"}`, async () => {
    const { child, port } = await serveCommand(await folderWith(), "--host", "::1");
    expect(child.stdout).toBe(`fileshare-server listening on [::1]:${port}\n`);
  });

  test("fails where the host is none of this machine's", async () => {
    const child = runCommand([await folderWith(), "--port", "0", "--host", "203.0.113.1"]);
    expect(await child.ended).toEqual({ code: 1, signal: null });
    expect(child.stderr).toMatch(
      /^fileshare-server: cannot listen on 203\.0\.113\.1:0: .*EADDRNOTAVAIL.*\n$/,
    );
  });

  test.each(["no-hay", "package.json"])("fails where the folder is %s", async (folder) => {
    const child = runCommand([folder, "--port", "0"]);
    expect(await child.ended).toEqual({ code: 1, signal: null });
    expect(child.stderr).toBe(`fileshare-server: cannot serve ${folder}: there is no such folder\n`);
    expect(child.stdout).toBe("");
  });

  test("fails where the port is in use", async () => {
    const { port } = await served();
    const child = runCommand([await folderWith(), "--port", String(port)]);
    expect(await child.ended).toEqual({ code: 1, signal: null });
    expect(child.stderr).toMatch(
      new RegExp(`^fileshare-server: cannot listen on localhost:${port}: .*EADDRINUSE.*\\n$`),
    );
    expect(child.stdout).toBe("");
  });

  test.each([
    ["an option that is none", ["--colour"]],
    ["a port that is no number", ["--port", "http"]],
    ["a port that is none", ["--port", "65536"]],
    ["a port below 0", ["--port", "-1"]],
    ["no port", ["--port"]],
    ["an empty port", ["--port", ""]],
    ["a log level that is none", ["--log-level", "loud"]],
    ["two folders", ["archivos", "otros"]],
  ])("refuses %s", async (_, args) => {
    const child = runCommand(args);
    expect(await child.ended).toEqual({ code: 2, signal: null });
    expect(child.stderr).toMatch(/^fileshare-server: .+\n$/);
    expect(child.stdout).toBe("");
  });

  test("tells how it is used", async () => {
    const child = runCommand(["--help"]);
    expect(await child.ended).toEqual(stopped);
    expect(child.stdout).toMatch(/^Usage: fileshare-server \[options\] \[folder\]\n/);
    for (const told of ["--host", "--port", "--log-level", "--version", "Exit codes:\n  0 "])
      expect(child.stdout).toContain(told);
    expect(child.stderr).toBe("");
  });

  test.each(["--version", "-V"])("tells its version with %s", async (option) => {
    const child = runCommand([option]);
    expect(await child.ended).toEqual(stopped);
    expect(child.stdout).toBe(`${version}\n`);
  });
});

describe.each(["SIGINT", "SIGTERM"] as const)("fileshare-server on %s", (signal) => {
  test("stops", async () => {
    const { child } = await serveCommand(await folderWith());
    child.process.kill(signal);
    expect(await child.ended).toEqual(stopped);
    expect(logged(child)).toMatchObject([
      { signal, msg: expect.stringMatching(/^stopping/) },
      { msg: "stopped" },
    ]);
  });

  test("says good-bye to its clients", async () => {
    const { child, port } = await serveCommand(await folderWith({ "a.txt": "alfa" }));
    const client = await connectTo(port);
    await client.download("a.txt");
    const last = client.receive();
    child.process.kill(signal);
    expect(await last).toBeNull();
    expect(await child.ended).toEqual(stopped);
  });

  test("finishes a download that is under way", async () => {
    const content = randomBytes(24 * 1024 * 1024);
    const { child, port } = await serveCommand(await folderWith({ grande: content }));
    const client = await connectTo(port);
    const reply = await client.ask("descargar", "grande");
    child.process.kill(signal);
    await child.until(hasLogged("stopping"));
    expect((await dataOf(reply))?.equals(content)).toBe(true);
    expect(await child.ended).toEqual(stopped);
  });

  test("stops at once when it comes again", async () => {
    const { child, port } = await serveCommand(
      await folderWith({ grande: new Uint8Array(24 * 1024 * 1024) }),
    );
    const socket = await plainSocket(port);
    socket.write(request("descargar", "grande"));
    await new Promise((resolve) => socket.once("readable", resolve));
    child.process.kill("SIGTERM");
    await child.until(hasLogged("stopping"));
    child.process.kill(signal);
    expect(await child.ended).toEqual({ code: 1, signal: null });
    await untilClosed(socket);
  });
});

describe("fileshare-server's log", () => {
  test("is a JSON line on stderr for each event, where stderr is no terminal", async () => {
    const { child, port } = await serveCommand(await folderWith({ "a.txt": "alfa" }));
    const client = await connectTo(port);
    await client.download("a.txt");
    await client.download("falta");
    await client.send(encodeFrame(Uint8Array.of(0x4e, 0x2e)));
    await client.receive();
    const own = { id: 1, address: `127.0.0.1:${client.socket.localPort}` };
    const broken = await connectTo(port);
    await broken.ask("listar");
    await client.end();
    broken.socket.resetAndDestroy();
    await child.until(({ stderr }) => (stderr.match(/"msg":"closed"/g)?.length === 2 ? true : undefined));
    const lines = logged(child);
    expect(lines.filter((line) => JSON.stringify(line).includes('"id":1,'))).toMatchObject([
      { level: 30, client: own, msg: "connected" },
      {
        level: 30,
        client: own,
        operacion: "descargar",
        data: "a.txt",
        ms: expect.any(Number),
        msg: "answered",
      },
      { level: 40, client: own, operacion: "descargar", reason: 'There is no file "falta"', msg: "refused" },
      { level: 40, client: own, reason: expect.stringContaining("Cannot read Mensaje"), msg: "refused" },
      { level: 30, client: own, msg: "closed" },
    ]);
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 40, reason: "The connection was lost", msg: "connection failed" }),
    );
    for (const line of lines) expect(line).toHaveProperty("time");
  });

  test("tells requests with --log-level debug, and nothing with silent", async () => {
    const folder = await folderWith({ "a.txt": "alfa" });
    const loud = await serveCommand(folder, "--log-level", "debug");
    const silent = await serveCommand(folder, "--log-level", "silent");
    for (const { child, port } of [loud, silent]) {
      const client = await connectTo(port);
      await client.download("a.txt");
      await client.download("falta");
      await (await askingOf(port)).descargar("a.txt", { more: ["a.txt", "falta"] });
      await client.end();
      child.process.kill("SIGTERM");
      expect(await child.ended).toEqual(stopped);
    }
    expect(logged(loud.child)).toContainEqual(
      expect.objectContaining({ level: 20, operacion: "descargar", data: "a.txt", msg: "request" }),
    );
    expect(logged(loud.child)).toContainEqual(
      expect.objectContaining({ operacion: "descargar", data: "a.txt", files: 3, msg: "request" }),
    );
    expect(silent.child.stderr).toBe("");
  });

  test("stays short, whatever a peer sends", async () => {
    const { child, port } = await serveCommand(await folderWith(), "--log-level", "debug");
    const client = await connectTo(port);
    const long = "\n\u001b[31m{".repeat(30_000);
    await client.ask(long);
    await client.ask("descargar", long);
    await client.send(encodeFrame(Buffer.from(`c${"a".repeat(100_000)}\nb\n.${str("")}`, "latin1")));
    await client.receive();
    await client.end();
    await child.until(hasLogged("closed"));
    expect(logged(child)).toHaveLength(7);
    for (const line of child.stderr.split("\n")) expect(line.length).toBeLessThan(8000);
  });

  test("has no warnings of Node's, with many clients at once", async () => {
    const { child, port } = await serveCommand(await folderWith({ "a.txt": "alfa" }));
    const clients = await Promise.all(Array.from({ length: 50 }, () => connectTo(port)));
    await Promise.all(clients.map((client) => client.download("a.txt")));
    child.process.kill("SIGTERM");
    await child.ended;
    expect(logged(child).filter((line) => "msg" in line)).toHaveLength(50 * 3 + 2);
  });
});

test("An empty --host, which would mean every address, is refused", async () => {
  const child = runCommand([await folderWith(), "--host", ""]);
  expect((await child.ended).code).toBe(2);
  expect(child.stderr).toContain("It must not be empty.");
});

test.skipIf(!existsSync("/dev/full"))(
  "Serving goes on where the log cannot be written (with a /dev/full)",
  async () => {
    const child = runInShell(await folderWith({ "a.txt": "alfa" }), "2> /dev/full");
    const port = await listeningPort(child);
    for (let i = 0; i < 3; i++) {
      const client = await connectTo(port);
      expect((await client.ask("listar"))?.data).toEqual(["a.txt"]);
      client.socket.destroy();
    }
    child.process.kill("SIGTERM");
    expect((await child.ended).code).toBe(0);
  },
);

test("What is logged of a peer's words cannot command a terminal", async () => {
  const { child, port } = await serveCommand(await folderWith());
  const client = await connectTo(port);
  await client.ask("op\u009b31m\u202e");
  await child.until(({ stderr }) => (stderr.includes('"refused"') ? true : undefined));
  expect(child.stderr).toContain("op\\\\u{9b}31m\\\\u{202e}");
  expect(child.stderr).not.toMatch(/[\u009b\u202e]/);
});
