// The built server within an app's bundle, in a folder without node_modules.

import { createHash } from "node:crypto";
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type TempFolder, tempFolder } from "@fileshare/peers";
import { build } from "tsup";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type Asking, askingOf, range } from "./support/asking.js";
import { Child } from "./support/child.js";
import { folderWith } from "./support/served.js";

const dist = fileURLToPath(new URL("../dist", import.meta.url));
const workers = ["folder-worker.cjs", "hash-worker.cjs"];

/** Serves the folder that it is told, and writes a line of JSON with its port, and one for each request that is refused. */
const app = `
  import { serve } from ${JSON.stringify(join(dist, "index.js"))};
  const tell = (line) => console.log(JSON.stringify(line));
  serve({ folder: process.argv[2], port: 0 }).then((servidor) => {
    servidor.on("refused", ({ error }) => tell(error.message));
    servidor.on("failed", ({ error }) => console.error(error));
    tell(servidor.address.port);
  });
`;

/** Runs app.cjs where there are Node's globals, and of the language's what V8 has: before Node 24 no Symbol.asyncDispose. */
const inContext = `
  const { readFileSync } = require("node:fs");
  const vm = require("node:vm");
  const context = vm.createContext({ ArrayBuffer, Uint8Array, console });
  const own = new Set(vm.runInContext("Object.getOwnPropertyNames(globalThis)", context));
  for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(globalThis)))
    if (!own.has(name)) Object.defineProperty(context, name, property);
  const filename = require.resolve("./app.cjs");
  const source = "(function (require, module, __filename) {" + readFileSync(filename, "utf8") + "\\n})";
  vm.runInContext(source, context)(require, { exports: {} }, filename);
`;

const files = { "a.txt": "alfa", "b.bin": new Uint8Array(200_000).fill(7) };

let bundled: TempFolder;

beforeAll(async () => {
  bundled = await tempFolder();
  await writeFile(join(bundled.path, "source.mjs"), app);
  await writeFile(join(bundled.path, "context.cjs"), inContext);
  await build({
    config: false,
    silent: true,
    entry: { app: join(bundled.path, "source.mjs") },
    outDir: bundled.path,
    outExtension: ({ format }) => ({ js: format === "esm" ? ".mjs" : ".cjs" }),
    format: ["esm", "cjs"],
    platform: "node",
    removeNodeProtocol: false,
    noExternal: [/./],
    minify: true,
    clean: false,
  });
  for (const file of workers) await copyFile(join(dist, file), join(bundled.path, file));
});

afterAll(() => bundled[Symbol.asyncDispose]());

/** Starts a program that serves; what it writes after its port are its refusals. */
async function started(
  program: string,
  flags: readonly string[] = [],
): Promise<{ asking: Asking; refused: () => unknown[] }> {
  const child = new Child(process.execPath, [...flags, program, await folderWith(files)], bundled.path);
  const port = await child.until(({ stdout }) => Child.json(stdout)[0]);
  return { asking: await askingOf(port as number), refused: () => Child.json(child.stdout).slice(1) };
}

describe("A bundle with the workers' files beside it", () => {
  test.each([
    ["an ES module", "app.mjs"],
    ["CommonJS", "app.cjs"],
    ["CommonJS in a context of its own", "context.cjs"],
  ])("lists, serves and gives digests as %s", async (_, program) => {
    const { asking, refused } = await started(program);
    expect(await asking.listar({})).toMatchObject({ estado: "ok", data: Object.keys(files) });
    expect(await asking.listar({ details: ["sizes"] })).toMatchObject({ estado: "ok" });
    const checksums = ["xxh3", "crc32"];
    expect(await asking.descargar("a.txt", { range: range(0, null), checksums })).toMatchObject({
      bytes: Buffer.from("alfa"),
      extras: { checksum: ["crc32", expect.any(String)] },
    });
    const digest = createHash("sha256").update(files["b.bin"]).digest("hex");
    const { bytes, extras } = await asking.descargar("b.bin", { range: range(0, null), digest: "sha256" });
    expect(bytes?.equals(files["b.bin"])).toBe(true);
    expect(extras).toMatchObject({ digest: ["sha256", digest] });
    expect(refused()).toEqual([]);
  });
});

/** Node's options for a process that may do all that the server needs but start threads. */
function withoutThreads(): string[] {
  const flags = process.allowedNodeEnvironmentFlags;
  const permission = flags.has("--permission") ? "--permission" : "--experimental-permission";
  return [permission, "--allow-fs-read=*", ...(flags.has("--allow-net") ? ["--allow-net"] : [])];
}

describe("A server that cannot start a worker", () => {
  async function tells(program: string, flags: readonly string[], why: RegExp): Promise<void> {
    const { asking, refused } = await started(program, flags);
    expect(await asking.descargar("a.txt", { range: range(0, null) })).toMatchObject({
      bytes: Buffer.from("alfa"),
    });
    expect(await asking.listar({ limit: 10 })).toMatchObject({ extras: { reason: "FAILED" } });
    const asked = { range: range(0, 0), digest: "sha256" };
    expect(await asking.descargar("b.bin", asked)).toMatchObject({ extras: { reason: "FAILED" } });
    expect(refused()).toEqual([expect.stringMatching(why), expect.stringMatching(why)]);
  }

  test.each(["app.mjs", "app.cjs"])(
    "as its file is missing sends files, and tells so: %s",
    async (program) => {
      const alone = await tempFolder();
      onTestFinished(() => alone[Symbol.asyncDispose]());
      await copyFile(join(bundled.path, program), join(alone.path, program));
      await tells(
        join(alone.path, program),
        [],
        /^(The digest cannot be computed: )?Cannot start a worker thread: a bundle wants folder-worker\.cjs and hash-worker\.cjs /,
      );
    },
  );

  test("as Node is not to sends files, and tells so", async () => {
    await tells(
      "app.mjs",
      withoutThreads(),
      /^(The digest cannot be computed: )?Cannot start a worker thread: Node wants --allow-worker for that /,
    );
  });
});
