// What processes leave to each other: killed at any instant, at work on the same file at once, or simply over.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { tempFolder } from "@fileshare/peers";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { PartFile } from "../src/disk/part-file.js";
import { resumableNames } from "../src/disk/paths.js";
import { reference } from "./reference.js";

const child = fileURLToPath(new URL("disk-child.mjs", import.meta.url));

const SIZE = 40_000;
const FILES = 8;
const KILLS = 60;

let folder: string;

beforeEach(async () => {
  const temp = await tempFolder();
  onTestFinished(() => temp[Symbol.asyncDispose]());
  folder = temp.path;
});

describe.skipIf(process.platform === "win32")("a download of a process that is killed", () => {
  it(`is picked up where it was, ${KILLS} times in ${FILES} files at once`, {
    timeout: 300_000,
  }, async () => {
    const content = reference(SIZE);
    const into = join(folder, "in");
    mkdirSync(into);
    writeFileSync(join(folder, "reference"), content);
    let whole = 0;
    let resumed = 0;
    for (let seed = 1; seed <= KILLS; seed++) {
      const { stdout, stderr, signal } = spawnSync(
        process.execPath,
        [child, "untilKilled", folder, String(seed), String(FILES)],
        { encoding: "utf8", timeout: 30_000 },
      );
      expect(stderr).toBe("");
      expect(signal).toBe("SIGKILL");
      const told = stdout.split("\n").map((line) => line.split(" "));
      for (let i = 0; i < FILES; i++) {
        const target = join(into, String(i));
        const names = resumableNames(target);
        const own = told.filter(([name]) => name === String(i));
        if (own.some(([, what]) => what === "whole")) {
          expect(readFileSync(target).equals(content)).toBe(true);
          rmSync(target);
          whole++;
          continue;
        }
        const { part, have, startedOver } = PartFile.begin(
          target,
          { name: "x", version: "1", size: SIZE, modified: 1 },
          true,
        );
        expect(startedOver).toBe(false);
        if (have.length > 0) resumed++;
        const there = readFileSync(names.part);
        expect(there).toHaveLength(SIZE);
        for (const { start, end } of have) {
          expect(there.subarray(start, end).equals(content.subarray(start, end)), `seed ${seed}`).toBe(true);
        }
        // Whatever the process knew to be recorded is there; what it had no time to learn of may be.
        for (const [, start, end] of own) {
          const covered = have.some((range) => range.start <= Number(start) && Number(end) <= range.end);
          expect(covered, `seed ${seed}: ${start} to ${end}`).toBe(true);
        }
        await part.keep();
      }
    }
    expect(whole).toBeGreaterThan(FILES);
    expect(resumed).toBeGreaterThan(KILLS);
    rmSync(join(folder, "reference"));
    for (let i = 0; i < FILES; i++) {
      const target = join(into, String(i));
      const { part, have } = PartFile.begin(
        target,
        { name: "x", version: "1", size: SIZE, modified: 1 },
        true,
      );
      let at = 0;
      for (const { start, end } of [...have, { start: SIZE, end: SIZE }]) {
        part.open(i, at, start, undefined);
        part.write(i, content.subarray(at, start));
        part.end(i, undefined);
        at = end;
      }
      await part.finish(false);
      expect(readFileSync(target).equals(content)).toBe(true);
    }
    expect(readdirSync(into)).toEqual(Array.from({ length: FILES }, (_, i) => String(i)));
  });
});

describe("two processes with the same target", () => {
  function start(version: string) {
    const running = spawn(process.execPath, [child, "hold", folder, version], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    onTestFinished(() => void running.kill("SIGKILL"));
    const said = once(running.stdout.setEncoding("utf8"), "data").then(([text]) => JSON.parse(text));
    const exited = once(running, "exit").then(([code]) => code);
    return { said, exited, goOn: () => running.stdin.write("\n"), kill: () => running.kill("SIGKILL") };
  }

  it.each(["v1", "v2"])("do not spoil each other's download (%s)", async (version) => {
    const first = start("v1");
    expect(await first.said).toEqual([]);
    const second = start(version);
    expect(await second.said).toEqual([]);
    expect(readdirSync(folder)).toHaveLength(3);
    second.goOn();
    expect(await second.exited).toBe(0);
    expect(readdirSync(folder)).toHaveLength(3);
    rmSync(join(folder, "fichero"));
    first.goOn();
    expect(await first.exited).toBe(0);
    expect(readdirSync(folder)).toEqual(["fichero"]);
    expect(readFileSync(join(folder, "fichero"), "utf8")).toBe("0123456789abcdefghij");
  });

  it.skipIf(process.platform === "win32")("take over from one another when one is killed", async () => {
    const first = start("v1");
    expect(await first.said).toEqual([]);
    first.kill();
    await first.exited;
    const second = start("v1");
    expect(await second.said).toEqual([{ start: 0, end: 10 }]);
    second.goOn();
    expect(await second.exited).toBe(0);
    expect(readdirSync(folder)).toEqual(["fichero"]);
  });
});

describe("a process with a disk that was not closed", () => {
  it("lives until what it asked for is done, and no longer", () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [child, "once", folder], {
      encoding: "utf8",
      timeout: 30_000,
    });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "saved\n", stderr: "" });
    expect(readdirSync(folder)).toContain("saved");
  });
});

describe("a process that closes a disk while something is asked of it", () => {
  it("lives until that is closed", () => {
    writeFileSync(join(folder, "small"), "x");
    const { status, stdout, stderr } = spawnSync(process.execPath, [child, "close", folder], {
      encoding: "utf8",
      timeout: 30_000,
    });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "closed\n", stderr: "" });
  });
});
