// The Python server and client that speak the same protocol.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defaultPython, peakRssKib } from "@fileshare/peers";
import { startServer } from "../../support/commands.js";
import type { Contender } from "../contender.js";
import { runClient } from "../processes.js";

const client = fileURLToPath(
  new URL("python/bench_client.py", import.meta.resolve("@fileshare/examples/package.json")),
);
const peers = fileURLToPath(new URL("../python", import.meta.resolve("@fileshare/peers")));

/** What bench_client.py prints. */
interface Report {
  /** From before it connects, as with our client. */
  readonly seconds: number;
  readonly bytes: number;
  readonly peakKib: number | null;
}

/** Reads all files, and keeps nothing. */
export const discardWithPython: Contender = python(false);

/** Saves all files. */
export const saveWithPython: Contender = python(true);

function python(saved: boolean): Contender {
  return {
    name: "Python peers",
    needs: ["python3"],
    async measure({ workload, into, signal }) {
      const script = join(peers, "server.py");
      const args = ["--folder", workload.folder, "--host", "127.0.0.1", "--port", "0", "--until-stdin-ends"];
      const server = await startServer(defaultPython(), [script, ...args], "ignore");
      try {
        const where = [peers, "127.0.0.1", server.port, ...(saved ? [into] : [])];
        const { stdout } = await runClient(defaultPython(), [client, ...where], signal);
        const { seconds, bytes, peakKib } = JSON.parse(stdout) as Report;
        return {
          seconds,
          bytes,
          clientPeakKib: peakKib ?? undefined,
          serverPeakKib: peakRssKib(server.process.pid ?? 0),
        };
      } finally {
        await server.stop();
      }
    },
  };
}
