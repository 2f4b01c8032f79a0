import fs, { closeSync, openSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { tempFolder } from "@fileshare/peers";
import { describe, expect, it, onTestFinished } from "vitest";
import { isHeld, type Owner, self, sinceThisBoot } from "./owner.js";

async function opened(): Promise<{ fd: number; path: string; part: string }> {
  const temp = await tempFolder();
  const path = join(temp.path, "x");
  const fd = openSync(path, "w");
  onTestFinished(async () => {
    closeSync(fd);
    await temp[Symbol.asyncDispose]();
  });
  return { fd, path, part: join(temp.path, "part") };
}

/** A pid that no process has: Linux gives none above 2^22. */
const NOBODY = 2 ** 30;

describe("isHeld()", () => {
  it("tells a process that is at work from one that is over", async () => {
    const { fd, part } = await opened();
    expect(isHeld(self(0), fd, part)).toBe(false);
    expect(isHeld(self(NOBODY), fd, part)).toBe(false);
  });

  it.skipIf(process.platform !== "linux")(
    "tells one that has the file open from one that is alive",
    async () => {
      const { fd, path, part } = await opened();
      expect(isHeld(self(), fd, part)).toBe(false);
      const other = openSync(path, "r");
      expect(isHeld(self(), fd, part)).toBe(true);
      closeSync(other);
      expect(isHeld(self(), fd, part)).toBe(false);
      expect(isHeld(self(process.ppid), fd, part)).toBe(false);
    },
  );

  it.each<[string, Partial<Owner>]>([
    ["on another host", { host: "another", boot: "another" }],
    ["in another container", { space: "pid:[1]" }],
  ])("goes by when it was last written where the owner is %s", async (_, elsewhere) => {
    const { fd, path, part } = await opened();
    const owner = { ...self(NOBODY), ...elsewhere };
    expect(isHeld(owner, fd, part)).toBe(true);
    utimesSync(path, new Date(), new Date(Date.now() - 60_000));
    expect(isHeld(owner, fd, part)).toBe(false);
    fs.writeFileSync(part, "");
    expect(isHeld(owner, fd, part)).toBe(true);
  });

  it("takes an owner from before the system was started for gone", async () => {
    const { fd, part } = await opened();
    expect(isHeld({ ...self(), boot: "another" }, fd, part)).toBe(false);
  });
});

describe("sinceThisBoot()", () => {
  it("holds for what this process writes", () => {
    expect(sinceThisBoot(self())).toBe(true);
    expect(sinceThisBoot({ ...self(), boot: "another" })).toBe(false);
    expect(sinceThisBoot({ ...self(), host: "another" })).toBe(false);
  });
});
