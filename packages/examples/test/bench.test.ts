import { describe, expect, test } from "vitest";
import { run } from "./run.js";

describe("bench", () => {
  test("prints a row for each pair and workload, within the time it is given", {
    timeout: 120_000,
  }, async () => {
    const sizes = ["--mib", "4", "--files", "20"];
    const { code, stdout, stderr } = await run("bench", ...sizes, "--rounds", "2", "--seconds", "1");
    expect(code, stdout + stderr).toBe(0);
    const lines = stdout.split("\n");
    expect(lines[2]).toMatch(/^Median times of 1 interleaved round, /);
    expect(lines[0]).toMatch(/^\d+ CPUs \(.+\), \S+ \S+, Node [\d.]+, Python 3[\d.]+$/);
    const cells = lines
      .filter((line) => line.startsWith("| "))
      .slice(2)
      .map((line) => line.split("|").map((cell) => cell.trim()));
    expect(cells.map(([, files, pair]) => `${files}: ${pair}`)).toEqual(
      ["1 file of 4 MiB", "20 files of 4 KiB"].flatMap((files) => [
        `${files}, saved: ours -> ours`,
        `${files}, saved: ours -> Python`,
        `${files}, saved: Python -> Python`,
        `${files}, saved: Python -> ours`,
        `${files}, discarded: Python -> Python`,
        `${files}, discarded: ours -> ours`,
      ]),
    );
    for (const [, , pair, time, speed, relative, serverPeak, clientPeak] of cells) {
      expect(time).toMatch(/^\d+\.\d{3} s$/);
      expect(speed).toMatch(/^\d+(\.\d)?$/);
      expect(relative).toMatch(pair === "Python -> Python" ? /^1\.00x$/ : /^\d+\.\d\dx$/);
      expect([serverPeak, clientPeak].join()).toMatch(/^(\d+ MiB|unknown),(\d+ MiB|unknown)$/);
    }
  });

  test.each([
    ["--rounds", "0"],
    ["--mib", "x"],
  ])("refuses %s %s", async (flag, value) => {
    const { code, stderr } = await run("bench", flag, value);
    expect(code).toBe(2);
    expect(stderr).toBe(`bench: ${flag} must be a whole number of at least 1\n`);
  });
});
