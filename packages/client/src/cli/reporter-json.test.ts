import { afterEach, describe, expect, it, vi } from "vitest";
import { jsonReporter } from "./reporter-json.js";
import { Tally } from "./tally.js";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("jsonReporter", () => {
  it("tells once that a file is tried again, until the wait that it told is over", () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const lines: string[] = [];
    vi.spyOn(process.stdout, "write").mockImplementation((line) => lines.push(String(line)) > 0);
    const reporter = jsonReporter(new Tally());
    const retry = (name: string, waitMs: number): void =>
      reporter.event(name, { type: "retry", error: new Error("lost"), waitMs });
    retry("a", 150);
    retry("a", 200);
    retry("b", 100);
    vi.advanceTimersByTime(149);
    retry("a", 300);
    vi.advanceTimersByTime(1);
    retry("a", 400);
    const told = lines.map((line) => JSON.parse(line) as { name: string; waitMs: number });
    expect(told.map(({ name, waitMs }) => [name, waitMs])).toEqual([
      ["a", 150],
      ["b", 100],
      ["a", 400],
    ]);
  });
});
