// The least programs: what Node itself takes for a job, with no protocol, no checksum, no journal and no limits. What they
// take is the limit for ours; what ours take beyond it is the price of what they do.

import { cpSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { peakRssKib } from "@fileshare/peers";
import { startServer } from "../../support/commands.js";
import type { ClientReport } from "../client.js";
import type { Contender, Measured, Task } from "../contender.js";
import { runClient } from "../processes.js";

const NAME = "least Node program";

/** One large file, discarded. */
export const discardWithLeast: Contender = least("sender", "receiver", (task) => ({
  serve: largeFile(task),
}));

/** One large file, saved. */
export const saveWithLeast: Contender = least("sender", "receiver", (task) => ({
  serve: largeFile(task),
  into: join(task.into, nameOf(task)),
}));

/** Sizes of files: they are looked at, by all CPUs, and nothing else. */
export const listWithLeast: Contender = {
  name: NAME,
  needs: [],
  measure: ({ workload, signal }) =>
    runAlone("listing", [workload.folder, String(availableParallelism())], signal),
};

/** Many small files, saved. */
export const saveSmallWithLeast: Contender = {
  name: NAME,
  needs: [],
  measure: ({ workload, into, signal }) => runAlone("small", [workload.folder, into], signal),
};

/** A folder of which little has changed, brought up to date; the first time it is copied. */
export const compareWithLeast: Contender = {
  name: NAME,
  needs: [],
  async measure(task) {
    if (readdirSync(task.into).length > 0) return bringUpToDate.measure(task);
    cpSync(task.workload.folder, task.into, { recursive: true, preserveTimestamps: true });
    return { seconds: 0 };
  },
};

const bringUpToDate = least("state-sender", "unchanged", ({ workload, into }) => ({
  serve: workload.folder,
  into,
}));

/** Runs a program in this folder that needs no server. */
async function runAlone(program: string, args: readonly string[], signal: AbortSignal): Promise<Measured> {
  const { stdout } = await runClient(process.execPath, [script(program), ...args], signal);
  return JSON.parse(stdout) as Measured;
}

/** What is served, and where it goes to: a file or a folder, as the programs take it. */
interface Places {
  readonly serve: string;
  readonly into?: string;
}

/**
 * A pair of programs in this folder.
 *
 * @param server is given `serve`, and says in its first line on which port it listens
 * @param client is given the port and `into`, and prints a {@link ClientReport}
 */
function least(server: string, client: string, places: (task: Task) => Places): Contender {
  return {
    name: NAME,
    needs: [],
    async measure(task) {
      const { serve, into } = places(task);
      const running = await startServer(process.execPath, [script(server), serve]);
      try {
        const args = [script(client), running.port, ...(into === undefined ? [] : [into])];
        const ended = await runClient(process.execPath, args, task.signal);
        const { seconds, peakKib, ...rest } = JSON.parse(ended.stdout) as ClientReport;
        const serverPeakKib = peakRssKib(running.process.pid ?? 0);
        return { ...rest, seconds, clientPeakKib: peakKib, serverPeakKib };
      } finally {
        await running.stop();
      }
    },
  };
}

function script(name: string): string {
  const examples = import.meta.resolve("@fileshare/examples/package.json");
  return fileURLToPath(new URL(`dist/bench/least/${name}.js`, examples));
}

function largeFile(task: Task): string {
  return join(task.workload.folder, nameOf(task));
}

function nameOf({ workload }: Task): string {
  return readdirSync(workload.folder)[0] as string;
}
