// Run by vanished-server.test.ts as a process of its own: syncs from a server that vanishes, and closes no client. It ends by
// itself when no timer and no socket is left.

import { Cliente } from "../dist/index.js";

const [port, folder] = process.argv.slice(2);
const times = { replyTimeoutMs: 1500, stallMs: 1500, connectTimeoutMs: 1500 };
const cliente = new Cliente({ host: "127.0.0.1", port: Number(port), ...times });
try {
  await cliente.sincronizar(folder, { retries: 0 });
} catch (error) {
  console.log(error.name, error.code);
}
