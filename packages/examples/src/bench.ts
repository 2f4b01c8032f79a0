// How long downloads take: ours against nginx and curl, rsync, sftp, the Python peers, and against what TCP does here.
//
//   npm run bench
//   npm run bench -- --install                installs the programs that are missing, as root of a Debian
//   npm run bench -- --rounds 5 --only "files|nginx"
//   npm run bench -- --mib 2048 --files 10000 --names 100000
//   npm run bench -- --profile                where our time goes, instead: V8's CPU profiles of one run
//   npm run bench -- --touch 8192             on a virtual machine, see bench/places.ts
//
// Every party is a process of its own, started anew for each measurement, as the current user, on the loopback address,
// with its configuration in a temporary folder: of rows in memory in /dev/shm, where that has room. The rounds are
// interleaved: each measures everything once, so that a slow minute of the machine does not fall on one line alone.

import { spawnSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Contender, Measured, Task } from "./bench/contender.js";
import { fitsInMemory, type Place, Places, touchMemory } from "./bench/places.js";
import { formatProfiles, readProfiles, type ThreadProfile } from "./bench/profile.js";
import { bytesOf, isOurs, type Row, rowsFor, workloads } from "./bench/rows.js";
import { formatTable } from "./bench/table.js";
import { findTool, installTools } from "./bench/tools.js";
import { readAll, type Workload } from "./bench/workload.js";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    only: { type: "string", default: "" },
    mib: { type: "string", default: "2048" },
    files: { type: "string", default: "10000" },
    names: { type: "string", default: "100000" },
    touch: { type: "string", default: "0" },
    install: { type: "boolean", default: false },
    profile: { type: "boolean", default: false },
  },
});
const rounds = flags.profile ? 1 : atLeastOne("rounds", flags.rounds);
const sizes = {
  // A reply of the Python server is one frame, and so less than 4 GiB.
  mib: atLeastOne("mib", flags.mib, 4095),
  files: atLeastOne("files", flags.files),
  names: atLeastOne("names", flags.names),
};
const touchMib = flags.touch === "0" ? 0 : atLeastOne("touch", flags.touch, 1_000_000);
const wanted = pattern("only", flags.only);

const interrupted = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => interrupted.abort(new Error(`interrupted by ${name}`)));
}
const { signal } = interrupted;

const places = new Places();
try {
  const chosen = rowsFor(sizes).flatMap((row) =>
    row.contenders
      .filter((contender) => wanted.test(titleOf(row, contender)) && (!flags.profile || isOurs(contender)))
      .map((contender) => ({ row, contender })),
  );
  const needed = [...new Set(chosen.flatMap(({ contender }) => contender.needs))];
  if (flags.install) installTools(needed);
  const missing = new Set(needed.filter((tool) => findTool(tool) === undefined));
  if (missing.size > 0) console.error(`Without ${[...missing].join(", ")}: see --install`);
  const kindsInMemory = chosen.flatMap(({ row }) => (row.place === "memory" ? row.kind : []));
  const withMemory = fitsInMemory(bytesInMemory(kindsInMemory));
  if (!withMemory && kindsInMemory.length > 0)
    console.error("Without rows in memory: there is no room for them");
  const able = chosen.filter(({ row, contender }) => {
    return !contender.needs.some((tool) => missing.has(tool)) && (row.place === "disk" || withMemory);
  });
  if (able.length === 0) throw new Error("there is nothing to measure");

  const made = new Map<string, Workload>();
  for (const { row } of able) {
    signal.throwIfAborted();
    if (made.has(keyOf(row))) continue;
    console.error(`making the files: ${row.kind}, ${inOrOn(row.place)}`);
    const folder = join(await places.folder(row.place), row.kind);
    made.set(keyOf(row), workloads[row.kind](folder, sizes));
  }
  const lines = able.map(({ row, contender }) => {
    const workload = made.get(keyOf(row)) as Workload;
    return { row, contender, workload, measured: [] as Measured[] };
  });
  const profiles = new Map<string, ThreadProfile[]>();
  for (let round = 1; round <= rounds; round++) {
    // Each is as often before the others as after them.
    const order = round % 2 === 1 ? lines : lines.toReversed();
    for (const line of order) {
      signal.throwIfAborted();
      const folder = await places.runFolder(line.row.place);
      const measured = await measure(line, folder, profiles);
      line.measured.push(measured);
      console.error(`round ${round}: ${titleOf(line.row, line.contender)}: ${measured.seconds.toFixed(3)} s`);
    }
  }
  const model = cpus()[0]?.model ?? "unknown";
  console.log(
    `${availableParallelism()} CPUs (${model}), ${process.platform} ${process.arch}, Node ${process.versions.node}\n`,
  );
  console.log(flags.profile ? formatProfiles(profiles) : formatTable(lines));
} catch (error) {
  console.error(`bench failed: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  await places[Symbol.asyncDispose]();
}

/** Does a job once, in a folder that is there for that long. */
async function measure(
  { row, contender, workload }: { row: Row; contender: Contender; workload: Workload },
  folder: string,
  profiles: Map<string, ThreadProfile[]>,
): Promise<Measured> {
  const task: Task = {
    workload,
    into: join(folder, "into"),
    scratch: join(folder, "scratch"),
    profiles: flags.profile ? join(folder, "profiles") : undefined,
    signal,
  };
  try {
    await mkdir(task.into, { recursive: true });
    await mkdir(task.scratch);
    // What was written before goes to the disk now, and not while something is measured; and what the system has dropped
    // from memory meanwhile comes back.
    spawnSync("sync");
    touchMemory(touchMib);
    if (row.place === "disk" && row.kind !== "names") readAll(workload);
    const measured = await (row.measure?.(contender, task) ?? contender.measure(task));
    row.check(task, measured);
    if (task.profiles !== undefined && measured.period)
      profiles.set(row.title, readProfiles(task.profiles, measured.period));
    return measured;
  } catch (cause) {
    signal.throwIfAborted();
    const reason = cause instanceof Error ? cause.message : cause;
    throw new Error(`${titleOf(row, contender)}: ${reason}`, { cause });
  } finally {
    await places.endRun(folder, row.place);
  }
}

/** What stands in memory at once: the files, and one copy. */
function bytesInMemory(kinds: readonly Row["kind"][]): number {
  const each = [...new Set(kinds)].map((kind) => bytesOf(kind, sizes));
  return each.reduce((sum, bytes) => sum + bytes, 0) + Math.max(0, ...each);
}

/** Rows with the same files. */
function keyOf({ kind, place }: Row): string {
  return `${kind} ${place}`;
}

function inOrOn(place: Place): string {
  return place === "memory" ? "in memory" : "on disk";
}

function titleOf(row: Row, contender: Contender): string {
  return `${row.title}: ${contender.name}`;
}

function atLeastOne(name: string, value: string, most = 10_000_000): number {
  if (/^[1-9]\d{0,7}$/.test(value) && Number(value) <= most) return Number(value);
  return refuse(`--${name} must be a whole number from 1 to ${most}`);
}

function pattern(name: string, value: string): RegExp {
  try {
    return new RegExp(value);
  } catch {
    return refuse(`--${name} must be a regular expression`);
  }
}

function refuse(reason: string): never {
  console.error(`bench: ${reason}`);
  process.exit(2);
}
