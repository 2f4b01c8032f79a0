// What was measured, as one table.

import type { LoopDelay, Measured } from "./contender.js";
import { isOurs, type Row } from "./rows.js";

/** All that one contender has shown at one job. */
export interface Line {
  readonly row: Row;
  readonly contender: Row["contenders"][number];
  readonly workload: { readonly files: number; readonly bytes: number };
  readonly measured: readonly Measured[];
}

/** The table, and what is to be known about it. */
export function formatTable(lines: readonly Line[]): string {
  const rounds = lines[0]?.measured.length ?? 0;
  const starts = lines.flatMap(({ measured }) => measured.flatMap(({ startSeconds = [] }) => startSeconds));
  const note = `Medians of ${rounds} interleaved round${rounds === 1 ? "" : "s"}, with the fastest and the slowest; of memory the most in any round. Everything
goes over the loopback address, and is in the page cache before. All copies were equal to their originals. "In memory"
both the files and the copies are in /dev/shm: there it is the programs that are measured; "on disk" it is the disk and the
system's handling of it as well. Before each measurement all that was written goes to the disk (sync), so that none pays
for the one before. "least Node program" is what Node itself takes: a bare socket, reads and writes of 2 MiB at most
in memory that is used again; no protocol, no checksum, nothing recorded, nothing resumed. For small files it is
two threads that read and write them with synchronous calls, for a listing a thread for each CPU that looks at each file
(lstat): there nothing is sent. For unchanged files what is in the folder is sent as text in one piece, a thread that is
started for it looks at each file of the copy, and what has changed is fetched.
The time of ours begins before it connects, in a Node that runs: to start and end that process took ${
    starts.length === 0 ? "an unknown time" : `${median(starts).toFixed(3)} s`
  }
besides (median), which is not in the table. So it is with the least programs and the Python peers. The others' time is
that of their whole client process. Our server has given one listing before each measurement, as has one that runs for a
while: the JavaScript of a new one is still to be compiled. "Theirs / ours" above 1 means that they took longer. sftp encrypts, the others do not;
iperf3 reads and writes no files. The event loop's delay is that of our client: how much later than due a timer of 10 ms ran.`;
  const header = [
    "job",
    "by",
    "time",
    "speed",
    "theirs / ours",
    "peak of server",
    "peak of client",
    "event loop",
  ];
  const align = ["---", "---", "---:", "---:", "---:", "---:", "---:", "---:"];
  const rows = lines.map((line) => cellsOf(line, secondsOfOurs(lines, line.row)));
  const table = [header, align, ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return `${note}\n\n${table.join("\n")}`;
}

function cellsOf({ row, contender, workload, measured }: Line, ourSeconds: number | undefined): string[] {
  const all = measured.map(({ seconds }) => seconds);
  const seconds = median(all);
  const amount = row.unit === "MB" ? workload.bytes / 1e6 : workload.files;
  return [
    row.title,
    contender.name,
    `${time(seconds)} s (${time(Math.min(...all))} - ${time(Math.max(...all))})`,
    `${Math.round(amount / seconds)} ${row.unit}/s`,
    ourSeconds === undefined || isOurs(contender) ? "" : `${(seconds / ourSeconds).toFixed(2)}x`,
    memory(measured.map(({ serverPeakKib }) => serverPeakKib)),
    memory(measured.map(({ clientPeakKib }) => clientPeakKib)),
    delay(measured.flatMap(({ loopDelay }) => loopDelay ?? [])),
  ];
}

function secondsOfOurs(lines: readonly Line[], of: Row): number | undefined {
  const line = lines.find(({ row, contender }) => row === of && isOurs(contender));
  return line && median(line.measured.map(({ seconds }) => seconds));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = sorted.length % 2 === 1 ? [middle, middle] : [middle - 1, middle];
  return ((sorted[low] ?? Number.NaN) + (sorted[high] ?? Number.NaN)) / 2;
}

function time(seconds: number): string {
  return seconds.toFixed(3);
}

function memory(kib: readonly (number | undefined)[]): string {
  const known = kib.filter((each) => each !== undefined);
  return known.length === 0 ? "" : `${Math.round(Math.max(...known) / 1024)} MiB`;
}

function delay(delays: readonly LoopDelay[]): string {
  if (delays.length === 0) return "";
  const max = median(delays.map((each) => each.max));
  const p99 = median(delays.map((each) => each.p99));
  return `max ${max.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;
}
