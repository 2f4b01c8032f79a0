import { describe, expect, it } from "vitest";
import { sizeText } from "./reporter.js";

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
  ])("says %d bytes as %s", (bytes, text) => {
    expect(sizeText(bytes)).toBe(text);
  });
});
