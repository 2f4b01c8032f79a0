import { describe, expect, it } from "vitest";
import { printable } from "./index.js";

describe("printable()", () => {
  it.each([
    ["año 文件 😀.txt", "año 文件 😀.txt"],
    ["a\tb\r\n", "a\\u{9}b\\u{d}\\u{a}"],
    ["\u001b]0;x\u0007", "\\u{1b}]0;x\\u{7}"],
    ["\u0000\u007f\u0085\u009b", "\\u{0}\\u{7f}\\u{85}\\u{9b}"],
    ["\u200b\u200e\u202e\u2066\ufeff", "\\u{200b}\\u{200e}\\u{202e}\\u{2066}\\u{feff}"],
    ["\u2028\u2029", "\\u{2028}\\u{2029}"],
    ["\ud800", "\\u{d800}"],
    ["\u{e0041}", "\\u{e0041}"],
  ])("shows %j as %s", (text, shown) => {
    expect(printable(text)).toBe(shown);
  });
});
