import { describe, expect, it } from "vitest";
import { dateText, durationText, parseRate, sizeText, wholeNumber } from "./units.js";

describe("sizeText()", () => {
  it.each([
    [0, "0 B"],
    [1, "1 B"],
    [999, "999 B"],
    [1000, "1.00 kB"],
    [1024, "1.02 kB"],
    [12_345, "12.3 kB"],
    [999_499, "999 kB"],
    [999_500, "1.00 MB"],
    [3 * 1024 ** 3, "3.22 GB"],
    [999_500_000_000, "1.00 TB"],
    [12.7, "13 B"],
  ])("says %d bytes as %s", (bytes, text) => {
    expect(sizeText(bytes)).toBe(text);
  });
});

describe("durationText()", () => {
  it.each([
    [0, "0:00"],
    [0.2, "0:01"],
    [59.5, "1:00"],
    [754, "12:34"],
    [3599.5, "1:00:00"],
    [100_000, "27:46:40"],
  ])("says %d seconds as %s", (seconds, text) => {
    expect(durationText(seconds)).toBe(text);
  });
});

describe("dateText()", () => {
  it("says a moment in local time, as wide as any other, and ? of what no calendar has", () => {
    const moment = new Date(2026, 0, 2, 3, 4, 5);
    expect(dateText(moment.getTime() / 1000)).toBe("2026-01-02 03:04");
    expect(dateText(1e300)).toBe("?");
  });
});

describe("parseRate()", () => {
  it.each([
    ["1", 1],
    ["500000", 500_000],
    ["500k", 500 * 1024],
    ["1.5M", 1.5 * 1024 ** 2],
    ["2G", 2 * 1024 ** 3],
    ["2gb", 2 * 1024 ** 3],
    ["1T", 1024 ** 4],
  ])("takes %s for %d bytes a second", (text, bytes) => {
    expect(parseRate(text)).toBe(bytes);
  });

  it.each(["", "0", "0.2", "-1", "k", "1kk", "1,5M", "1 M", "1e3", "Infinity"])("refuses %j", (text) => {
    expect(() => parseRate(text)).toThrow("It must be bytes a second");
  });
});

describe("wholeNumber()", () => {
  it("takes the least and the most, and nothing beyond or between", () => {
    const parse = wholeNumber(1, 64);
    expect([parse("1"), parse("64")]).toEqual([1, 64]);
    for (const text of ["0", "65", "1.5", "", "x", "-1", "1e1"]) {
      expect(() => parse(text)).toThrow("It must be a whole number from 1 to 64.");
    }
  });
});
