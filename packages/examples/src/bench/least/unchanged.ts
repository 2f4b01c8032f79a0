// The least that bringing a copy of a folder up to date takes in Node here, where little has changed: what is in the folder
// is told by state-sender.ts, each file of the copy is looked at by a thread that is started for it, and what differs
// is fetched and saved by that. Nothing is checked, recorded or told in pages.
//
//   node unchanged.js PORT COPY

import { connect } from "node:net";
import { peakRssKib } from "@fileshare/peers";
import type { ClientReport } from "../client.js";
import { LookThread } from "./threads.js";

const [port, copy = ""] = process.argv.slice(2);

const started = performance.now();
const thread = new LookThread();
const socket = connect({ host: "127.0.0.1", port: Number(port), noDelay: true });
const state = await ask("");
const changed = await thread.compare(copy, state.toString());
if (changed.length > 0) {
  const bytes = await ask(changed.map(({ name }) => name).join("\t"));
  await thread.save(copy, changed, bytes);
}
const seconds = (performance.now() - started) / 1000;
const report: ClientReport = { seconds, peakKib: peakRssKib(process.pid) };
console.log(JSON.stringify(report));
socket.destroy();
await thread.end();

/** Sends a line, and gives what is answered: 4 bytes of length, and as many bytes. */
async function ask(line: string): Promise<Buffer> {
  socket.write(`${line}\n`);
  const pieces: Buffer[] = [];
  let received = 0;
  let wanted = 4;
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.on("data", function take(piece: Buffer) {
      pieces.push(piece);
      received += piece.length;
      if (wanted === 4 && received >= 4) wanted += Buffer.concat(pieces).readUInt32BE(0);
      if (wanted === 4 || received < wanted) return;
      socket.off("data", take).off("error", reject);
      resolve(Buffer.concat(pieces).subarray(4));
    });
  });
}
