// The least that tells with Node what is in a folder, and gives files of it: for unchanged.ts. It has made one listing when
// it listens, as a server has that runs for a while.
//
//   node state-sender.js FOLDER

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { LookThread } from "./threads.js";

const [folder = ""] = process.argv.slice(2);
const thread = new LookThread();
await thread.state(folder);

/** Each line asks for all there is to know, when it is empty, or for files of these names. */
async function answer(line: string): Promise<Buffer> {
  if (line === "") return Buffer.from(await thread.state(folder));
  return Buffer.concat(line.split("\t").map((name) => readFileSync(`${folder}/${name}`)));
}

async function serve(socket: Socket): Promise<void> {
  for await (const line of createInterface({ input: socket })) {
    const reply = await answer(line);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(reply.length);
    socket.write(length);
    socket.write(reply);
  }
}

const server = createServer({ noDelay: true }, (socket) => {
  socket.on("error", (error) => console.error(error.message));
  serve(socket).catch((error) => socket.destroy(error));
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
console.log(`listening on :${(server.address() as AddressInfo).port}`);
process.on("SIGTERM", () => process.exit());
// It ends with whoever started it.
process.stdin.on("end", () => process.exit()).resume();
