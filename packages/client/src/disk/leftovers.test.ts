import { chownSync, closeSync, mkdirSync, openSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempFolder } from "@fileshare/peers";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { PROBE } from "./paths.js";
import { Work } from "./work.js";

let folder: string;

beforeEach(async () => {
  const temp = await tempFolder();
  onTestFinished(() => temp[Symbol.asyncDispose]());
  folder = temp.path;
});

const part = (digit: string): string => `.fileshare-${digit.repeat(16)}.part`;
const log = (digit: string): string => `.fileshare-${digit.repeat(16)}.log`;

function write(...names: string[]): void {
  for (const name of names) writeFileSync(join(folder, name), "");
}

/** As it is after so many minutes. */
function later(minutes: number): void {
  const now = Date.now() + minutes * 60_000;
  const spy = vi.spyOn(Date, "now").mockReturnValue(now);
  onTestFinished(() => spy.mockRestore());
}

const ways: [string, (work: Work, path: string) => void][] = [
  ["a download", (work, path) => work.tidy(path)],
  ["a sync, in its folder", (work, path) => void work.prepare(path)],
  ["a sync, in one below", (work, path) => void work.journals([path])],
  ["a sync that removes", (work, path) => void work.walk(path, true)],
];

describe.each(ways)("What killed processes left, in the eyes of %s:", (_, lookInto) => {
  it("parts and journals that are alone are removed once they are old", () => {
    const probe = `.fileshare-${"d".repeat(16)}${PROBE}`;
    write(part("a"), log("b"), part("c"), log("c"), probe, "x");
    later(59);
    lookInto(new Work(), folder);
    expect(readdirSync(folder)).toHaveLength(6);
    later(62);
    lookInto(new Work(), folder);
    expect(readdirSync(folder).sort()).toEqual([log("c"), part("c"), "x"]);
  });
});

describe("What killed processes left", () => {
  it("is no other name, no folder and no link", () => {
    const others = [".fileshare-notes.part", part("A"), `${part("a")}~`, `x${part("a")}`];
    write(...others);
    mkdirSync(join(folder, part("b")));
    symlinkSync(join(folder, others[0] as string), join(folder, part("c")));
    later(1000);
    new Work().tidy(folder);
    expect(readdirSync(folder).sort()).toEqual([...others, part("b"), part("c")].sort());
  });

  it.skipIf(process.platform !== "linux")("is nothing that somebody has open", () => {
    write(part("a"));
    const fd = openSync(join(folder, part("a")), "r");
    later(1000);
    new Work().tidy(folder);
    expect(readdirSync(folder)).toEqual([part("a")]);
    closeSync(fd);
    new Work().tidy(folder);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.skipIf(process.getuid?.() !== 0)("is nothing of another user", () => {
    write(part("a"), log("b"));
    for (const name of [part("a"), log("b")]) chownSync(join(folder, name), 65534, 65534);
    later(1000);
    new Work().tidy(folder);
    expect(readdirSync(folder)).toHaveLength(2);
  });

  it("stays where nothing is to be changed, or the folder is not there", () => {
    write(part("a"));
    later(1000);
    expect(new Work().walk(folder, false).files).toEqual([]);
    new Work().tidy(join(folder, "falta"));
    expect(readdirSync(folder)).toEqual([part("a")]);
  });
});
