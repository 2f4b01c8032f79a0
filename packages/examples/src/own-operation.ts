// An app adds an operation of its own to both sides: `resumen`, the SHA-256 of a file, so that a client can find out
// whether its copy is still good without downloading it again. Nothing of fileshare is changed for it.
//
//   npm run build && node packages/examples/dist/own-operation.js
//
// The contract is one value that server and client share (in a larger app, a module that both import). The types of
// handlers, requests and replies all follow from it: `request("resumen", 5)` or a handler that gives back a number does
// not compile.

import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { connect, RefusedError } from "@fileshare/client";
import { type Contract, operaciones, type PyValue, text } from "@fileshare/protocol";
import { RefusedError as Refusal, serve } from "@fileshare/server";

interface Resumen {
  readonly sha256: string;
  readonly bytes: number;
}

/** A reply as it comes from the wire, where a plain object has become a Python dict, which is a Map here. */
function resumen(data: PyValue): Resumen {
  if (!(data instanceof Map)) throw new TypeError("it is no dict");
  const { sha256, bytes } = Object.fromEntries(data);
  if (typeof sha256 !== "string" || typeof bytes !== "number") throw new TypeError("it lacks an entry");
  return { sha256, bytes };
}

const contrato = {
  ...operaciones,
  resumen: { request: text, reply: resumen },
} satisfies Contract;

await using servidor = await serve({
  folder: fileURLToPath(new URL("../archivos", import.meta.url)),
  port: 0,
  contract: contrato,
  handlers: {
    async resumen(nombre, { storage }) {
      await using file = await storage.open(nombre);
      if (!file) throw new Refusal(`There is no file ${JSON.stringify(nombre)}`);
      const hash = createHash("sha256");
      for await (const piece of file.read(0, file.size)) hash.update(piece);
      return { sha256: hash.digest("hex"), bytes: file.size };
    },
  },
});

await using cliente = await connect({ port: servidor.address.port, contract: contrato });

for (const nombre of await cliente.pedirListaArchivos()) {
  const { sha256, bytes } = await cliente.request("resumen", nombre);
  console.log(`${sha256} ${bytes} ${nombre}`);
}

// What a handler throws is a refusal: `estado="error"` on the wire, a RefusedError here, and the connection goes on.
try {
  await cliente.request("resumen", "no existe.txt");
} catch (error) {
  if (!(error instanceof RefusedError)) throw error;
  console.log(`refused: ${error.message} (estado ${JSON.stringify(error.estado)})`);
}
console.log(`still connected: ${(await cliente.pedirListaArchivos()).length} files`);
