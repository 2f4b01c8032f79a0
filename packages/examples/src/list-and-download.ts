// Lists the files of a server and downloads them all, with their progress.
//
//   npm run build && node packages/examples/dist/list-and-download.js HOST:PORT [FOLDER]
//
// Start serve.js in another terminal for a server to talk to. Progress goes to stderr, what was saved to stdout.

import { connect, RefusedError, TargetError } from "@fileshare/client";

const [server = "localhost:3247", folder = "descargas"] = process.argv.slice(2);
const { hostname, port } = new URL(`tcp://${server}`);

// Ctrl-C gives up the download that is under way: nothing is left of it in the folder.
const interrupted = new AbortController();
process.once("SIGINT", () => interrupted.abort(new Error("Interrupted")));
const { signal } = interrupted;

await using cliente = await connect({ host: hostname, port: Number(port || 3247) });

const nombres = await cliente.pedirListaArchivos();
console.log(`${nombres.length} files`);

for (const nombre of nombres) {
  // The name comes from the server: shown as JSON, its control characters cannot do anything to the terminal.
  const shown = JSON.stringify(nombre);
  try {
    const { path, bytes } = await cliente.descargarArchivo(nombre, {
      folder,
      signal,
      onProgress: ({ received, total }) => process.stderr.write(`\r${shown}: ${received} of ${total} bytes`),
    });
    process.stderr.write("\r");
    console.log(`saved ${JSON.stringify(path)}, ${bytes} bytes`);
  } catch (error) {
    // Both leave the client usable: go on with the next file. Anything else ends the program.
    if (!(error instanceof RefusedError || error instanceof TargetError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
