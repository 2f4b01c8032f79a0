import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { tempFolder } from "@fileshare/peers";
import { Content } from "@fileshare/protocol";
import { describe, expect, it, onTestFinished } from "vitest";
import { saveContent } from "./download.js";

const MiB = 1024 * 1024;

async function folder(): Promise<string> {
  const temp = await tempFolder();
  onTestFinished(() => temp[Symbol.asyncDispose]());
  return temp.path;
}

describe("saveContent()", () => {
  interface Watched {
    readonly content: Content;
    readonly cancelled: () => boolean;
  }

  /** Content of three pieces, between the second and the third of which something happens. */
  function content(between: () => Promise<unknown>): Watched {
    let cancelled = false;
    const open = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(2 * MiB);
      yield Buffer.alloc(2 * MiB);
      await between();
      yield Buffer.alloc(1);
    };
    const cancel = async (): Promise<void> => {
      cancelled = true;
    };
    return { content: new Content(4 * MiB + 1, { open, cancel }), cancelled: () => cancelled };
  }

  it("tells how much has arrived at the start and after each piece", async () => {
    const into = await folder();
    const told: number[] = [];
    await saveContent(content(async () => {}).content, join(into, "x"), (received) => told.push(received));
    expect(told).toEqual([0, 2 * MiB, 4 * MiB, 4 * MiB + 1]);
    expect(await readdir(into)).toEqual(["x"]);
  });

  it.each([
    ["the folder is removed", (into: string) => rm(into, { recursive: true }), "ENOENT"],
    ["a folder takes the name", (into: string) => mkdir(join(into, "x")), "EISDIR"],
  ])("rejects with NOT_WRITTEN where %s meanwhile, and gives the content up", async (_, spoil, code) => {
    const top = await folder();
    const into = join(top, "dentro");
    await mkdir(into);
    const { content: arriving, cancelled } = content(() => spoil(into));
    const target = join(into, "x");
    await expect(saveContent(arriving, target, () => {})).rejects.toMatchObject({
      name: "TargetError",
      code: "NOT_WRITTEN",
      path: target,
      cause: { code },
    });
    expect(cancelled()).toBe(true);
    expect((await readdir(top, { recursive: true })).filter((name) => name.includes(".part"))).toEqual([]);
  });

  it("rejects with NOT_WRITTEN where there is no folder, before it reads anything", async () => {
    const target = join(await folder(), "falta", "x");
    let opened = false;
    const unread = new Content(1, {
      open: async function* () {
        opened = true;
        yield Buffer.alloc(1);
      },
    });
    await expect(saveContent(unread, target, () => {})).rejects.toMatchObject({ code: "NOT_WRITTEN" });
    expect(opened).toBe(false);
  });

  it("gives on what reading throws, even where giving up fails as well, and leaves nothing", async () => {
    const into = await folder();
    const reason = new Error("the connection is gone");
    const breaking = new Content(3 * MiB, {
      open: async function* () {
        yield Buffer.alloc(2 * MiB);
        throw reason;
      },
      cancel: () => Promise.reject(new Error("there is nothing to cancel")),
    });
    await expect(saveContent(breaking, join(into, "x"), () => {})).rejects.toBe(reason);
    expect(await readdir(into)).toEqual([]);
  });

  it("does not take a content that ends early for a whole one", async () => {
    const into = await folder();
    const short = new Content(10, {
      open: async function* () {
        yield Buffer.alloc(9);
      },
    });
    await expect(saveContent(short, join(into, "x"), () => {})).rejects.toMatchObject({
      code: "NOT_WRITTEN",
      message: expect.stringContaining("9 bytes were written of 10"),
    });
    expect(await readdir(into)).toEqual([]);
  });
});
