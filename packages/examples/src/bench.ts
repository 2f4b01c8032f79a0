// How long downloads take: our server and client against the Python peers, and mixed with them.
//
//   npm run bench
//   npm run build && node packages/examples/dist/bench.js [--mib 1024] [--files 2000] [--rounds 3] [--seconds 170]
//
// Every party is a process of its own, started anew for each measurement. The rounds are interleaved: each measures
// everything once, so that a slow minute of the machine does not fall on one row alone. The table has medians. On a slow
// machine there are fewer rounds: none but the first is begun that would not end within the seconds.

import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { python } from "@fileshare/peers";
import { type Measured, measure, type Setup } from "./bench/measure.js";
import { makeWorkload, type Workload } from "./bench/workload.js";

const SMALL_FILE_BYTES = 4096;

const { values: flags } = parseArgs({
  options: {
    mib: { type: "string", default: "1024" },
    files: { type: "string", default: "2000" },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "170" },
  },
});
const mib = atLeastOne("mib", flags.mib);
const files = atLeastOne("files", flags.files);
const maxRounds = atLeastOne("rounds", flags.rounds);
const maxSeconds = atLeastOne("seconds", flags.seconds);

// Ctrl-C reaches the servers and clients too. They end by themselves; this program goes no further, and cleans up.
const interrupted = new AbortController();
process.once("SIGINT", () => interrupted.abort(new Error("interrupted")));

const model = cpus()[0]?.model ?? "unknown";
console.log(
  `${availableParallelism()} CPUs (${model}), ${process.platform} ${process.arch}, Node ${process.versions.node}, Python ${python()?.version}`,
);

const temporary = await mkdtemp(join(tmpdir(), "fileshare-bench-"));
try {
  const workloads = [
    makeWorkload({
      title: `1 file of ${mib} MiB`,
      folder: join(temporary, "large"),
      files: 1,
      fileBytes: mib * 1024 * 1024,
    }),
    makeWorkload({
      title: `${files} files of ${SMALL_FILE_BYTES / 1024} KiB`,
      folder: join(temporary, "small"),
      files,
      fileBytes: SMALL_FILE_BYTES,
    }),
  ];
  const rows = workloads.flatMap(setupsOf).map((setup) => ({ setup, measured: [] as Measured[] }));
  let longest = 0;
  for (let round = 1; round <= maxRounds; round++) {
    const begun = performance.now() / 1000;
    if (round > 1 && begun + longest > maxSeconds) break;
    for (const { setup, measured } of rows) {
      interrupted.signal.throwIfAborted();
      const result = await measure(setup, join(temporary, "downloads"));
      measured.push(result);
      console.error(`round ${round}: ${titleOf(setup)}: ${result.seconds.toFixed(3)} s`);
    }
    longest = Math.max(longest, performance.now() / 1000 - begun);
  }
  print(rows);
} catch (error) {
  console.error(`bench failed: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  await rm(temporary, { recursive: true, force: true });
}

/**
 * Everyone with everyone, saving what arrives; and each side alone, discarding it. Two Python programs always come right
 * after a measurement that took as much memory as they do and has given it back: where the system has to find fresh
 * memory first (in a virtual machine, say), that can cost more than the transfer.
 */
function setupsOf(workload: Workload): Setup[] {
  return [
    { workload, server: "ours", client: "ours", saved: true },
    { workload, server: "ours", client: "Python", saved: true },
    { workload, server: "Python", client: "Python", saved: true },
    { workload, server: "Python", client: "ours", saved: true },
    { workload, server: "Python", client: "Python", saved: false },
    { workload, server: "ours", client: "ours", saved: false },
  ];
}

interface Row {
  readonly setup: Setup;
  readonly measured: readonly Measured[];
}

function print(rows: readonly Row[]): void {
  const rounds = rows[0]?.measured.length;
  console.log(`
Median times of ${rounds} interleaved round${rounds === 1 ? "" : "s"}, and the most memory that a process has held in any of them. "Speed" is
relative to Python -> Python with the same files, saved or discarded alike. All copies were equal to their originals.

| files | server -> client | time | MB/s | speed | peak of server | peak of client |
| --- | --- | ---: | ---: | ---: | ---: | ---: |`);
  for (const { setup, measured } of rows) {
    const seconds = median(measured.map((each) => each.seconds));
    const rival = rows.find(({ setup: { workload, saved, server, client } }) => {
      return (
        workload === setup.workload && saved === setup.saved && server === "Python" && client === "Python"
      );
    });
    const rivalSeconds = median(rival?.measured.map((each) => each.seconds) ?? []);
    const megabytes = (setup.workload.files * setup.workload.fileBytes) / 1e6;
    const cells = [
      `${setup.workload.title}, ${setup.saved ? "saved" : "discarded"}`,
      `${setup.server} -> ${setup.client}`,
      `${seconds.toFixed(3)} s`,
      (megabytes / seconds).toFixed(megabytes / seconds < 100 ? 1 : 0),
      `${(rivalSeconds / seconds).toFixed(2)}x`,
      memory(measured.map((each) => each.serverPeakKib)),
      memory(measured.map((each) => each.clientPeakKib)),
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
}

function titleOf({ workload, server, client, saved }: Setup): string {
  return `${workload.title}, ${server} -> ${client}, ${saved ? "saved" : "discarded"}`;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = sorted.length % 2 === 1 ? [middle, middle] : [middle - 1, middle];
  return ((sorted[low] ?? Number.NaN) + (sorted[high] ?? Number.NaN)) / 2;
}

function memory(kib: readonly (number | null)[]): string {
  const known = kib.filter((each) => each !== null);
  return known.length === 0 ? "unknown" : `${Math.round(Math.max(...known) / 1024)} MiB`;
}

function atLeastOne(name: string, value: string): number {
  if (/^[1-9]\d*$/.test(value)) return Number(value);
  console.error(`bench: --${name} must be a whole number of at least 1`);
  process.exit(2);
}
