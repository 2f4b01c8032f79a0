// The least that sends a file with Node: to everyone who connects, and nothing but its bytes.
//
//   node sender.js FILE

import { once } from "node:events";
import { open } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** The fastest of 256 KiB to 4 MiB. */
const PIECE_BYTES = 2 * 1024 * 1024;

const [path = ""] = process.argv.slice(2);

async function send(socket: Socket): Promise<void> {
  await using file = await open(path);
  const { size } = await file.stat();
  let [buffer, other] = [Buffer.allocUnsafeSlow(PIECE_BYTES), Buffer.allocUnsafeSlow(PIECE_BYTES)];
  let reading = file.read(buffer, 0, PIECE_BYTES, 0);
  for (let position = 0; position < size; ) {
    const { bytesRead } = await reading;
    if (bytesRead === 0) throw new Error("the file has become shorter");
    position += bytesRead;
    const piece = buffer.subarray(0, bytesRead);
    [buffer, other] = [other, buffer];
    // The next piece is read while this one is sent.
    reading = file.read(buffer, 0, PIECE_BYTES, position);
    await new Promise<void>((resolve, reject) => {
      socket.write(piece, (error) => (error ? reject(error) : resolve()));
    });
  }
  await reading;
  socket.end();
}

const server = createServer((socket) => {
  send(socket).catch((error) => socket.destroy(error));
  socket.on("error", (error) => console.error(error.message));
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
console.log(`listening on :${(server.address() as AddressInfo).port}`);
process.on("SIGTERM", () => process.exit());
// It ends with whoever started it.
process.stdin.on("end", () => process.exit()).resume();
