import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MAX_TIMER_MS } from "./timers.js";
import { Watchdog } from "./watchdog.js";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A turn, in which what has come by then is seen. */
const TURN_MS = 1;

function watched(): { dog: Watchdog; late: number[] } {
  const late: number[] = [];
  return { dog: new Watchdog((ms) => late.push(ms)), late };
}

/** The wait that has begun is told of as late when it is, and not before. */
function expectLate(late: readonly number[], ms: number): void {
  vi.advanceTimersByTime(ms);
  expect(late).toEqual([]);
  vi.advanceTimersByTime(TURN_MS);
  expect(late).toEqual([ms]);
}

describe("Watchdog", () => {
  it("tells of a wait that takes too long, when it does, and once", () => {
    const { dog, late } = watched();
    dog.begin(100);
    expectLate(late, 100);
    vi.advanceTimersByTime(1000);
    expect(late).toEqual([100]);
  });

  it("leaves a turn to what came while the thread was busy", () => {
    const { dog, late } = watched();
    dog.begin(100);
    vi.advanceTimersByTime(100);
    dog.end();
    vi.advanceTimersByTime(1000);
    dog.begin(100);
    vi.advanceTimersByTime(100);
    dog.end();
    dog.begin(100);
    expectLate(late, 100);
  });

  it("counts each wait from its own beginning, with one timer for all", () => {
    const { dog, late } = watched();
    for (let i = 0; i < 50; i++) {
      dog.begin(100);
      expect(vi.getTimerCount()).toBe(1);
      vi.advanceTimersByTime(60);
      dog.end();
    }
    dog.begin(100);
    expectLate(late, 100);
  });

  it.each([
    [1000, 10],
    [10, 1000],
  ])("of %d ms may be followed by one of %d ms", (first, second) => {
    const { dog, late } = watched();
    dog.begin(first);
    dog.end();
    dog.begin(second);
    expectLate(late, second);
  });

  it("tells of none that is over, nor of one that may take as long as it takes", () => {
    const { dog, late } = watched();
    dog.begin(10);
    dog.end();
    vi.advanceTimersByTime(100);
    dog.begin(MAX_TIMER_MS + 1);
    dog.begin(Number.POSITIVE_INFINITY);
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(100_000);
    expect(late).toEqual([]);
  });

  it("keeps the process alive during a wait, and not between", () => {
    vi.useRealTimers();
    const keeping = (): number =>
      process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
    const before = keeping();
    const { dog } = watched();
    for (let i = 0; i < 3; i++) {
      dog.begin(60_000);
      expect(keeping()).toBe(before + 1);
      dog.end();
      expect(keeping()).toBe(before);
    }
    dog.stop();
  });

  it("leaves no timer when it is stopped", () => {
    const { dog, late } = watched();
    dog.begin(10);
    dog.stop();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(100);
    expect(late).toEqual([]);
  });
});
