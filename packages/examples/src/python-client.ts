// A client in Python, which knows nothing of Node, downloads from our server.
//
//   npm run build && node packages/examples/dist/python-client.js [FOLDER]
//
// FOLDER is where the client saves; without it, a temporary folder. The client is packages/examples/python/client.py:
// the whole protocol by hand, with Python's standard library alone.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { serve } from "@fileshare/server";

const script = fileURLToPath(new URL("../python/client.py", import.meta.url));
const temporary = process.argv[2] === undefined ? await mkdtemp(join(tmpdir(), "fileshare-")) : undefined;
const folder = temporary ?? (process.argv[2] as string);

await using servidor = await serve({
  folder: fileURLToPath(new URL("../archivos", import.meta.url)),
  port: 0,
});
servidor.on("request", ({ operacion, data }) => console.log(`request: ${operacion} ${JSON.stringify(data)}`));

const { host, port } = servidor.address;
const client = spawn("python3", [script, host, String(port), folder], {
  stdio: ["ignore", "pipe", "inherit"],
});
client.stdout.pipe(process.stdout);
const [code] = await once(client, "close");
console.log(`python3 exited with ${code}`);
process.exitCode = code === 0 ? 0 : 1;

if (temporary) await rm(temporary, { recursive: true });
