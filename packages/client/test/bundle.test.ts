// In an app's bundle there is no node_modules, and the file of the thread is there only where it was copied.

import { spawn } from "node:child_process";
import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Format } from "esbuild";
import { describe, expect, it } from "vitest";
import { expectFile, folder, noise, type Served, served } from "./served.js";

const dist = fileURLToPath(new URL("../dist/", import.meta.url));

const app = `
import { connect } from "@fileshare/client";

async function main(port, into) {
  const cliente = await connect({ host: "127.0.0.1", port });
  const told = [];
  const tell = async (doing) => told.push(await doing.catch(({ name, code, message }) => ({ name, code, message })));
  await tell(cliente.descargarArchivo("grande", { folder: into + "/uno" }));
  await tell(cliente.sincronizar(into + "/todo"));
  await tell(cliente.pedirListaArchivos());
  await cliente.close();
  console.log(JSON.stringify(told));
}

main(Number(process.argv[2]), process.argv[3]);
`;

/** Bundles the app, with no settings but what every app has, and gives the file. */
async function bundled(format: Format, into: string): Promise<string> {
  const file = join(into, format === "esm" ? "app.mjs" : "app.cjs");
  await build({
    stdin: { contents: app, resolveDir: dist },
    bundle: true,
    platform: "node",
    format,
    minify: true,
    outfile: file,
    logLevel: "silent",
  });
  return file;
}

/** What a process prints. */
async function printed(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  for await (const piece of child.stdout.setEncoding("utf8")) text += piece;
  return text;
}

async function run(file: string, { port }: Served, into: string): Promise<unknown> {
  return JSON.parse(await printed([file, String(port), into]));
}

const grande = noise(3_000_000);

describe.each(["esm", "cjs"] as const)("A bundle (%s)", (format) => {
  it("downloads and syncs with the file of the thread beside it", async () => {
    const server = await served({ grande, a: "alfa" });
    const into = await folder();
    const home = await folder();
    const file = await bundled(format, home);
    await copyFile(join(dist, "disk-worker.cjs"), join(home, "disk-worker.cjs"));
    expect(await run(file, server, into)).toMatchObject([
      { nombre: "grande", bytes: grande.length },
      { downloaded: ["a", "grande"], failed: [] },
      ["a", "grande"],
    ]);
    await expectFile(join(into, "uno", "grande"), grande);
    await expectFile(join(into, "todo", "grande"), grande);
    await expectFile(join(into, "todo", "a"), "alfa");
  });

  it("says without that file which one is to be copied where, and does all else", async () => {
    const server = await served({ grande, a: "alfa" });
    const into = await folder();
    const home = await folder();
    const file = await bundled(format, home);
    const missing = JSON.stringify(join(home, "disk-worker.cjs"));
    const error = {
      name: "ThreadError",
      code: "NO_THREAD",
      message: `Cannot start the thread for files: there is no file ${missing}; a bundle needs a copy there of dist/disk-worker.cjs of @fileshare/client`,
    };
    expect(await run(file, server, into)).toEqual([error, error, ["a", "grande"]]);
    expect(await readdir(into)).toEqual([]);
  });
});

describe("The built client", () => {
  it("names the file of the thread as webpack looks for it, and the addon as no bundler does", async () => {
    const files = (await readdir(dist)).filter((name) => name.endsWith(".js"));
    const built = await Promise.all(files.map((name) => readFile(join(dist, name), "utf8")));
    expect(built.join("")).toContain('new URL("./disk-worker.cjs", import.meta.url)');
    expect(built.join("")).not.toContain("@node-rs/xxhash");
  });

  it("says where Node may start no threads how to let it", async () => {
    const home = await folder();
    const script = join(home, "app.mjs");
    await writeFile(
      script,
      `import { Disk } from ${JSON.stringify(new URL("../dist/disk.js", import.meta.url))};
await new Disk().prepare("nueva").catch(({ name, code, message }) => console.log(name, code, message));`,
    );
    const isOld = !process.allowedNodeEnvironmentFlags.has("--permission");
    const permission = isOld ? "--experimental-permission" : "--permission";
    const args = [permission, "--allow-fs-read=*", "--no-warnings", script];
    expect(await printed(args)).toBe(
      "ThreadError NO_THREAD Cannot start the thread for files: Node's permission model forbids threads; --allow-worker allows them\n",
    );
  });
});
