// The two commands at work: serves a folder, lists it, downloads everything, and compares every copy.
//
//   npm run demo
//
// What runs is what a person would type: `fileshare-server FOLDER`, `fileshare ls`, `fileshare get NAME...`.

import { spawn } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { once } from "node:events";
import { cp, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { commandPath, startServer } from "./support/commands.js";
import { sameContent } from "./support/same-content.js";

const LARGE_FILE_BYTES = 20_000_000;

const fileshareServer = commandPath("fileshare-server", "@fileshare/server");
const fileshare = commandPath("fileshare", "@fileshare/client");

// Ctrl-C reaches the commands too. They end by themselves; this program goes no further, and cleans up.
const interrupted = new AbortController();
process.once("SIGINT", () => interrupted.abort(new Error("interrupted")));

const temporary = await mkdtemp(join(tmpdir(), "fileshare-demo-"));
try {
  await demo(join(temporary, "archivos"), join(temporary, "descargas"));
} catch (error) {
  console.error(`demo failed: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  await rm(temporary, { recursive: true, force: true });
}

async function demo(shared: string, downloads: string): Promise<void> {
  await cp(fileURLToPath(new URL("../archivos", import.meta.url)), shared, { recursive: true });
  await writeFile(join(shared, "grande.bin"), randomFillSync(Buffer.allocUnsafe(LARGE_FILE_BYTES)));

  console.log("$ fileshare-server archivos --port 0 --log-level warn");
  const args = [fileshareServer, shared, "--port", "0", "--log-level", "warn"];
  const server = await startServer(process.execPath, args);
  console.log(server.line);
  try {
    const names = await list(`localhost:${server.port}`);
    interrupted.signal.throwIfAborted();
    await get(`localhost:${server.port}`, names, downloads);
    interrupted.signal.throwIfAborted();
    await compare(shared, downloads);
  } finally {
    console.log("\nstopping the server with SIGTERM");
    const code = await server.stop();
    console.log(`fileshare-server exited with ${code}`);
    if (code !== 0) process.exitCode = 1;
  }
}

async function list(server: string): Promise<string[]> {
  console.log(`\n$ fileshare ls --server ${server}`);
  const ls = spawn(process.execPath, [fileshare, "ls", "--server", server], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [listing, [code, signal]] = await Promise.all([text(ls.stdout), once(ls, "close")]);
  process.stdout.write(listing);
  if (code !== 0) throw new Error(`fileshare ls exited with ${code ?? signal}`);
  return listing.split("\n").slice(0, -1);
}

async function get(server: string, names: readonly string[], downloads: string): Promise<void> {
  console.log(`\n$ fileshare get --server ${server} --output descargas ${names.map(quoted).join(" ")}`);
  const args = [fileshare, "get", "--server", server, "--output", downloads, "--", ...names];
  const [code, signal] = await once(spawn(process.execPath, args, { stdio: "inherit" }), "close");
  if (code !== 0) throw new Error(`fileshare get exited with ${code ?? signal}`);
}

async function compare(shared: string, downloads: string): Promise<void> {
  const names = await readdir(shared);
  const copies = await readdir(downloads);
  if (copies.length !== names.length) throw new Error(`${copies.length} of ${names.length} files came`);
  let bytes = 0;
  for (const name of names) {
    if (!sameContent(join(shared, name), join(downloads, name))) throw new Error(`${name} differs`);
    bytes += (await stat(join(downloads, name))).size;
  }
  console.log(`\n${names.length} files, ${bytes} bytes: every copy is equal to its original`);
}

/** As a shell would want it. */
function quoted(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}
