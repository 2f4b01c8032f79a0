import { once } from "node:events";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { tempFolder } from "@fileshare/peers";
import { describe, expect, test } from "vitest";
import { python, run, start } from "./run.js";

const samples = fileURLToPath(new URL("../archivos", import.meta.url));
const names = ["canción.txt", "hola.txt", "lista de la compra.txt", "todos-los-bytes.bin", "vacío.txt"];

async function expectCopies(folder: string): Promise<void> {
  expect((await readdir(folder)).sort()).toEqual(names);
  for (const name of names) {
    const [copy, original] = await Promise.all([readFile(join(folder, name)), readFile(join(samples, name))]);
    expect(copy.equals(original), name).toBe(true);
  }
}

describe("serve and list-and-download", () => {
  test("copy the samples from one to the other", async () => {
    await using temporary = await tempFolder();
    const folder = join(temporary.path, "descargas");
    await using server = start("serve");
    const [, shared, port] = await server.line(/^serving (.+) on localhost:(\d+)$/);
    expect(shared).toBe(samples);

    const { code, stdout, stderr } = await run("list-and-download", `localhost:${port}`, folder);
    expect(code, stderr).toBe(0);
    expect(stdout.split("\n")).toEqual([
      "5 files",
      `saved ${JSON.stringify(join(folder, "canción.txt"))}, 77 bytes`,
      `saved ${JSON.stringify(join(folder, "hola.txt"))}, 81 bytes`,
      `saved ${JSON.stringify(join(folder, "lista de la compra.txt"))}, 39 bytes`,
      `saved ${JSON.stringify(join(folder, "todos-los-bytes.bin"))}, 256 bytes`,
      `saved ${JSON.stringify(join(folder, "vacío.txt"))}, 0 bytes`,
      "",
    ]);
    expect(stderr).toContain('\r"hola.txt": 81 of 81 bytes');
    await expectCopies(folder);

    await server.line(/^client 1 left$/);
    const { code: stopped, lines } = await server.stop("SIGTERM");
    expect(stopped).toBe(0);
    expect(lines.slice(1)).toEqual([
      "client 1 connected",
      'client 1 asks: "listar" null',
      ...names.map((name) => `client 1 asks: "descargar" ${JSON.stringify(name)}`),
      "client 1 left",
      "stopped",
    ]);
  });

  test("serve takes a folder, and stops on SIGINT with a client connected", async () => {
    await using temporary = await tempFolder();
    await writeFile(join(temporary.path, "uno.txt"), "1");
    await using server = start("serve", temporary.path, "0");
    const [, port] = await server.line(/:(\d+)$/);
    const { stdout } = await run("list-and-download", `localhost:${port}`, join(temporary.path, "copias"));
    expect(stdout).toMatch(/^1 files\nsaved ".*uno\.txt", 1 bytes\n$/);
    const socket = connect(Number(port), "localhost").resume();
    await server.line(/^client 2 connected$/);
    const [{ code }] = await Promise.all([server.stop("SIGINT"), once(socket, "close")]);
    expect(code).toBe(0);
  });

  test("list-and-download goes on after a file that cannot be saved", async () => {
    await using temporary = await tempFolder();
    const folder = join(temporary.path, "descargas");
    await mkdir(join(folder, "hola.txt"), { recursive: true });
    await using server = start("serve");
    const [, port] = await server.line(/:(\d+)$/);
    const { code, stdout, stderr } = await run("list-and-download", `localhost:${port}`, folder);
    expect(code).toBe(1);
    expect(stderr).toContain("a folder of that name stands there");
    expect(stdout.match(/^saved /gm)).toHaveLength(4);
  });
});

test("own-operation answers with the files' SHA-256, and refuses one that is not there", async () => {
  const { code, stdout, stderr } = await run("own-operation");
  expect(code, stderr).toBe(0);
  const lines = stdout.split("\n");
  expect(lines.slice(0, 5).map((line) => line.replace(/^[0-9a-f]{64} /, ""))).toEqual([
    "77 canción.txt",
    "81 hola.txt",
    "39 lista de la compra.txt",
    "256 todos-los-bytes.bin",
    "0 vacío.txt",
  ]);
  // As sha256sum has them: of nothing, and of the bytes 0 to 255.
  expect(lines[4]).toMatch(/^e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 /);
  expect(lines[3]).toMatch(/^40aff2e9d2d8922e47afd4648e6967497158785fbd1da870e7110266bf944880 /);
  expect(lines.slice(5)).toEqual([
    'refused: The server refused operation "resumen" (estado "error")',
    "still connected: 5 files",
    "",
  ]);
});

describe("inspect-pickle", () => {
  test("shows a pickle of its own", async () => {
    const { code, stdout, stderr } = await run("inspect-pickle");
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^dict of 5\n {2}"name": str "canción\.txt"\n/);
  });

  test.each([0, 1, 2, 3, 4, 5])(
    "shows what Python wrote in protocol %i, with its types",
    async (protocol) => {
      await using temporary = await tempFolder();
      const file = join(temporary.path, "value.pkl");
      const script = `
import pickle, sys
class Mensaje: pass
mensaje = Mensaje()
mensaje.operacion = "listar"
recursive = []
recursive.append(recursive)
value = {
    "int": 7, "big": 2**70, "float": 1.0, "half": 0.5, "huge": 1e300, "zero": -0.0, "list": [True, None],
    "tuple": (1, "dos"), "set": {3}, "frozenset": frozenset(), "bytes": bytes(range(20)), "empty": b"",
    "bytearray": bytearray(b"x"), ("k", 1): {}, 2: "int key", "mensaje": mensaje, "recursive": recursive,
}
with open(sys.argv[1], "wb") as f: pickle.dump(value, f, int(sys.argv[2]))`;
      await python(script, file, String(protocol));
      const { code, stdout, stderr } = await run("inspect-pickle", file);
      expect(code, stderr).toBe(0);
      expect(stdout).toBe(`dict of 17
  "int": int 7
  "big": int 1180591620717411303424
  "float": float 1.0
  "half": float 0.5
  "huge": float 1e+300
  "zero": float -0.0
  "list": list of 2
    [0] bool True
    [1] NoneType None
  "tuple": tuple of 2
    [0] int 1
    [1] str "dos"
  "set": set of 1
    int 3
  "frozenset": frozenset of 0
  "bytes": bytes of 20: 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f ...
  "empty": bytes of 0
  "bytearray": bytearray of 1: 78
  key tuple of 2
    [0] str "k"
    [1] int 1
  value dict of 0
  int 2: str "int key"
  "mensaje": __main__.Mensaje instance
    state: dict of 1
      "operacion": str "listar"
  "recursive": list of 1
    [0] list (see above)
`);
    },
  );

  test("names a function that a pickle would call, and does not call it", async () => {
    await using temporary = await tempFolder();
    const file = join(temporary.path, "evil.pkl");
    const ran = join(temporary.path, "ran");
    const script = `
import os, pickle, sys
class Evil:
    def __reduce__(self): return os.system, ("touch " + sys.argv[2],)
with open(sys.argv[1], "wb") as f: pickle.dump(Evil(), f)`;
    await python(script, file, ran);
    const { code, stdout, stderr } = await run("inspect-pickle", file);
    expect(code).toBe(1);
    expect(stdout).toBe("");
    // Python writes os.system under the name of the module that it really comes from.
    expect(stderr).toMatch(
      /^UNKNOWN_CLASS: Cannot decode pickle: the class (posix|nt)\.system is not registered/,
    );
    expect(await readdir(temporary.path)).toEqual(["evil.pkl"]);
  });

  test("says why a file is no pickle", async () => {
    const { code, stderr } = await run("inspect-pickle", join(samples, "vacío.txt"));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^TRUNCATED: /);
  });
});

test("python-client downloads everything from our server", async () => {
  await using temporary = await tempFolder();
  const { code, stdout, stderr } = await run("python-client", temporary.path);
  expect(code, stderr).toBe(0);
  expect(stdout.split("\n").filter((line) => line.startsWith("saved"))).toEqual([
    String.raw`saved 'canci\xf3n.txt', 77 bytes`,
    "saved 'hola.txt', 81 bytes",
    "saved 'lista de la compra.txt', 39 bytes",
    "saved 'todos-los-bytes.bin', 256 bytes",
    String.raw`saved 'vac\xedo.txt', 0 bytes`,
  ]);
  expect(stdout).toContain('request: descargar "canción.txt"\n');
  expect(stdout).toContain("python3 exited with 0\n");
  await expectCopies(temporary.path);
});

test("demo downloads every file through the real commands, and finds them equal", async () => {
  const { code, stdout, stderr } = await run("demo");
  expect(code, stdout + stderr).toBe(0);
  expect(stderr).toBe("");
  const [, port, folder] =
    /^fileshare-server listening on localhost:(\d+)$[\s\S]*?-> (.+)[/\\]canción\.txt$/m.exec(stdout) ?? [];
  // Files arrive side by side: which is there first is not said. What has arrived of one is, where it takes long.
  const sorted = stdout
    .replace(/^.+: [\d.]+ \w?B of .+\n/gm, "")
    .replace(/(^.+ -> .+\n)+/m, (lines) => `${lines.split("\n").slice(0, -1).sort().join("\n")}\n`);
  expect(sorted).toBe(`$ fileshare-server archivos --port 0 --log-level warn
fileshare-server listening on localhost:${port}

$ fileshare ls --server localhost:${port}
canción.txt
grande.bin
hola.txt
lista de la compra.txt
todos-los-bytes.bin
vacío.txt

$ fileshare get --server localhost:${port} --output descargas 'canción.txt' grande.bin hola.txt 'lista de la compra.txt' todos-los-bytes.bin 'vacío.txt'
canción.txt: 77 B -> ${join(folder ?? "", "canción.txt")}
grande.bin: 20.0 MB -> ${join(folder ?? "", "grande.bin")}
hola.txt: 81 B -> ${join(folder ?? "", "hola.txt")}
lista de la compra.txt: 39 B -> ${join(folder ?? "", "lista de la compra.txt")}
todos-los-bytes.bin: 256 B -> ${join(folder ?? "", "todos-los-bytes.bin")}
vacío.txt: 0 B -> ${join(folder ?? "", "vacío.txt")}

6 files, 20000453 bytes: every copy is equal to its original

stopping the server with SIGTERM
fileshare-server exited with 0
`);
  await expect(readdir(folder ?? "")).rejects.toThrow("ENOENT");
});
