// The old clients, written in Python, against our server: they must not notice.

import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type DumpsRequest,
  defaultPython,
  type Python,
  type PythonClientOptions,
  PythonOracle,
  python,
  pythons,
  runPythonClient,
  type Tagged,
} from "@fileshare/peers";
import { encodeFrame } from "@fileshare/protocol";
import { afterAll, describe, expect, test } from "vitest";
import { type Client, connectTo } from "./support/client.js";
import { folderWith, served } from "./support/served.js";

const threes = pythons().filter(({ version }) => !version.startsWith("2."));
const python27 = python("2.7");
const without27 = python27 ? "" : " (skipped: there is no Python 2.7 here)";

const oracle = new PythonOracle();
afterAll(() => oracle.close());

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

const files: Readonly<Record<string, Buffer>> = {
  "hola.txt": Buffer.from("hola\nmundo\r\n"),
  "bytes.bin": everyByte,
  vacio: Buffer.alloc(0),
  "año ñandú 文件 😀.txt": Buffer.from("¿qué tal?"),
  "con espacios .txt": Buffer.from("a b"),
  "grande.bin": randomBytes(300_000),
};
const names = Object.keys(files);

interface Ask extends Omit<PythonClientOptions, "args"> {
  readonly before?: readonly string[];
}

/** What a client prints, a JSON value for each line. */
async function ask(port: number, command: readonly string[], how: Ask = {}): Promise<unknown[]> {
  const { before = [], ...options } = how;
  const { code, stdout, stderr } = await runPythonClient({
    ...options,
    args: [...before, "localhost", String(port), ...command],
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const lines = stdout.split("\n").slice(0, -1);
  return lines.map((line): unknown => JSON.parse(line));
}

function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** What the client says of a file that it got. */
function got(name: string): object {
  const content = files[name] ?? Buffer.alloc(0);
  return { name, estado: "ok", bytes: content.length, sha256: sha256(content) };
}

/** Lists and downloads over connections of one client, and looks at what it has saved. */
async function story(port: number, how: Ask, wanted: readonly string[] = names): Promise<void> {
  const into = await folderWith();
  const before = [...(how.before ?? []), "--folder", into];
  expect(await ask(port, ["list"], { ...how, before })).toEqual([names.toSorted()]);
  expect(await ask(port, ["get", ...wanted, "falta", "../hola.txt"], { ...how, before })).toEqual([
    ...wanted.map(got),
    { name: "falta", estado: "error", bytes: null, sha256: null },
    { name: "../hola.txt", estado: "error", bytes: null, sha256: null },
  ]);
  expect((await readdir(into)).sort()).toEqual(wanted.toSorted());
  for (const name of wanted)
    expect((await readFile(join(into, name))).equals(files[name] as Buffer)).toBe(true);
}

describe("A Python client", () => {
  test.each(threes)("of Python $version lists and downloads", async (one) => {
    const { port } = await served({ files });
    await story(port, { python: one });
  });

  test.each([
    [3, "__main__"],
    [3, "mensaje"],
    [4, "mensaje"],
    [4, "pkg.sub"],
    [5, "__main__"],
    [5, "pkg.sub"],
  ])("in protocol %d with its class in %s lists and downloads", async (protocol, module) => {
    const { port } = await served({ files });
    await story(port, { before: ["--protocol", String(protocol), "--module", module] });
  });

  test.each([2, 3, 4, 5])("with slots, in protocol %d, lists and downloads", async (protocol) => {
    const { port } = await served({ files });
    await story(port, { before: ["--slots", "--protocol", String(protocol)] });
  });

  test.each([0, 1, 2])("of old, run by Python 3 in protocol %d, lists and downloads", async (protocol) => {
    const { port } = await served({ files });
    await story(port, { script: "legacy_client", before: ["--protocol", String(protocol)] });
  });

  describe.skipIf(!python27)(`run by Python 2.7${without27}`, () => {
    const one = python27 as Python;
    const flavours = [[], ["--unicode"], ["--c-pickle"], ["--old-style"], ["--old-style", "--c-pickle"]];
    test.each(
      [0, 1, 2].flatMap((protocol) =>
        flavours.map((flavour) => [protocol, flavour.join(" "), flavour] as const),
      ),
    )("in protocol %d %s lists and downloads", async (protocol, _, flavour) => {
      const { port } = await served({ files });
      // A name that is a str of 2.7 comes as bytes, unless it is ASCII.
      const wanted = flavour.includes("--unicode") ? names : names.filter((name) => /^[ -~]+$/.test(name));
      await story(
        port,
        { script: "legacy_client", python: one, before: ["--protocol", String(protocol), ...flavour] },
        wanted,
      );
    });
  });

  test("gets 100 files over one connection", async () => {
    const many = Object.fromEntries(
      Array.from({ length: 100 }, (_, i) => [`file-${i}`, randomBytes(i * 100)]),
    );
    const { servidor, port } = await served({ files: many });
    let connected = 0;
    servidor.on("connected", () => connected++);
    const lines = await ask(port, ["get", ...Object.keys(many)], {
      before: ["--folder", await folderWith()],
    });
    expect(lines).toEqual(
      Object.entries(many).map(([name, { length }]) => ({
        name,
        estado: "ok",
        bytes: length,
        sha256: sha256(many[name] as Buffer),
      })),
    );
    expect(connected).toBe(1);
  });

  test("says good-bye, and is answered what it asks beyond the protocol", async () => {
    const { port } = await served({ files });
    const before = ["--good-bye", "--extra", 'resumen="sha256"'];
    expect(await ask(port, ["raw", "listar", "null"], { before })).toEqual([
      { operacion: null, data: names.toSorted(), estado: "ok" },
    ]);
    expect(await ask(port, ["raw", "borrar", '"hola.txt"'], { before })).toEqual([
      { operacion: null, data: null, estado: "error", reason: "BAD_REQUEST" },
    ]);
  });

  test("is one of 50 at once, in 5 processes", async () => {
    const { servidor, port } = await served({ files });
    let connected = 0;
    servidor.on("connected", () => connected++);
    const outputs = await Promise.all(Array.from({ length: 5 }, () => runTenClients(port)));
    const expected = Array.from({ length: 10 }, () => names.map((name) => sha256(files[name] as Buffer)));
    for (const output of outputs) expect(JSON.parse(output)).toEqual(expected);
    expect(connected).toBe(50);
  });
});

/** Ten of the old clients at once, in threads of one process: each downloads all files. Gives what they print. */
async function runTenClients(port: number): Promise<string> {
  const program = `
import hashlib, json, sys, threading
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
import client

names = json.loads(sys.argv[3])
hashes = [None] * 10
connected = threading.Barrier(10)

def run(i):
    one = client.Cliente("localhost", int(sys.argv[2]))
    assert one.pedir_lista_archivos() == sorted(names, key=lambda name: name.encode("utf-16-be"))
    connected.wait()
    hashes[i] = [hashlib.sha256(one.descargar_archivo(name).data).hexdigest() for name in names]
    one.close()

threads = [threading.Thread(target=run, args=(i,)) for i in range(10)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps(hashes))
`;
  const scripts = join(dirname(fileURLToPath(import.meta.resolve("@fileshare/peers"))), "..", "python");
  const child = spawn(defaultPython(), ["-c", program, scripts, String(port), JSON.stringify(names)], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, LC_ALL: "C.UTF-8" },
  });
  let output = "";
  for await (const text of child.stdout.setEncoding("utf8")) output += text;
  return output;
}

type Exchange = readonly [request: DumpsRequest, reply: DumpsRequest];

const list = (data: Tagged): Exchange => [{ operacion: "listar" }, { data, estado: "ok" }];
const get = (name: string, data: Tagged): Exchange => [
  { operacion: "descargar", data: name },
  { data, estado: "ok" },
];

/** Asks as CPython does, and compares with what CPython would answer. */
async function compare(client: Client, protocol: number, [request, reply]: Exchange): Promise<void> {
  const asked = await oracle.dumps({ protocol, ...request, full: true });
  await client.send(encodeFrame(asked.bytes ?? new Uint8Array()));
  const payload = await client.payload();
  const { length, sha256: expected, bytes } = await oracle.dumps({ protocol, ...reply });
  if (bytes) expect(payload).toEqual(bytes);
  expect({ length: payload.length, sha256: sha256(payload) }).toEqual({ length, sha256: expected });
}

describe("A reply is what CPython writes", () => {
  test("for lists of 0 to 2000 names, in every protocol", async () => {
    const { port, folder } = await served();
    const client = await connectTo(port);
    let there = 0;
    for (const count of [0, 1, 2, 999, 1000, 1001, 2000]) {
      for (; there < count; there++) {
        await writeFile(join(folder, `file-${String(there).padStart(5, "0")}.bin`), "");
      }
      for (const protocol of [0, 1, 2, 3, 4, 5]) await compare(client, protocol, list({ names: count }));
    }
  });

  test.each([3, 4, 5])("as the old client gets it, in protocol %d", async (protocol) => {
    const { port } = await served({ files });
    const dump = join(await folderWith(), "reply");
    const before = ["--protocol", String(protocol), "--hash-only", "--dump-reply", dump];
    await ask(port, ["get", "grande.bin"], { before });
    const content = (files["grande.bin"] as Buffer).toString("base64");
    const expected = await oracle.dumps({ protocol, data: { bytes: content }, estado: "ok" });
    expect(sha256(await readFile(dump))).toBe(expected.sha256);
    await ask(port, ["list"], { before });
    const listed = await oracle.dumps({ protocol, data: { list: names.toSorted() }, estado: "ok" });
    expect(new Uint8Array(await readFile(dump))).toEqual(listed.bytes);
  });
});

describe.each([0, 1, 2, 3, 4, 5])("A reply in protocol %d is what CPython writes", (protocol) => {
  test("for names of every kind", async () => {
    const odd = [
      "",
      "año ñandú",
      "文件",
      "😀",
      "a\\b",
      "a\nb",
      "e\u0301",
      "ok",
      "data",
      "x".repeat(255),
    ].slice(1);
    const { port } = await served({ files: Object.fromEntries(odd.map((name) => [name, ""])) });
    const client = await connectTo(port);
    await compare(client, protocol, list({ list: odd.toSorted() }));
    for (const name of odd) await compare(client, protocol, get(name, { bytes: "" }));
  });

  test("for files of 0 bytes to 1 MiB", async () => {
    const sizes = [0, 1, 2, 255, 256, 257, 65_535, 65_536, 65_537, 1_048_576];
    const { port } = await served({
      files: Object.fromEntries(sizes.map((size) => [String(size), new Uint8Array(size)])),
    });
    const client = await connectTo(port);
    for (const size of sizes) await compare(client, protocol, get(String(size), { zeros: size }));
  });

  test("for bytes of every value", async () => {
    const contents = [
      everyByte,
      Buffer.from("plain"),
      randomBytes(1000),
      randomBytes(300_000),
      Buffer.of(0x5c, 0x75),
    ];
    const { port } = await served({
      files: Object.fromEntries(contents.map((content, i) => [`${i}`, content])),
    });
    const client = await connectTo(port);
    for (const [i, content] of contents.entries()) {
      await compare(client, protocol, get(`${i}`, { bytes: content.toString("base64") }));
    }
  });

  test("for a refusal", async () => {
    const { port } = await served();
    const client = await connectTo(port);
    await compare(client, protocol, [{ operacion: "descargar", data: "falta" }, { estado: "error" }]);
    await compare(client, protocol, [{ operacion: "borrar", data: "falta" }, { estado: "error" }]);
    await compare(client, protocol, [{ data: "falta" }, { estado: "error" }]);
  });

  test("for classes of other modules, and with slots where there are any", async () => {
    const { port } = await served({ files: { a: everyByte } });
    const client = await connectTo(port);
    const shapes: DumpsRequest[] = [{ module: "mensaje" }, { module: "pkg.sub" }];
    if (protocol >= 2) shapes.push({ slots: true }, { slots: true, module: "pkg.sub" });
    if (protocol >= 3) shapes.push({ module: "año" });
    for (const shape of shapes) {
      for (const [request, reply] of [
        get("a", { bytes: everyByte.toString("base64") }),
        list({ list: ["a"] }),
        [{ operacion: "nada" }, { estado: "error" }],
      ] satisfies Exchange[]) {
        await compare(client, protocol, [
          { ...shape, ...request },
          { ...shape, ...reply },
        ]);
      }
    }
  });
});
