// Where our time goes: CPU profiles of the threads of server and client, as profiler.ts has written them, as a table.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, parse } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** How many functions are told of a thread. */
const MOST_FUNCTIONS = 6;

/** A thread that was busy for less than this part of the job has no line. */
const LEAST_BUSY = 0.05;

/** A side of ours. */
export type Side = "server" | "client";

/** What has Node profile a side, into a folder. */
export function profilingOptions(folder: string, side: Side): string[] {
  const profiler = new URL("dist/bench/profiler.js", import.meta.resolve("@fileshare/examples/package.json"));
  profiler.search = encodeURIComponent(join(folder, side));
  return ["--import", profiler.href];
}

/**
 * Waits until a side that was asked to has written its profiles.
 *
 * @throws the signal's reason
 */
export async function profilesWritten(folder: string, side: Side, signal: AbortSignal): Promise<void> {
  while (!existsSync(join(folder, side, "0.json"))) await sleep(10, undefined, { signal });
}

/** From when to when a job was done, in microseconds of the system's monotonic clock. */
export type Period = readonly [from: number, to: number];

/** What a thread did during a job. */
export interface ThreadProfile {
  readonly side: Side;
  /** 0 is the main thread. */
  readonly thread: number;
  /** The part of the time that it was busy for. */
  readonly busy: number;
  /** What it was busy with, as parts of the job's time, the longest first: functions without those that they call. */
  readonly functions: readonly (readonly [name: string, part: number])[];
}

/** Reads all profiles in a folder. */
export function readProfiles(folder: string, period: Period): ThreadProfile[] {
  return (["server", "client"] as const).flatMap((side) =>
    readdirSync(join(folder, side))
      .map((name) => readProfile(side, join(folder, side, name), period))
      .filter(({ busy }) => busy >= LEAST_BUSY)
      .sort((a, b) => a.thread - b.thread),
  );
}

/** What is looked at of a profile of V8's. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  readonly startTime: number;
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

function readProfile(side: Side, path: string, [from, to]: Period): ThreadProfile {
  const { nodes, startTime, samples, timeDeltas } = JSON.parse(readFileSync(path, "utf8")) as CpuProfile;
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const parts = new Map<string, number>();
  let at = startTime;
  for (const [i, id] of samples.entries()) {
    const delta = timeDeltas[i] ?? 0;
    at += delta;
    if (at < from || at > to) continue;
    const name = names.get(id) ?? "";
    parts.set(name, (parts.get(name) ?? 0) + delta / (to - from));
  }
  parts.delete("(idle)");
  const functions = Array.from(parts).sort(([, a], [, b]) => b - a);
  const busy = functions.reduce((sum, [, part]) => sum + part, 0);
  return { side, thread: Number(parse(path).name), busy, functions };
}

/**
 * A function by its name and where it is: a package of ours, whose files are named by a hash, or Node's file; one of the
 * system's or of a native module by its name alone.
 */
function nameOf({ functionName, url }: CpuProfile["nodes"][number]["callFrame"]): string {
  const place = /\/packages\/(\w+)\/dist\//.exec(url)?.[1] ?? basename(url);
  return [functionName || (place && "(module)"), place].filter((part) => part !== "").join(" in ");
}

/** The profiles of each job as one table. */
export function formatProfiles(jobs: ReadonlyMap<string, readonly ThreadProfile[]>): string {
  const lines = Array.from(jobs, ([job, threads]) => threads.map((thread) => cellsOf(job, thread)));
  const header = ["job", "thread", "busy", "most of it, as parts of the job's time"];
  const rows = [header, ["---", "---", "---:", "---"], ...lines.flat()];
  return `CPU profiles of ours by V8, of one run of each job, while it is done. What a thread is not busy for, it waits. A call of the
system, or of native code, counts for who makes it; Node's threads for files are not profiled.

${rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n")}`;
}

function cellsOf(job: string, { side, thread, busy, functions }: ThreadProfile): string[] {
  const most = functions.slice(0, MOST_FUNCTIONS).map(([name, part]) => `${name} ${percent(part)}`);
  return [job, `${side}, ${thread === 0 ? "main" : `worker ${thread}`}`, percent(busy), most.join(", ")];
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}
