// Run by abort.test.ts as a process of its own: gives requests up in every state, and closes no client. It ends by
// itself when no timer and no socket is left; otherwise only after the 100 s that every timeout here is set to.

import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Cliente } from "../dist/index.js";

const [deafPort] = process.argv.slice(2).map(Number);
const host = "127.0.0.1";
const ms = 100_000;

/** What a server sends before it falls silent: nothing, or the start of a pickled Mensaje with a MiB of data. */
const nothing = Buffer.alloc(0);
const started = Buffer.concat([
  Buffer.from([0, 0x20, 0, 0]),
  Buffer.from("\x80\x03c__main__\nMensaje\n)\x81}(X\x04\0\0\0dataB\0\0\x10\0", "latin1"),
  Buffer.alloc(100_000),
]);

const folder = await mkdtemp(join(tmpdir(), "fileshare-"));

async function giveUp(answer, request, when) {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      socket.write(answer);
      server.emit("asked");
    });
  });
  server.listen(0, host);
  await once(server, "listening");
  const port = when === "connecting" ? deafPort : server.address().port;
  const cliente = new Cliente({ host, port, connectTimeoutMs: ms, replyTimeoutMs: ms, stallMs: ms });
  const giving = new AbortController();
  const reason = { given: "up" };
  if (when === "asked") server.once("asked", () => giving.abort(reason));
  if (when === "connecting") setImmediate(() => giving.abort(reason));
  try {
    await request(cliente, giving.signal, () => giving.abort(reason));
    throw new Error("it did not reject");
  } catch (error) {
    if (error !== reason) throw error;
  }
  server.close();
}

const list = (cliente, signal) => cliente.pedirListaArchivos({ signal });
const download = (cliente, signal, onProgress) =>
  cliente.descargarArchivo("x", { folder, signal, onProgress });
const stream = async (cliente, signal, began) => {
  for await (const _ of await cliente.stream("x", { signal })) began();
};

await giveUp(nothing, list, "connecting");
await giveUp(nothing, download, "connecting");
await giveUp(nothing, list, "asked");
await giveUp(nothing, download, "asked");
await giveUp(started, download, "begun");
await giveUp(started, stream, "begun");

const left = await readdir(folder);
await rm(folder, { recursive: true });
if (left.length > 0) throw new Error(`left behind: ${left}`);
console.log("done");
