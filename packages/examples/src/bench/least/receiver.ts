// The least that receives a file with Node: reads of 1 MiB into memory that is used again, and a thread that writes them.
// Nothing is checked, and nothing recorded.
//
//   node receiver.js PORT [FILE]

import { once } from "node:events";
import { connect, type OnReadOpts } from "node:net";
import { Worker } from "node:worker_threads";
import { peakRssKib } from "@fileshare/peers";
import type { ClientReport } from "../client.js";
import type { Piece } from "./writer.js";

const PIECE_BYTES = 1024 * 1024;
/** How many pieces wait to be written, or are read into. */
const PIECES = 9;

const [port, path] = process.argv.slice(2);

const started = performance.now();
const bytes = path === undefined ? await discard() : await save(path);
const seconds = (performance.now() - started) / 1000;
const report: ClientReport = { bytes, seconds, peakKib: peakRssKib(process.pid) };
console.log(JSON.stringify(report));

/** Gives how many bytes came. */
async function discard(): Promise<number> {
  let received = 0;
  await receive({
    buffer: Buffer.allocUnsafeSlow(PIECE_BYTES),
    callback: (length) => {
      received += length;
      return true;
    },
  }).closed;
  return received;
}

async function save(path: string): Promise<number> {
  const memory = new SharedArrayBuffer(PIECES * PIECE_BYTES);
  const writer = new Worker(new URL("./writer.js", import.meta.url), { workerData: { path, memory } });
  const free = Array.from({ length: PIECES }, (_, i) => i * PIECE_BYTES);
  let current = 0;
  let received = 0;
  const { socket, closed } = receive({
    buffer: () => {
      current = free.pop() as number;
      return new Uint8Array(memory, current, PIECE_BYTES);
    },
    callback: (length) => {
      received += length;
      writer.postMessage({ from: current, length } satisfies Piece);
      // A socket asks for its next buffer even when it is told to stop.
      return free.length > 1;
    },
  });
  writer.on("message", (from: number) => {
    free.push(from);
    socket.resume();
  });
  await closed;
  writer.postMessage(null);
  await once(writer, "exit");
  return received;
}

function receive(onread: OnReadOpts): { socket: ReturnType<typeof connect>; closed: Promise<unknown> } {
  const socket = connect({ host: "127.0.0.1", port: Number(port), onread });
  return { socket, closed: once(socket, "close") };
}
