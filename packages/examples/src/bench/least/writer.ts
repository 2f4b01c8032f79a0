// The thread of receiver.ts that writes to the file, one piece after the other.

import { closeSync, openSync, writeSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";

/** A run of the shared memory. */
export interface Piece {
  readonly from: number;
  readonly length: number;
}

const { path, memory } = workerData as { path: string; memory: SharedArrayBuffer };
const file = openSync(path, "wx");

parentPort?.on("message", (piece: Piece | null) => {
  if (!piece) {
    closeSync(file);
    parentPort?.close();
    return;
  }
  const bytes = new Uint8Array(memory, piece.from, piece.length);
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
  parentPort?.postMessage(piece.from);
});
