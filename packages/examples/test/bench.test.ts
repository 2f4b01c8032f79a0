import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { defaultPython, tempFolder } from "@fileshare/peers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type Ran, run } from "./run.js";

const SMALL = ["--mib", "4", "--files", "20", "--names", "50"];

/** Each job, with all who may be measured at it. Of them, only we, the least programs and the Python peers are on every machine. */
const JOBS: Readonly<Record<string, readonly string[]>> = {
  "4 MiB, discarded on arrival": [
    "ours",
    "ours, without checksums",
    "least Node program",
    "nginx, curl -o /dev/null",
    "iperf3, no files",
    "Python peers",
  ],
  "4 MiB, to a file in memory": [
    "ours",
    "ours, without checksums",
    "least Node program",
    "nginx, curl",
    "rsync daemon",
  ],
  "4 MiB, to a file on disk": [
    "ours",
    "ours, without checksums",
    "least Node program",
    "nginx, curl",
    "rsync daemon",
    "sftp",
    "Python peers",
  ],
  "20 files of 4 KiB, to a folder in memory": [
    "ours",
    "least Node program",
    "nginx, curl",
    "nginx, curl --parallel",
    "rsync daemon",
  ],
  "20 files of 4 KiB, to a folder on disk": [
    "ours",
    "least Node program",
    "nginx, curl",
    "nginx, curl --parallel",
    "rsync daemon",
    "sftp",
    "Python peers",
  ],
  "20 files of 4 KiB, 10 of them unchanged, in memory": ["ours", "least Node program", "rsync daemon"],
  "20 files of 4 KiB, 10 of them unchanged, on disk": ["ours", "least Node program", "rsync daemon"],
  "the names and sizes of 50 files": ["ours", "least Node program", "nginx, curl of the JSON index"],
  "4 MiB, to a file on disk, beside a timer of 10 ms": ["ours"],
};

/** Whether the system has files in memory. */
const hasMemory = existsSync("/dev/shm");

/** The cells of the table's lines, without its header. */
function cellsOf({ stdout }: Ran): string[][] {
  const lines = stdout.split("\n").filter((line) => line.startsWith("| "));
  return lines.slice(2).map((line) => {
    return line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim());
  });
}

afterEach(() => vi.unstubAllEnvs());

describe("bench", { timeout: 300_000 }, () => {
  test("prints one table: a line for each job and each who is there to do it", async () => {
    const ran = await run("bench", ...SMALL, "--rounds", "2");
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    expect(ran.stdout).toMatch(/^\d+ CPUs \(.+\), \S+ \S+, Node [\d.]+\n\nMedians of 2 interleaved rounds, /);
    expect(ran.stdout).toMatch(/to start and end that process took \d+\.\d{3} s$/m);
    const all = Object.entries(JOBS).flatMap(([job, names]) => names.map((by) => `${job}: ${by}`));
    const cells = cellsOf(ran);
    const shown = cells.map(([job, by]) => `${job}: ${by}`);
    expect(shown).toEqual(all.filter((each) => shown.includes(each)));
    const everywhere = all.filter(
      (each) =>
        /: (ours|ours, without checksums|least Node program|Python peers)$/.test(each) &&
        (hasMemory || !each.includes(" in memory")),
    );
    expect(shown).toEqual(expect.arrayContaining(everywhere));
    for (const [job, by = "", time, speed, ratio, serverPeak, clientPeak, loop] of cells) {
      expect(time).toMatch(/^\d+\.\d{3} s \(\d+\.\d{3} - \d+\.\d{3}\)$/);
      expect(speed).toMatch(/^\d+ (MB|files|names)\/s$/);
      expect(ratio).toMatch(by === "ours" ? /^$/ : /^\d+\.\d\dx$/);
      // The least programs for many small files and listings are one process, which sends nothing.
      const isLeastPair = by === "least Node program" && /^4 MiB|unchanged/.test(job ?? "");
      const isPair = /ours|Python/.test(by) || isLeastPair;
      const peak = process.platform === "linux" && isPair ? /^\d+ MiB$/ : /^$/;
      expect(serverPeak).toMatch(peak);
      expect(clientPeak).toMatch(peak);
      expect(loop).toMatch(job?.endsWith("timer of 10 ms") ? /^max \d+\.\d ms, p99 \d+\.\d ms$/ : /^$/);
    }
  });

  test("tells where our time goes, thread by thread", async () => {
    const ran = await run("bench", ...SMALL, "--profile", "--only", "(discarded|unchanged, on disk)");
    expect(ran.code, ran.stderr).toBe(0);
    const cells = cellsOf(ran);
    expect([...new Set(cells.map(([job]) => job))]).toEqual([
      "4 MiB, discarded on arrival",
      "20 files of 4 KiB, 10 of them unchanged, on disk",
    ]);
    const threads = cells.map(([, thread]) => thread);
    expect(threads).toEqual(expect.arrayContaining(["server, main", "client, main"]));
    for (const [, , busy, most] of cells) {
      expect(busy).toMatch(/^\d+ %$/);
      // A thread that has done little has fewer.
      expect(most).toMatch(/^\S.* \d+ %(, \S.* \d+ %){0,5}$/);
    }
  });

  test("names what the machine does not have, and measures the others", async () => {
    await using path = await tempFolder();
    await symlink(defaultPython(), join(path.path, "python3"));
    vi.stubEnv("PATH", path.path);
    const ran = await run("bench", ...SMALL, "--rounds", "1", "--only", "discarded.*: (nginx|ours|Python)");
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stderr).toMatch(/^Without (nginx, )?curl: see --install$/m);
    expect(cellsOf(ran).map(([, by]) => by)).toEqual(["ours", "ours, without checksums", "Python peers"]);
  });

  test("ends on Ctrl-C in the middle, and leaves nothing behind", async () => {
    await using temporary = await tempFolder();
    vi.stubEnv("TMPDIR", temporary.path);
    const bench = spawn(
      process.execPath,
      [fileURLToPath(new URL("../dist/bench.js", import.meta.url)), ...SMALL],
      {
        stdio: ["ignore", "ignore", "pipe"],
      },
    );
    const lines = await interruptWhen(bench, /^round 1: /);
    expect(lines.at(-1)).toBe("bench failed: interrupted by SIGINT");
    expect(bench.exitCode).toBe(1);
    expect(await readdir(temporary.path)).toEqual([]);
    const inMemory = hasMemory ? await readdir("/dev/shm") : [];
    expect(inMemory.filter((name) => name.startsWith(`fileshare-bench-${bench.pid}-`))).toEqual([]);
  });

  test.each([
    ["--rounds", "0", "must be a whole number from 1 to 10000000"],
    ["--mib", "x", "must be a whole number from 1 to 4095"],
    ["--mib", "4096", "must be a whole number from 1 to 4095"],
    ["--touch", "x", "must be a whole number from 1 to 1000000"],
    ["--only", "(", "must be a regular expression"],
  ])("refuses %s %s", async (flag, value, reason) => {
    const { code, stderr } = await run("bench", flag, value);
    expect(code).toBe(2);
    expect(stderr).toBe(`bench: ${flag} ${reason}\n`);
  });

  test("says that nothing was chosen", async () => {
    const { code, stderr } = await run("bench", "--only", "no such job");
    expect(code).toBe(1);
    expect(stderr).toBe("bench failed: there is nothing to measure\n");
  });
});

/** Interrupts a program when it prints a line to stderr. Gives all such lines when it has ended. */
async function interruptWhen(program: ChildProcess, pattern: RegExp): Promise<string[]> {
  const ended = once(program, "close");
  const lines: string[] = [];
  if (!program.stderr) throw new TypeError("stderr must be a pipe");
  let waiting = true;
  createInterface({ input: program.stderr }).on("line", (line) => {
    lines.push(line);
    if (waiting && pattern.test(line)) waiting = !program.kill("SIGINT");
  });
  await ended;
  return lines;
}
