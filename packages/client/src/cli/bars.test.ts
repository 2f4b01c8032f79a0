import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { barLines } from "./bars.js";
import { Tally } from "./tally.js";

function tallyOf(files: number): Tally {
  const tally = new Tally();
  tally.files = files;
  tally.total = 1000;
  tally.received = 500;
  return tally;
}

const file = (name: string) => ({ name, received: 250, total: 1000 });

describe("barLines()", () => {
  it("shows one file alone, and several with their sum", () => {
    expect(barLines([file("a")], tallyOf(1), { columns: 80, rows: 24 })).toEqual([
      "a [=====---------------]  25% 250 B of 1.00 kB",
    ]);
    expect(barLines([file("a"), file("bb")], tallyOf(5), { columns: 80, rows: 24 })).toEqual([
      "a            [==-------]  25% 250 B of 1.00 kB",
      "bb           [==-------]  25% 250 B of 1.00 kB",
      "0 of 5 files [=====----]  50% 500 B of 1.00 kB",
    ]);
  });

  it("shows as many as the terminal has lines for, the sum always", () => {
    const files = Array.from({ length: 50 }, (_, i) => file(`fichero ${i}`));
    for (const rows of [1, 2, 3, 10, 60]) {
      const lines = barLines(files, tallyOf(50), { columns: 80, rows });
      expect(lines).toHaveLength(Math.max(1, Math.min(51, rows - 1)));
      expect(lines.at(-1)).toContain("0 of 50 files");
    }
  });

  it("is never wider than the terminal, whatever the names", () => {
    const files = ["x".repeat(300), "文件".repeat(100), "😀".repeat(50), "a\u001b[2Jb", "c\nd"].map(file);
    for (const columns of [1, 5, 20, 40, 79, 80, 200]) {
      for (const line of barLines(files, tallyOf(9), { columns, rows: 24 })) {
        expect(stringWidth(line)).toBeLessThanOrEqual(Math.max(1, columns - 1));
        expect(line).not.toMatch(/\p{Cc}/u);
      }
    }
  });

  it("shows a file of which nothing is known as not begun", () => {
    expect(barLines([{ name: "a", received: 0, total: 0 }], tallyOf(1), { columns: 80, rows: 24 })).toEqual([
      "a [--------------------]   0% 0 B of 0 B",
    ]);
  });
});
