// Our server, the command `fileshare-server`, and our client, client.ts.

import { fileURLToPath } from "node:url";
import { peakRssKib } from "@fileshare/peers";
import { commandPath, startServer } from "../support/commands.js";
import type { ClientReport, Job } from "./client.js";
import type { Contender } from "./contender.js";
import { runClient } from "./processes.js";

const examples = import.meta.resolve("@fileshare/examples/package.json");
const client = fileURLToPath(new URL("dist/bench/client.js", examples));

/** Us at one of the jobs in client.ts. The time is the client's own, from before it connects. */
export function ours(job: Job, name = "ours"): Contender {
  return {
    name,
    needs: [],
    async measure({ workload, into, signal }) {
      const command = commandPath("fileshare-server", "@fileshare/server");
      const args = [command, workload.folder, "--host", "127.0.0.1", "--port", "0", "--log-level", "warn"];
      const server = await startServer(process.execPath, args);
      try {
        const ended = await runClient(process.execPath, [client, job, server.port, into], signal);
        const { seconds, peakKib, ...rest } = JSON.parse(ended.stdout) as ClientReport;
        return {
          ...rest,
          seconds,
          startSeconds: ended.seconds - seconds,
          clientPeakKib: peakKib,
          serverPeakKib: peakRssKib(server.process.pid ?? 0),
        };
      } finally {
        await server.stop();
      }
    },
  };
}
