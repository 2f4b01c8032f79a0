// Run by hostile-server.test.ts as a process of its own, so that its memory can be measured: asks a server again and
// again, prints how each request ended, and stays until its stdin ends.

import { Cliente } from "../dist/index.js";

const [port, count] = process.argv.slice(2).map(Number);
for (let i = 0; i < count; i++) {
  const cliente = new Cliente({ host: "127.0.0.1", port, stallMs: 2000 });
  try {
    await cliente.pedirListaArchivos();
    console.log("ok");
  } catch (error) {
    console.log(error.code);
  }
  await cliente.close();
}
console.log("done");
process.stdin.resume();
