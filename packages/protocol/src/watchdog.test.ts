import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MAX_TIMER_MS } from "./timers.js";
import { Watchdog } from "./watchdog.js";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

function watched(): { dog: Watchdog; late: number[] } {
  const late: number[] = [];
  return { dog: new Watchdog((ms) => late.push(ms)), late };
}

describe("Watchdog", () => {
  it("tells of a wait that takes too long, when it does, and once", () => {
    const { dog, late } = watched();
    dog.begin(100);
    vi.advanceTimersByTime(99);
    expect(late).toEqual([]);
    vi.advanceTimersByTime(1000);
    expect(late).toEqual([100]);
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
    vi.advanceTimersByTime(99);
    expect(late).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(late).toEqual([100]);
  });

  it.each([
    [1000, 10],
    [10, 1000],
  ])("of %d ms may be followed by one of %d ms", (first, second) => {
    const { dog, late } = watched();
    dog.begin(first);
    dog.end();
    dog.begin(second);
    vi.advanceTimersByTime(second - 1);
    expect(late).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(late).toEqual([second]);
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

  it("leaves no timer when it is stopped", () => {
    const { dog, late } = watched();
    dog.begin(10);
    dog.stop();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(100);
    expect(late).toEqual([]);
  });
});
