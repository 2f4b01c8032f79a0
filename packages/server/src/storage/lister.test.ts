import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tempFolder } from "@fileshare/peers";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { Lister, type PackedPage } from "./lister.js";
import type { EntriesOptions } from "./storage.js";

const every: EntriesOptions = {
  recursive: false,
  after: undefined,
  limit: 2,
  details: ["sizes", "modified", "versions"],
};

/** A folder of the files `a` to `h`, of one byte each. */
async function folder(): Promise<string> {
  const { path, ...temp } = await tempFolder();
  onTestFinished(() => temp[Symbol.asyncDispose]());
  for (const name of "abcdefgh") await writeFile(join(path, name), name);
  return path;
}

function told({ names, sizes, modified, versions }: PackedPage): Record<string, number> {
  const listed = names.split("\0").slice(0, -1);
  expect(modified).toHaveLength(listed.length);
  expect(versions.split("\0")).toHaveLength(listed.length + 1);
  return Object.fromEntries(listed.map((name, i) => [name, sizes[i] as number]));
}

/** Makes all pages ahead that may be made; gives how many. */
function lookAhead(lister: Lister): number {
  let made = 0;
  while (lister.lookAhead()) made += 1;
  return made;
}

describe("Lister", () => {
  test("makes two pages ahead at most, and none behind the end", async () => {
    const lister = new Lister(await folder());
    expect(lookAhead(lister)).toBe(0);
    let { next } = lister.page(every);
    const counts: number[] = [lookAhead(lister)];
    const names: string[] = [];
    while (next !== undefined) {
      const page = lister.page({ ...every, after: next });
      names.push(...Object.keys(told(page)));
      next = page.next;
      counts.push(lookAhead(lister));
    }
    expect(names).toEqual([..."cdefgh"]);
    expect(counts).toEqual([2, 1, 1, 0, 0]);
  });

  test("gives pages that were made ahead as those that were not", async () => {
    const path = await folder();
    const [ahead, plain] = [new Lister(path), new Lister(path)];
    for (let after: string | undefined; ; ) {
      const page = ahead.page({ ...every, after });
      expect(page).toEqual(plain.page({ ...every, after }));
      lookAhead(ahead);
      after = page.next;
      if (after === undefined) break;
    }
  });

  test("tells a listing that begins after a change nothing from before it, nor the one that goes on then", async () => {
    const path = await folder();
    const lister = new Lister(path);
    lister.page(every);
    expect(lookAhead(lister)).toBe(2);
    await writeFile(join(path, "c"), "more");
    const { next } = lister.page(every);
    expect(told(lister.page({ ...every, after: next }))).toEqual({ c: 4, d: 1 });
    expect(told(lister.page({ ...every, after: next }))).toEqual({ c: 4, d: 1 });
  });

  test("tells a listing that begins after a file has come of it, whoever else is listing", async () => {
    const path = await folder();
    const lister = new Lister(path);
    lister.page(every);
    lookAhead(lister);
    await writeFile(join(path, "cc"), "new");
    const { next } = lister.page(every);
    expect(told(lister.page({ ...every, after: next }))).toEqual({ c: 1, cc: 3 });
  });

  test("looks again at the files of a page that has waited for more than a second", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const path = await folder();
    const lister = new Lister(path);
    const { next } = lister.page(every);
    lookAhead(lister);
    await writeFile(join(path, "c"), "more");
    await rm(join(path, "d"));
    await rename(join(path, "f"), join(path, "x"));
    await symlink("x", join(path, "f"));
    vi.advanceTimersByTime(1001);
    const third = lister.page({ ...every, after: next });
    expect(told(third)).toEqual({ c: 4 });
    expect(third.next).toBe("d");
    expect(told(lister.page({ ...every, after: "d" }))).toEqual({ e: 1, f: 1 });
  });

  test("finds out only what is asked for", async () => {
    const path = await folder();
    await mkdir(join(path, "carpeta"));
    await symlink("carpeta", join(path, "enlace"));
    await symlink("no-hay", join(path, "roto"));
    const lister = new Lister(path);
    const names = [..."abcdefgh"].map((name) => `${name}\0`).join("");
    const none = {
      names,
      sizes: new Float64Array(),
      modified: new Float64Array(),
      versions: "",
      next: undefined,
    };
    expect(lister.page({ ...every, limit: 100, details: [] })).toEqual(none);
    expect(lister.page({ ...every, limit: 100, details: ["sizes"] })).toEqual({
      ...none,
      sizes: new Float64Array(8).fill(1),
    });
  });
});
