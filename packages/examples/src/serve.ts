// Serves a folder, tells what its clients do, and stops in order on Ctrl-C or SIGTERM.
//
//   npm run build && node packages/examples/dist/serve.js [FOLDER [PORT]]
//
// Without a folder it serves the samples in packages/examples/archivos; without a port it picks a free one.

import { fileURLToPath } from "node:url";
import { Servidor } from "@fileshare/server";

const samples = fileURLToPath(new URL("../archivos", import.meta.url));
const [folder = samples, port = "0"] = process.argv.slice(2);

const servidor = new Servidor({ folder, port: Number(port) });

// What a client sends is not to be trusted with the terminal: JSON.stringify shows control characters as escapes.
servidor.on("connected", ({ client }) => console.log(`client ${client.id} connected`));
servidor.on("request", ({ client, operacion, data }) =>
  console.log(`client ${client.id} asks: ${JSON.stringify(operacion)} ${JSON.stringify(data)}`),
);
servidor.on("refused", ({ client, error }) => console.log(`client ${client.id} was refused: ${error}`));
servidor.on("failed", ({ client, error }) => console.log(`client ${client.id} was lost: ${error}`));
servidor.on("closed", ({ client }) => console.log(`client ${client.id} left`));

const address = await servidor.bindListen();
console.log(`serving ${folder} on ${address.host}:${address.port}`);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  // Replies that are under way may finish; then the loop below ends.
  process.once(signal, () => void servidor.close());
}

await servidor.acceptConnections();
await servidor.close();
console.log("stopped");
