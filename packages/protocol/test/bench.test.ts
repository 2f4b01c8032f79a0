// The codec benchmark runs, finds every result right, and prints every row. How long anything takes is not looked at.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { defaultPython } from "@fileshare/peers";
import { describe, expect, test } from "vitest";

const run = promisify(execFile);
const bench = fileURLToPath(new URL("../bench/bench.mjs", import.meta.url));

describe("codec bench", () => {
  test("prints a row for each workload, warm and in a fresh process", { timeout: 300_000 }, async () => {
    const sizes = ["--items", "100", "--megabytes", "1"];
    const { stdout } = await run(process.execPath, [bench, "--quick", ...sizes, "--python", defaultPython()]);
    const [warm, first, ...rest] = stdout
      .split("\n\n")
      .filter((block) => block.startsWith("| "))
      .map((block) => block.split("\n").map((line) => line.slice(2, -2).split(" | ")));
    expect(rest).toEqual([]);
    expect(warm?.[0]).toHaveLength(9);
    expect(first?.[0]).toHaveLength(7);
    for (const table of [warm, first]) {
      // Which cells have a figure, by row: ours, CPython and their ratio; then pickleparser, msgpackr and JSON.
      const figures = table?.slice(2).map(([title, ...cells]) => {
        expect(cells.slice(0, 3).join(" ")).toMatch(/^[\d.,]+ [\d.,]+ [\d.,]+$/);
        const others = cells.slice(-3).map((cell) => (/^[\d.,]+$/.test(cell) ? "x" : cell));
        return `${title}: ${others.join(" ")}`;
      });
      expect(figures).toEqual([
        "Mensaje of 3 attributes, decode: x x x",
        "Mensaje of 3 attributes, encode: - x x",
        "list of 100 strings, decode: x x x",
        "list of 100 strings, encode: - x x",
        "dict of 100 dicts, decode: x x x",
        "dict of 100 dicts, encode: - x x",
        "dict of 100 dicts, encode, from plain objects: - x x",
        "1 MB of bytes, decode: x x -",
        "1 MB of bytes, decode, copied: - x -",
        "1 MB of bytes, encode: - x -",
      ]);
    }
    expect(stdout).toMatch(
      /\nNode [\d.]+, Python 3[\d.]+, pickleparser [\d.]+, msgpackr [\d.]+, \d+ CPUs \(.+\), /,
    );
  });

  test.each([
    ["--rounds", "0"],
    ["--items", "x"],
  ])("refuses %s %s", async (flag, value) => {
    await expect(run(process.execPath, [bench, flag, value])).rejects.toMatchObject({
      code: 2,
      stderr: `bench: ${flag} must be a whole number of at least 1\n`,
    });
  });
});
