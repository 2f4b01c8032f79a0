import { describe, expect, it } from "vitest";
import { Arrivals, Tally } from "./tally.js";

/** A tally with a clock that is set by hand. */
function timed(): { tally: Tally; pass: (ms: number) => void } {
  let now = 1000;
  return {
    tally: new Tally(() => now),
    pass: (ms) => {
      now += ms;
    },
  };
}

describe("Tally", () => {
  it("tells the rate of what came over the wire, and the time that the rest takes", () => {
    const { tally, pass } = timed();
    tally.total = 10_000;
    tally.arrive(0);
    expect(tally.bytesPerSecond).toBeUndefined();
    for (let i = 0; i < 10; i++) {
      pass(100);
      tally.arrive(100);
      tally.received += 100;
    }
    expect(tally.bytesPerSecond).toBe(1000);
    expect(tally.secondsLeft).toBe(9);
    expect(tally.seconds).toBe(1);
  });

  it("is right from the start after a resume: bytes that were there count for how far, not for how fast", () => {
    const { tally, pass } = timed();
    tally.total = 1_000_000;
    const arrivals = new Arrivals(tally);
    arrivals.resumed(900_000);
    arrivals.progress(900_000);
    expect([tally.received, tally.arrived]).toEqual([900_000, 0]);
    arrivals.progress(900_010);
    for (let i = 0; i < 10; i++) {
      pass(100);
      arrivals.progress(900_010 + (i + 1) * 1000);
    }
    expect(tally.bytesPerSecond).toBe(10_010);
    expect(tally.secondsLeft).toBeCloseTo((1_000_000 - 910_010) / 10_010, 5);
  });

  it("follows a line that becomes slower, and sinks when nothing comes", () => {
    const { tally, pass } = timed();
    const run = (bytes: number): void => {
      for (let i = 0; i < 100; i++) {
        pass(100);
        tally.arrive(bytes);
      }
    };
    run(1000);
    expect(tally.bytesPerSecond).toBeCloseTo(10_000, -3);
    run(10);
    expect(tally.bytesPerSecond).toBeCloseTo(100, -1);
    pass(60_000);
    expect(tally.bytesPerSecond).toBeLessThan(10);
  });

  it("tells no time while a size is unknown", () => {
    const { tally, pass } = timed();
    tally.unknown = 1;
    tally.arrive(1);
    pass(1000);
    tally.arrive(1);
    expect(tally.bytesPerSecond).toBe(2);
    expect(tally.secondsLeft).toBeUndefined();
  });
});

describe("Arrivals", () => {
  it("counts bytes that have to come again once", () => {
    const { tally } = timed();
    const arrivals = new Arrivals(tally);
    for (const received of [0, 100, 200, 150, 180, 220]) arrivals.progress(received);
    expect([tally.received, tally.arrived]).toEqual([220, 220]);
  });

  it("counts a file that starts over from its start", () => {
    const { tally } = timed();
    const arrivals = new Arrivals(tally);
    arrivals.progress(100);
    arrivals.restarted();
    arrivals.progress(0);
    arrivals.progress(150);
    expect([tally.received, tally.arrived]).toEqual([150, 250]);
  });

  it("takes back what a file that failed had", () => {
    const { tally } = timed();
    const arrivals = new Arrivals(tally);
    arrivals.progress(100);
    arrivals.end(0);
    expect([tally.received, tally.arrived]).toEqual([0, 100]);
  });
});
