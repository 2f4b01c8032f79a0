// Our server, the command `fileshare-server`, and our client, client.ts.

import { fileURLToPath } from "node:url";
import { peakRssKib } from "@fileshare/peers";
import { commandPath, startServer } from "../support/commands.js";
import type { ClientReport, Job } from "./client.js";
import type { Contender } from "./contender.js";
import { type Ended, runClient } from "./processes.js";
import { profilesWritten, profilingOptions, type Side } from "./profile.js";

const examples = import.meta.resolve("@fileshare/examples/package.json");
const client = fileURLToPath(new URL("dist/bench/client.js", examples));

/** What is loaded on both sides so that checksums take no time. */
const noChecksums = ["--import", new URL("dist/bench/no-checksums.js", examples).href];

/** Us at one of the jobs in client.ts. The time is the client's own, from before it connects. */
export function ours(job: Job): Contender {
  return measured(job, "ours", []);
}

/** The same, with checksums that nobody computes: what is left of the time is that of all the rest. */
export function oursUnchecked(job: Job): Contender {
  return measured(job, "ours, without checksums", noChecksums);
}

function measured(job: Job, name: string, nodeOptions: readonly string[]): Contender {
  return {
    name,
    needs: [],
    async measure({ workload, into, profiles, signal }) {
      const optionsOf = (side: Side): string[] =>
        profiles === undefined ? [...nodeOptions] : [...nodeOptions, ...profilingOptions(profiles, side)];
      const command = commandPath("fileshare-server", "@fileshare/server");
      const args = [command, workload.folder, "--host", "127.0.0.1", "--port", "0", "--log-level", "warn"];
      const server = await startServer(process.execPath, [...optionsOf("server"), ...args]);
      try {
        const run = (which: Job, options: readonly string[]): Promise<Ended> =>
          runClient(process.execPath, [...options, client, which, server.port, into], signal);
        // A server is seldom one that has just been started, whose JavaScript nobody has compiled yet.
        await run(job === "list" ? "list" : "listAll", nodeOptions);
        const ended = await run(job, optionsOf("client"));
        if (profiles !== undefined) {
          server.process.kill("SIGUSR2");
          await profilesWritten(profiles, "server", signal);
        }
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
