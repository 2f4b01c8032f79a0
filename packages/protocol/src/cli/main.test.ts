import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { defaultPython, tempFolder } from "@fileshare/peers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const bin = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(args: readonly string[], input?: Uint8Array): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], {
    cwd: folder.path,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    ...(input ? { input } : {}),
  });
  return { code: status, stdout, stderr };
}

function python(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(defaultPython(), args, {
    cwd: folder.path,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  return stdout;
}

/** Writes the files that the tests look into. */
const SCRIPT = `
import collections, dataclasses, datetime, os, pickle, sys, types

def dump(name, *values, protocol=4):
    with open(name, "wb") as file:
        for value in values: pickle.dump(value, file, protocol)

@dataclasses.dataclass
class Song:
    title: str
    seconds: float

# What stands in for NumPy writes what NumPy writes.
numpy = types.ModuleType("numpy")
multiarray = types.ModuleType("numpy.core.multiarray")
sys.modules.update({"numpy": numpy, "numpy.core": types.ModuleType("numpy.core"), "numpy.core.multiarray": multiarray})
def _reconstruct(kind, shape, code): return kind()
_reconstruct.__module__ = "numpy.core.multiarray"
multiarray._reconstruct = _reconstruct
class dtype:
    def __init__(self, *args): pass
    def __reduce__(self): return dtype, ("f8", False, True), (3, "<", None, None, None, -1, -1, 0)
    def __setstate__(self, state): pass
class ndarray:
    def __reduce__(self): return _reconstruct, (ndarray, (0,), b"b"), (1, (2,), dtype(), False, bytes(8) + bytes([0] * 6 + [248, 63]))
    def __setstate__(self, state): pass
for one in (dtype, ndarray):
    one.__module__ = "numpy"
    setattr(numpy, one.__name__, one)

class Shell:
    def __reduce__(self): return os.system, ("echo ran > ran",)

shared = [1, [2]]
shared.append(shared)
dump("plain.pkl", {"name": "canción\\x1b[2J\\n", "sizes": [1, 2.5], "shared": shared, "again": shared})
dump("known.pkl", [datetime.date(2024, 5, 1), collections.OrderedDict(a=1)])
dump("song.pkl", [Song("La llorona", 215.5)])
dump("array.pkl", ndarray())
dump("evil.pkl", {"weights": [0.5, Shell()]})
dump("evil0.pkl", Shell(), protocol=0)
dump("several.pkl", 1, ["dos"], {"tres": 3})
dump("long.pkl", {"list": list(range(1000)), "text": "x" * 1000})
data = pickle.dumps({"weights": [0.5, Shell()]})
with open("cut.pkl", "wb") as file: file.write(data[:-3])
with open("noise.pkl", "wb") as file: file.write(b"\\xff\\xfe" * 20)
`;

let folder: Awaited<ReturnType<typeof tempFolder>>;
beforeAll(async () => {
  folder = await tempFolder();
  python("-c", SCRIPT);
});
afterAll(() => folder[Symbol.asyncDispose]());

describe("fileshare-protocol inspect", () => {
  test("shows plain data as a tree", () => {
    expect(run(["inspect", "plain.pkl"])).toEqual({
      code: 0,
      stderr: "",
      stdout: `plain.pkl: 94 bytes, 1 pickle

pickle 1 from byte 0: protocol 4, 34 opcodes up to byte 94
  value
    dict of 4
      'name': 'canción\\u{1b}[2J\\n'
      'sizes': [1, 2.5]
      'shared': &1 list of 3
        [0]: 1
        [1]: [2]
        [2]: *1
      'again': *1
`,
    });
  });

  test("ends with 0 for classes that the converters make", () => {
    const { code, stdout } = run(["inspect", "known.pkl"]);
    expect(stdout).toContain("datetime.date            called        known\n");
    expect(stdout).not.toContain("refused");
    expect(code).toBe(0);
    expect(run(["inspect", "array.pkl"])).toMatchObject({ code: 0, stderr: "" });
  });

  test("ends with 1 for a class that decode does not know", () => {
    const { code, stdout } = run(["inspect", "song.pkl"]);
    expect(stdout).toContain("    __main__.Song  instantiated  unknown\n");
    expect(stdout).toContain(
      "      state: dict of 2\n        'title': 'La llorona'\n".replaceAll(/^/gm, "  ").trimEnd(),
    );
    expect(stdout).toContain("  refused: it names __main__.Song: not known\n");
    expect(code).toBe(1);
  });

  test.each(["evil.pkl", "evil0.pkl", "cut.pkl"])("flags the call in %s, and does not do it", (file) => {
    for (const flags of [[], ["--json"], ["--dis"], ["--full"]]) {
      const { code, stdout, stderr } = run(["inspect", file, ...flags]);
      expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
      expect(stdout).toContain("system");
      if (flags.length === 0)
        expect(stdout).toMatch(/ {4}posix\.system {2}called {8}DANGEROUS: runs commands\n/);
    }
    expect(existsSync(join(folder.path, "ran"))).toBe(false);
  });

  test("is what keeps from what Python does with the same file", () => {
    python("-c", "import pickle; pickle.load(open('evil.pkl', 'rb'))");
    expect(existsSync(join(folder.path, "ran"))).toBe(true);
    python("-c", "import os; os.remove('ran')");
  });

  test.each(["plain.pkl", "known.pkl", "song.pkl", "array.pkl", "evil.pkl", "evil0.pkl", "long.pkl"])(
    "--dis prints of %s what python3 -m pickletools prints",
    (file) => {
      expect(run(["inspect", "--dis", file]).stdout).toBe(python("-m", "pickletools", file));
    },
  );

  test("shows all of several pickles", () => {
    const { code, stdout } = run(["inspect", "several.pkl"]);
    expect(code).toBe(0);
    expect(stdout.match(/^pickle \d from byte \d+/gm)).toEqual([
      "pickle 1 from byte 0",
      "pickle 2 from byte 5",
      "pickle 3 from byte 26",
    ]);
    expect(stdout).toMatch(/\n {4}1\n[\s\S]*\n {4}\['dos'\]\n[\s\S]*\n {6}'tres': 3\n$/);
    expect(run(["inspect", "several.pkl", "--dis"]).stdout.match(/\.\s+STOP/g)).toHaveLength(3);
  });

  test("--json prints one value for programs", () => {
    const { code, stdout } = run(["inspect", "--json", "evil.pkl"]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      file: "evil.pkl",
      refused: true,
      rest: 0,
      pickles: [
        {
          offset: 0,
          protocol: 4,
          imports: [
            {
              module: "posix",
              qualname: "system",
              uses: ["called"],
              verdict: "dangerous",
              danger: "runs commands",
            },
          ],
          refusals: ["it names posix.system: known to be dangerous"],
          value: { type: "dict" },
        },
      ],
    });
    expect(JSON.parse(run(["inspect", "--json", "cut.pkl"]).stdout)).toMatchObject({
      pickles: [{ error: { code: "TRUNCATED" } }],
    });
  });

  test("cuts what is long, and shows all of it with --full", () => {
    const short = run(["inspect", "long.pkl"]).stdout;
    expect(short).toContain("        … 950 more\n");
    expect(short).toContain("…' (1000 characters)\n");
    const full = run(["inspect", "--full", "long.pkl"]).stdout;
    expect(full).toContain("        [999]: 999\n");
    expect(full).toContain(`'${"x".repeat(1000)}'\n`);
  });

  test("--max-depth cuts what is deep", () => {
    const { stdout } = run(["inspect", "long.pkl", "--max-depth", "0"]);
    expect(stdout).toContain("  value\n    dict of 2 …\n");
    const json = JSON.parse(run(["inspect", "long.pkl", "--json", "--max-depth=0"]).stdout);
    expect(json.pickles[0].value).toEqual({ type: "dict", cut: true });
  });

  test("reads stdin as -", async () => {
    const { code, stdout } = run(["inspect", "-"], await readFile(join(folder.path, "plain.pkl")));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^stdin: 94 bytes, 1 pickle\n/);
  });

  test("says what a file is that is no pickle", async () => {
    await writeFile(join(folder.path, "zip.pt"), "PK\x03\x04rest");
    expect(run(["inspect", "zip.pt"])).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^zip\.pt: no pickle, but a ZIP archive/),
    });
    const zipped = gzipSync(await readFile(join(folder.path, "plain.pkl")));
    expect(run(["inspect", "-", "--dis"], zipped)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("compressed with gzip"),
    });
    expect(run(["inspect", "noise.pkl"])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("no value: Cannot decode pickle: "),
    });
  });

  test("ends quietly when its reader has seen enough", () => {
    const { status, stdout, stderr } = spawnSync(
      "bash",
      ["-c", 'set -o pipefail; "$0" "$1" inspect --full - | head -1', process.execPath, bin],
      {
        encoding: "utf8",
        input: Buffer.concat([Buffer.from("("), Buffer.alloc(500_000, "N"), Buffer.from("l.")]),
      },
    );
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stderr: "",
      stdout: "stdin: 500003 bytes, 1 pickle\n",
    });
  });

  test.each([
    [[], "there is no command"],
    [["spam"], "there is no command spam"],
    [["inspect"], "inspect wants a FILE"],
    [["inspect", "a", "b"], "inspect takes one FILE"],
    [["inspect", "a", "--spam"], "'--spam'"],
    [["inspect", "a", "--max-depth", "x"], "--max-depth wants a number"],
    [["inspect", "a", "--dis", "--json"], "do not go together"],
    [["inspect", "nowhere.pkl"], "ENOENT"],
    [["inspect", "."], "EISDIR"],
  ])("ends with 2 for %j", (args, message) => {
    const { code, stdout, stderr } = run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^fileshare-protocol: /);
    expect(stderr).toContain(message);
  });

  test("--help and --version print to stdout", async () => {
    expect(run(["--help"])).toMatchObject({ code: 0, stdout: expect.stringContaining("--max-depth N") });
    const { version } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
    expect(run(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });
});
