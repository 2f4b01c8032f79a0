// What is measured: each job, and who does it.

import { spawnSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Contender, Measured, Task } from "./contender.js";
import {
  compareWithLeast,
  discardWithLeast,
  listWithLeast,
  saveSmallWithLeast,
  saveWithLeast,
} from "./least/programs.js";
import { ours, oursUnchecked } from "./ours.js";
import type { Place } from "./places.js";
import { limitByIperf } from "./rivals/iperf.js";
import { discardWithCurl, listWithCurl, saveWithCurl, saveWithParallelCurl } from "./rivals/nginx.js";
import { discardWithPython, saveWithPython } from "./rivals/python.js";
import { syncWithRsync } from "./rivals/rsync.js";
import { saveWithSftp } from "./rivals/sftp.js";
import { changeFiles, compare, makeFiles, makeNames, type Workload } from "./workload.js";

/** How much of everything. */
export interface Sizes {
  /** Of the large file. */
  readonly mib: number;
  /** How many small files. */
  readonly files: number;
  /** How many names are listed. */
  readonly names: number;
}

/** One job, and those who are measured at it. */
export interface Row {
  readonly title: string;
  /** Which files: rows with the same kind share them. */
  readonly kind: keyof typeof workloads;
  /** Where those files are, and where they go to. */
  readonly place: Place;
  readonly contenders: readonly Contender[];
  /** What the speed is counted in. */
  readonly unit: "MB" | "files" | "names";
  /** Does the job. Default: once. */
  readonly measure?: (contender: Contender, task: Task) => Promise<Measured>;
  /** @throws Error when the job was not done */
  check(task: Task, measured: Measured): void;
}

const SMALL_FILE_BYTES = 4096;

/** How the files of each kind are made. */
export const workloads = {
  large: (folder: string, { mib }: Sizes): Workload => makeFiles(folder, 1, mib * 1024 * 1024),
  small: (folder: string, { files }: Sizes): Workload => makeFiles(folder, files, SMALL_FILE_BYTES),
  names: (folder: string, { names }: Sizes): Workload => makeNames(folder, names),
};

/** All rows, in their order. */
export function rowsFor({ mib, files, names }: Sizes): Row[] {
  const large = `${mib % 1024 === 0 ? `${mib / 1024} GiB` : `${mib} MiB`}`;
  const changed = Math.min(10, files);
  return [
    {
      title: `${large}, discarded on arrival`,
      kind: "large",
      place: "disk",
      unit: "MB",
      contenders: [
        ours("discard"),
        oursUnchecked("discard"),
        discardWithLeast,
        discardWithCurl,
        limitByIperf,
        discardWithPython,
      ],
      check: checkBytes,
    },
    ...inBothPlaces({
      title: `${large}, to a file`,
      kind: "large",
      unit: "MB",
      contenders: [ours("save"), oursUnchecked("save"), saveWithLeast, saveWithCurl, syncWithRsync],
      slow: [saveWithSftp, saveWithPython],
      check: checkCopies,
    }),
    ...inBothPlaces({
      title: `${files} files of 4 KiB, to a folder`,
      kind: "small",
      unit: "files",
      contenders: [ours("sync"), saveSmallWithLeast, saveWithCurl, saveWithParallelCurl, syncWithRsync],
      slow: [saveWithSftp, saveWithPython],
      check: checkCopies,
    }),
    ...inBothPlaces({
      title: `${files} files of 4 KiB, ${files - changed} of them unchanged,`,
      kind: "small",
      unit: "files",
      contenders: [ours("sync"), compareWithLeast, syncWithRsync],
      slow: [],
      measure: (contender, task) => measureAgain(contender, task, changed),
      check: checkCopies,
    }),
    {
      title: `the names and sizes of ${names} files`,
      kind: "names",
      place: "disk",
      unit: "names",
      contenders: [ours("list"), listWithLeast, listWithCurl],
      check: checkListed,
    },
    {
      title: `${large}, to a file on disk, beside a timer of 10 ms`,
      kind: "large",
      place: "disk",
      unit: "MB",
      contenders: [ours("saveBesideTimer")],
      check: checkCopies,
    },
  ];
}

/** A job in memory, where it is the programs that are measured, and on the disk, where it is the disk as well. */
function inBothPlaces({ slow, ...row }: Omit<Row, "place"> & { slow: readonly Contender[] }): Row[] {
  return [
    { ...row, title: `${row.title} in memory`, place: "memory" },
    // Those whose time says nothing new in memory are measured once.
    { ...row, title: `${row.title} on disk`, place: "disk", contenders: [...row.contenders, ...slow] },
  ];
}

/** Whether a contender is us. */
export function isOurs({ name }: Contender): boolean {
  return name === "ours";
}

/** How many bytes a kind of files has. */
export function bytesOf(kind: Row["kind"], { mib, files }: Sizes): number {
  if (kind === "large") return mib * 1024 * 1024;
  return kind === "small" ? files * SMALL_FILE_BYTES : 0;
}

/** Does the job, has some files change, and measures doing it again. */
async function measureAgain(contender: Contender, task: Task, changed: number): Promise<Measured> {
  const scratch = join(task.scratch, "before");
  await mkdir(scratch);
  await contender.measure({ ...task, scratch, profiles: undefined });
  changeFiles(task.workload, changed);
  // What it wrote before goes to the disk now, and not while it is measured.
  spawnSync("sync");
  return contender.measure(task);
}

function checkBytes({ workload }: Task, { bytes }: Measured): void {
  if (bytes !== workload.bytes) throw new Error(`${bytes} bytes of ${workload.bytes} arrived`);
}

function checkCopies({ workload, into }: Task): void {
  compare(workload, into);
}

function checkListed({ workload }: Task, { listed }: Measured): void {
  if (listed?.files === workload.files && listed.bytes === workload.bytes) return;
  throw new Error(`${listed?.files} files of ${workload.files} were listed, or their sizes are not right`);
}
