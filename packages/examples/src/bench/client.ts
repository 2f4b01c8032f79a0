// Our client in the benchmark: downloads all files of a server and says how long that took.
//
//   node client.js HOST PORT [FOLDER]
//
// Without a folder what arrives is discarded, piece by piece.

import { type Cliente, connect } from "@fileshare/client";
import { peakRssKib } from "@fileshare/peers";
import type { ClientReport } from "./measure.js";

const [host = "", port, folder] = process.argv.slice(2);

const started = performance.now();
const cliente = await connect({ host, port: Number(port) });
let files = 0;
let bytes = 0;
for (const nombre of await cliente.pedirListaArchivos()) {
  bytes += await (folder === undefined ? discard(cliente, nombre) : save(cliente, nombre, folder));
  files += 1;
}
const seconds = (performance.now() - started) / 1000;
await cliente.close();
const report: ClientReport = { seconds, files, bytes, peakKib: peakRssKib(process.pid) ?? null };
console.log(JSON.stringify(report));

async function save(from: Cliente, nombre: string, to: string): Promise<number> {
  return (await from.descargarArchivo(nombre, { folder: to })).bytes;
}

async function discard(from: Cliente, nombre: string): Promise<number> {
  let received = 0;
  for await (const piece of await from.stream(nombre)) received += piece.length;
  return received;
}
