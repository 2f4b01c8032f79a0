import { readFileSync } from "node:fs";

/**
 * The most memory that a running process has held so far, in KiB, measured from outside it: VmHWM of
 * `/proc/<pid>/status`. Undefined where there is no such file: outside Linux, and when the process has ended.
 */
export function peakRssKib(pid: number): number | undefined {
  try {
    const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return line?.[1] === undefined ? undefined : Number(line[1]);
  } catch {
    return undefined;
  }
}
