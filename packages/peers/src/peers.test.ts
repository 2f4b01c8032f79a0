import { once } from "node:events";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  defaultPython,
  type Python,
  type PythonClientOptions,
  type PythonClientResult,
  PythonError,
  PythonOracle,
  type PythonServer,
  type PythonServerOptions,
  peakRssKib,
  python,
  pythons,
  runPythonClient,
  startPythonServer,
  tempFolder,
} from "./index.ts";

const FILES: Readonly<Record<string, string>> = {
  "hola.txt": "hola\nmundo\n",
  vacio: "",
  "año ñandú 文件 😀.txt": "¿qué tal?",
};

const threes = pythons().filter(({ version }) => !version.startsWith("2."));
const python27 = python("2.7");

async function folder(): Promise<string> {
  const temp = await tempFolder();
  onTestFinished(() => temp[Symbol.asyncDispose]());
  return temp.path;
}

async function served(options: Omit<PythonServerOptions, "folder"> = {}): Promise<PythonServer> {
  const path = await folder();
  for (const [name, text] of Object.entries(FILES)) await writeFile(join(path, name), text);
  await mkdir(join(path, "carpeta"));
  const server = await startPythonServer({ ...options, folder: path, echoRequests: true });
  onTestFinished(() => server.close());
  return server;
}

interface Ask extends Omit<PythonClientOptions, "args"> {
  readonly before?: readonly string[];
}

function ask(server: PythonServer, command: readonly string[], how: Ask = {}): Promise<PythonClientResult> {
  const { before = [], ...options } = how;
  return runPythonClient({ ...options, args: [...before, server.host, String(server.port), ...command] });
}

function parsed(stdout: string): unknown[] {
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown);
}

function sortedList({ stdout }: PythonClientResult): unknown {
  const [names] = parsed(stdout);
  return Array.isArray(names) ? names.sort() : names;
}

function oracle(one?: Python | string): PythonOracle {
  const made = new PythonOracle(one);
  onTestFinished(() => made.close());
  return made;
}

async function raw(server: PythonServer): Promise<Socket> {
  const socket = connect(server.port, server.host);
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return socket;
}

async function frame(operacion: string, data: string | null = null): Promise<Uint8Array> {
  const asked = oracle();
  const { bytes = new Uint8Array() } = await asked.dumps({ protocol: 3, operacion, data });
  const framed = Buffer.alloc(4 + bytes.length);
  framed.writeUInt32BE(bytes.length);
  framed.set(bytes, 4);
  return framed;
}

/** The bytes that come until the server closes, whether with FIN or with RST. */
async function untilClosed(socket: Socket): Promise<number> {
  let length = 0;
  socket.on("data", (chunk: Buffer) => {
    length += chunk.length;
  });
  socket.on("error", () => {});
  await once(socket, "close");
  return length;
}

const everything = [...Object.keys(FILES), "carpeta"].sort();

describe("pythons()", () => {
  test("holds the standard interpreter, oldest first", () => {
    const minors = pythons().map(
      ({ minor }) => Number(minor.split(".")[0]) * 1000 + Number(minor.split(".")[1]),
    );
    expect(minors).toEqual(minors.toSorted((a, b) => a - b));
    expect(pythons().map(({ path }) => path)).toContain(defaultPython());
    expect(python()?.path).toBe(defaultPython());
    expect(python("1.5")).toBeUndefined();
  });
});

describe.each(threes)("Python $version", (one) => {
  test("client lists and downloads from server", async () => {
    const server = await served({ python: one });
    const into = join(await folder(), "descargas");

    expect(sortedList(await ask(server, ["list"], { python: one }))).toEqual(everything);
    const names = Object.keys(FILES);
    const got = await ask(server, ["get", ...names, "falta"], { python: one, before: ["--folder", into] });
    expect(got).toMatchObject({ code: 0, stderr: "" });
    expect(parsed(got.stdout)).toEqual([
      ...names.map((name) => ({
        name,
        estado: "ok",
        bytes: Buffer.byteLength(FILES[name] ?? ""),
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      })),
      { name: "falta", estado: "error", bytes: null, sha256: null },
    ]);
    expect((await readdir(into)).sort()).toEqual(names.toSorted());
    for (const name of names) expect(await readFile(join(into, name), "utf8")).toBe(FILES[name]);

    expect(await server.waitForRequests(names.length + 2)).toEqual([
      "request 'listar' None segments=1",
      ...[...names, "falta"].map((name) => `request 'descargar' '${name}' segments=1`),
    ]);
  });

  test("server sends the bytes that the oracle foretells, in every protocol", async () => {
    const asked = oracle(one);
    const dump = join(await folder(), "reply");
    for (let protocol = 0; protocol <= one.highestProtocol; protocol++) {
      const server = await served({ python: one, protocol });
      const { code } = await ask(server, ["get", "hola.txt"], {
        python: one,
        before: ["--protocol", String(protocol), "--hash-only", "--dump-reply", dump],
      });
      expect(code).toBe(0);
      const data = { bytes: Buffer.from(FILES["hola.txt"] ?? "").toString("base64") };
      const { bytes } = await asked.dumps({ protocol, data, estado: "ok" });
      expect(new Uint8Array(await readFile(dump))).toEqual(bytes);
      await server.close();
    }
  });
});

describe("server.py", () => {
  test("takes a request in two segments for a broken one", async () => {
    const server = await served();
    const socket = await raw(server);
    socket.write((await frame("listar")).subarray(0, 20));
    expect(await untilClosed(socket)).toBe(0);
    await server.waitForLog(/broken: 16 of \d+ payload bytes/);
    expect(server.requests()).toEqual([]);
  });

  test("takes a zero length for a good-bye", async () => {
    const server = await served();
    const socket = await raw(server);
    socket.write(new Uint8Array(4));
    expect(await untilClosed(socket)).toBe(0);
    await server.waitForLog(/good-bye/);
  });

  test("says nothing to an unknown operation and goes on listening", async () => {
    const server = await served();
    const socket = await raw(server);
    socket.write(await frame("borrar", "hola.txt"));
    await server.waitForLog(/unknown operation 'borrar'/);
    socket.write(await frame("descargar", "falta"));
    await server.waitForRequests(2);

    const chunk = (await once(socket, "data"))[0] as Buffer;
    const reply = await oracle().dumps({ estado: "error" });
    expect(chunk.readUInt32BE()).toBe(reply.length);
    expect(new Uint8Array(chunk.subarray(4))).toEqual(reply.bytes);

    const silent = await ask(server, ["raw", "borrar", '"hola.txt"'], { before: ["--timeout", "0.2"] });
    expect(silent).toMatchObject({ code: 3, stdout: "", stderr: "timed out\n" });
  });

  test("drops the connection when a handler raises", async () => {
    const server = await served();
    const dropped = await ask(server, ["get", "carpeta", "hola.txt"]);
    expect(dropped).toMatchObject({ code: 4, stdout: "" });
    await server.waitForLog(/raised IsADirectoryError/);
    expect((await ask(server, ["list"])).code).toBe(0);
  });

  test("drops the connection when a payload is no Mensaje", async () => {
    const server = await served();
    const socket = await raw(server);
    socket.write(Uint8Array.of(0, 0, 0, 2, 0x4e, 0x2e)); // None
    expect(await untilClosed(socket)).toBe(0);
    await server.waitForLog(/raised AttributeError/);
  });

  test("imports its class with --module", async () => {
    const server = await served({ module: "mensaje" });
    const into = await folder();
    for (const module of ["__main__", "mensaje"]) {
      const dump = join(into, module);
      const { code } = await ask(server, ["list"], { before: ["--module", module, "--dump-reply", dump] });
      expect(code).toBe(0);
      expect(await readFile(dump, "latin1")).toContain("mensaje");
    }
    await server.close();
  });

  test("rejects with its stderr when it cannot listen", async () => {
    const starting = startPythonServer({ folder: await folder(), host: "203.0.113.1" });
    await expect(starting).rejects.toThrow(/did not listen\n(.*\n)*OSError/);
  });

  test("is gone after close()", async () => {
    const server = await served();
    expect(() => process.kill(server.pid, 0)).not.toThrow();
    await server.close();
    await server.close();
    expect(() => process.kill(server.pid, 0)).toThrow("ESRCH");
    await expect(server.waitForRequests(1)).rejects.toThrow("0 of 1 requests");
  });
});

describe("client.py", () => {
  test("sends any operation with extra attributes and prints every attribute of the reply", async () => {
    const server = await served();
    const before = ["--good-bye", "--extra", 'resumen="sha256"'];
    const { stdout } = await ask(server, ["raw", "descargar", '"hola.txt"'], { before });
    const bytes = Buffer.from(FILES["hola.txt"] ?? "").toString("base64");
    expect(parsed(stdout)).toEqual([{ operacion: null, data: { bytes }, estado: "ok" }]);
    await server.waitForLog(/good-bye/);
  });

  test("prints size and crc32 with --hash-only and writes no file", async () => {
    const server = await served();
    const cwd = await folder();
    const { stdout } = await ask(server, ["get", "hola.txt"], { cwd, before: ["--hash-only"] });
    expect(parsed(stdout)).toEqual([
      { name: "hola.txt", estado: "ok", bytes: 11, crc32: crc32(FILES["hola.txt"] ?? "").toString(16) },
    ]);
    expect(await readdir(cwd)).toEqual([]);
  });

  test("saves under descargas", async () => {
    const server = await served();
    const cwd = await folder();
    await ask(server, ["get", "hola.txt"], { cwd });
    expect(await readdir(join(cwd, "descargas"))).toEqual(["hola.txt"]);
  });

  test("under a module that the server does not know is dropped", async () => {
    const server = await served();
    expect((await ask(server, ["list"], { before: ["--module", "pkg.sub"] })).code).toBe(4);
    await server.waitForLog(/raised ModuleNotFoundError/);
  });

  test("with --slots reads only a reply in the state shape of slots", async () => {
    const slotted = await served({ slots: true });
    expect(sortedList(await ask(slotted, ["list"], { before: ["--slots"] }))).toEqual(everything);

    const plain = await served();
    const unread = await ask(plain, ["list"], { before: ["--slots"] });
    expect(unread).toMatchObject({ code: 1, stdout: "" });
    expect(unread.stderr).toContain("AttributeError");
    expect(await plain.waitForRequests(1)).toEqual(["request 'listar' None segments=1"]);
  });

  test("is killed after timeoutMs", async () => {
    const server = await served();
    const waiting = ask(server, ["raw", "borrar", "null"], { timeoutMs: 500 });
    await expect(waiting).rejects.toThrow("client.py was not done after 500 ms");
  });

  test.runIf(process.platform === "linux")("tells its peak memory", async () => {
    const server = await served();
    const { peakRssKib: peak = 0 } = await ask(server, ["list"]);
    expect(peak).toBeGreaterThan(1000);
    expect(peakRssKib(server.pid)).toBeGreaterThan(1000);
    await server.close();
    expect(peakRssKib(server.pid)).toBeUndefined();
  });
});

describe("legacy_client.py", () => {
  const flavours = [[], ["--unicode"], ["--c-pickle"]];

  async function downloads(one: Python, protocol: number, flavour: readonly string[]): Promise<void> {
    const server = await served({ protocol });
    const into = await folder();
    const how = {
      script: "legacy_client",
      python: one,
      before: ["--protocol", String(protocol), "--folder", into, ...flavour],
    } as const;
    const listed = await ask(server, ["list"], how);
    expect(listed.stderr).toBe("");
    expect(sortedList(listed)).toEqual(everything);
    const names = Object.keys(FILES).filter((name) => flavour.includes("--unicode") || /^[ -~]+$/.test(name));
    const got = await ask(server, ["get", ...names, "falta"], how);
    expect(got).toMatchObject({ code: 0, stderr: "" });
    expect(parsed(got.stdout)).toMatchObject([
      ...names.map((name) => ({ name, estado: "ok", bytes: Buffer.byteLength(FILES[name] ?? "") })),
      { name: "falta", estado: "error", bytes: null, sha256: null },
    ]);
    for (const name of names) expect(await readFile(join(into, name), "utf8")).toBe(FILES[name]);
  }

  test("runs under Python 3", () => downloads(python() as Python, 2, ["--unicode"]));

  test("lists and downloads under Python 2.7", async ({ skip }) => {
    if (python27 === undefined) return skip("no Python 2.7 here");
    for (const protocol of [0, 1, 2]) {
      for (const flavour of flavours) await downloads(python27, protocol, flavour);
    }
  });

  test("with --old-style is understood, and cannot read what Python 3 replies", async ({ skip }) => {
    if (python27 === undefined) return skip("no Python 2.7 here");
    for (const protocol of [0, 1, 2]) {
      const server = await served({ protocol });
      const before = ["--old-style", "--protocol", String(protocol)];
      const { code } = await ask(server, ["list"], { script: "legacy_client", python: python27, before });
      expect(code).toBe(1);
      expect(await server.waitForRequests(1)).toEqual(["request 'listar' None segments=1"]);
      await server.close();
    }
  });
});

describe("PythonOracle.dumps()", () => {
  test("writes the class reference and the attributes in order", async () => {
    const { bytes, length } = await oracle().dumps({
      protocol: 2,
      module: "pkg.sub",
      operacion: "listar",
      extras: { version: 1, resumen: { bytes: "AAE=" } },
    });
    expect(length).toBe(bytes?.length);
    const text = Buffer.from(bytes ?? []).toString("latin1");
    expect(text.startsWith("\x80\x02cpkg.sub\nMensaje\nq\0)\x81q\x01}q\x02(X\x09\0\0\0operacionq\x03")).toBe(
      true,
    );
    const order = ["operacion", "data", "estado", "version", "resumen"].map((name) => text.indexOf(name));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(order).not.toContain(-1);
  });

  test("pickles equal strings as distinct objects", async () => {
    const { bytes } = await oracle().dumps({ protocol: 4, data: { list: ["ok", "ok"] }, estado: "ok" });
    expect(
      Buffer.from(bytes ?? [])
        .toString("latin1")
        .split("ok"),
    ).toHaveLength(4);
  });

  test("leaves bytes out from 4096 on, unless asked for in full", async () => {
    const asked = oracle();
    const request = { protocol: 4, data: { zeros: 5000 }, estado: "ok" };
    const [short, full, names] = await Promise.all([
      asked.dumps(request),
      asked.dumps({ ...request, full: true }),
      asked.dumps({ data: { names: 2 } }),
    ]);
    expect(short).toEqual({ sha256: full.sha256, length: full.length, bytes: undefined });
    expect(full.bytes).toHaveLength(full.length);
    expect(Buffer.from(names.bytes ?? []).toString("latin1")).toContain("file-00001.bin");
  });

  test("pickles the shapes of slots and, in 2.7, of old-style classes", async ({ skip }) => {
    const slots = await oracle().dumps({ protocol: 2, slots: true });
    expect(Buffer.from(slots.bytes ?? []).toString("latin1")).toContain("q\x01N}q\x02");
    if (python27 === undefined) return skip("no Python 2.7 here");
    const asked = oracle(python27);
    const inst = await asked.dumps({ protocol: 0, oldStyle: true });
    expect(Buffer.from(inst.bytes ?? []).toString("latin1")).toMatch(/^\(i__main__\nMensaje\n/);
    const obj = await asked.dumps({ protocol: 1, oldStyle: true, cPickle: true, data: { str: "a" } });
    expect(Buffer.from(obj.bytes ?? []).toString("latin1")).toMatch(/^\(c__main__\nMensaje\n/);
  });

  test("throws what Python raises and goes on", async () => {
    const asked = oracle();
    await expect(asked.dumps({ protocol: 99 })).rejects.toThrow(PythonError);
    await expect(asked.dumps({ protocol: 99 })).rejects.toThrow("ValueError: pickle protocol must be <= ");
    await expect(asked.dumps({ protocol: 0, slots: true })).rejects.toThrow("TypeError");
    expect((await asked.dumps({})).length).toBeGreaterThan(0);
  });
});

describe("PythonOracle.echo()", () => {
  const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));

  test.each([
    ["None", "N."],
    ["1", "K\x01."],
    ["True", "\x88."],
    ["1.0", "G\x3f\xf0\0\0\0\0\0\0."],
    ["-0.0", "G\x80\0\0\0\0\0\0\0."],
    ["nan", "G\x7f\xf8\0\0\0\0\0\0."],
    ["'\\xe9'", "X\x02\0\0\0\xc3\xa9."],
    ["'\\udc80'", "X\x03\0\0\0\xed\xb2\x80."],
    ["b'\\x00'", "C\x01\0."],
    ["bytearray(b'ab')", "c__builtin__\nbytearray\nC\x02ab\x85R."],
    ["[1, 'a']", "](K\x01X\x01\0\0\0ae."],
    ["(1,)", "K\x01\x85."],
    ["()", ")."],
    ["{'a': 1}", "}X\x01\0\0\0aK\x01s."],
    ["set([1, 2, 3])", "\x8f(K\x03K\x01K\x02\x90."],
    ["frozenset([])", "(\x91."],
    ["[#1=[], #1#]", "](]q\0h\0e."],
    ["#1=[#1#]", "]q\0h\0a."],
    ["[(), ()]", "])a)a."],
    ["__main__.Mensaje{'data': 1}", "c__main__\nMensaje\n)\x81}X\x04\0\0\0dataK\x01sb."],
    ["pkg.sub.Mensaje{}", "cpkg.sub\nMensaje\n)\x81."],
    ["OrderedDict()", "ccollections\nOrderedDict\n)R."],
  ])("repr %s", async (repr, pickle) => {
    const asked = oracle();
    const protocol = python()?.highestProtocol ?? 4;
    const first = await asked.echo(protocol, latin1(pickle));
    expect(first.repr.replace(/^OrderedDict\(\[\]\)$/, "OrderedDict()")).toBe(repr);
    expect(first.pickle.subarray(0, 2)).toEqual(Uint8Array.of(0x80, protocol));
    expect((await asked.echo(2, first.pickle)).repr).toBe(first.repr);
  });

  test("throws what Python raises and goes on", async () => {
    const asked = oracle();
    await expect(asked.echo(4, latin1("K"))).rejects.toThrow(PythonError);
    await expect(asked.echo(99, latin1("N."))).rejects.toThrow("ValueError");
    await expect(asked.echo(4, latin1("cnot_there\nThing\n."))).rejects.toThrow("ModuleNotFoundError");
    expect((await asked.echo(4, latin1("N."))).repr).toBe("None");
  });

  test("carries many megabytes", async () => {
    const size = 20_000_000;
    const pickle = Buffer.alloc(size + 6);
    pickle.set([0x42, size & 255, (size >> 8) & 255, (size >> 16) & 255, size >>> 24]);
    pickle.set([0x2e], size + 5);
    const again = await oracle().echo(3, pickle);
    expect(again.pickle.length).toBeGreaterThan(size);
    expect(again.repr).toHaveLength(size * 4 + 3);
  });

  test("tells str from unicode under Python 2.7", async ({ skip }) => {
    if (python27 === undefined) return skip("no Python 2.7 here");
    const asked = oracle(python27);
    expect((await asked.echo(2, latin1("](U\x01aX\x02\0\0\0\xc3\xa9L5L\ne."))).repr).toBe(
      "[b'a', '\\xe9', 5L]",
    );
    const old = await asked.dumps({ oldStyle: true, data: 1 });
    expect((await asked.echo(2, old.bytes ?? new Uint8Array())).repr).toContain("__main__.Mensaje{");
  });

  test("rejects after close()", async () => {
    const asked = oracle();
    const cut = asked.echo(2, latin1("N."));
    const closing = asked.close();
    await expect(cut).rejects.toThrow();
    await closing;
    await expect(asked.echo(2, latin1("N."))).rejects.toThrow("PythonOracle is closed");
  });
});
