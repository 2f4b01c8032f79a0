import fs, {
  appendFileSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { tempFolder } from "@fileshare/peers";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { crc, reference, remote } from "../../test/reference.js";
import { pending } from "./interrupted.js";
import { encodeLine, type Line } from "./journal.js";
import { PartFile } from "./part-file.js";
import { resumableNames } from "./paths.js";
import type { Range } from "./ranges.js";

const SIZE = 1000;
const file = remote(SIZE);
const content = reference(SIZE);

let folder: string;
let target: string;
let names: { part: string; log: string };

beforeEach(async () => {
  const temp = await tempFolder();
  onTestFinished(() => temp[Symbol.asyncDispose]());
  folder = temp.path;
  target = join(folder, "fichero");
  names = resumableNames(target);
});

const left = (): string[] => readdirSync(folder).sort();

/** Writes and records segments of the reference. */
function record(part: PartFile, ...segments: [start: number, end: number][]): void {
  for (const [id, [start, end]] of segments.entries()) {
    part.open(id, start, end, "crc32");
    const middle = (start + end) >> 1;
    part.write(id, content.subarray(start, middle));
    part.write(id, content.subarray(middle, end));
    part.end(id, crc(content.subarray(start, end)));
  }
}

function missing(have: readonly Range[]): [number, number][] {
  const gaps: [number, number][] = [];
  let at = 0;
  for (const { start, end } of [...have, { start: SIZE, end: SIZE }]) {
    if (start > at) gaps.push([at, start]);
    at = end;
  }
  return gaps;
}

/** Picks the download up, checks what is said to be there, and finishes it. */
async function complete(): Promise<{ have: readonly Range[]; startedOver: boolean }> {
  const { part, have, startedOver } = PartFile.begin(target, file, true);
  const there = readFileSync(names.part);
  for (const { start, end } of have)
    expect(there.subarray(start, end)).toEqual(Buffer.from(content.subarray(start, end)));
  record(part, ...missing(have));
  await part.finish(false);
  expect(readFileSync(target).equals(content)).toBe(true);
  expect(left()).toEqual(["fichero"]);
  return { have, startedOver };
}

/** An interrupted download: segments of 100 bytes from the start. */
async function interrupted(count = 4): Promise<void> {
  const { part } = PartFile.begin(target, file, true);
  record(part, ...Array.from({ length: count }, (_, i): [number, number] => [i * 100, i * 100 + 100]));
  await part.keep();
}

function editJournal(edit: (line: Line) => Line): void {
  const lines = readFileSync(names.log, "utf8").split("\n").filter(Boolean);
  writeFileSync(names.log, Buffer.concat(lines.map((line) => encodeLine(edit(JSON.parse(line.slice(9)))))));
}

/** As it is after the system was started again. */
function startAgain(): void {
  editJournal((line) => (line[0] === "own" ? ["own", { ...line[1], boot: "another" }, line[2]] : line));
}

function zeros(start: number, end: number): void {
  const fd = fs.openSync(names.part, "r+");
  fs.writeSync(fd, new Uint8Array(end - start), 0, end - start, start);
  fs.closeSync(fd);
}

describe("PartFile", () => {
  it("writes segments in any order, several at once, and gives the file its name and its time", async () => {
    writeFileSync(target, "antes");
    const { part, have, startedOver } = PartFile.begin(target, file, true);
    expect({ have, startedOver }).toEqual({ have: [], startedOver: false });
    part.open(1, 500, SIZE, "crc32");
    part.open(2, 0, 500, "xxh3");
    part.write(1, content.subarray(500, 700));
    part.write(2, content.subarray(0, 500));
    part.write(1, content.subarray(700));
    part.end(1, crc(content.subarray(500)));
    part.end(2, undefined);
    expect(readFileSync(target, "utf8")).toBe("antes");
    await part.finish(true);
    expect(readFileSync(target).equals(content)).toBe(true);
    expect(statSync(target).mtimeMs).toBe(1_700_000_000_250);
    expect(left()).toEqual(["fichero"]);
  });

  it("is a file of no bytes without a segment", async () => {
    const { part } = PartFile.begin(target, remote(0), true);
    await part.finish(false);
    expect(statSync(target).size).toBe(0);
    expect(left()).toEqual(["fichero"]);
  });

  it("leaves a time that no file can have", async () => {
    for (const modified of [Number.NaN, Number.POSITIVE_INFINITY, 1e300, -1e300]) {
      const { part } = PartFile.begin(target, { ...remote(0), modified }, true);
      await part.finish(false);
      expect(Math.abs(statSync(target).mtimeMs - Date.now())).toBeLessThan(3_600_000);
    }
  });

  it("refuses more bytes than the segment has, fewer, and an end before all are there", async () => {
    const { part } = PartFile.begin(target, file, true);
    part.open(1, 0, 10, "crc32");
    expect(() => part.write(1, content.subarray(0, 11))).toThrow(RangeError);
    part.write(1, content.subarray(0, 9));
    expect(() => part.end(1, undefined)).toThrow("the segment has 9 bytes of 10");
    expect(() => part.write(1, content)).toThrow("not open");
    record(part, [10, SIZE]);
    await expect(part.finish(false)).rejects.toThrow("10 bytes of 1000 are missing");
    await part.discard();
    expect(left()).toEqual([]);
  });

  it("does not record what has another checksum, in whichever algorithm the server gives it", async () => {
    const { part } = PartFile.begin(target, file, true);
    for (const algorithm of ["crc32", "xxh3", undefined, "md5"]) {
      part.open(1, 0, SIZE, algorithm);
      part.write(1, content);
      const wrong = { ...crc(content), value: "00000000" };
      expect(() => part.end(1, wrong)).toThrow(
        expect.objectContaining({ name: "ChecksumError", code: "CHECKSUM", path: target }),
      );
    }
    await expect(part.finish(false)).rejects.toThrow(RangeError);
    part.open(1, 0, SIZE, "crc32");
    part.write(1, content);
    part.end(1, { algorithm: "md5", value: "?" });
    await part.finish(false);
    expect(left()).toEqual(["fichero"]);
  });

  it("keeps what was recorded, and nothing where nothing was", async () => {
    const { part: nothing } = PartFile.begin(target, file, true);
    nothing.open(1, 0, 10, undefined);
    nothing.write(1, content.subarray(0, 10));
    await nothing.keep();
    expect(left()).toEqual([]);
    expect(pending(target)).toBeUndefined();
    await interrupted();
    expect(pending(target)).toEqual({ file, have: [{ start: 0, end: 400 }] });
    expect(await complete()).toEqual({ have: [{ start: 0, end: 400 }], startedOver: false });
  });

  it("is picked up time and again", async () => {
    for (let start = 0; start < SIZE; start += 250) {
      const { part, have } = PartFile.begin(target, file, true);
      expect(have).toEqual(start === 0 ? [] : [{ start: 0, end: start }]);
      record(part, [start, start + 250]);
      await part.keep();
    }
    expect((await complete()).have).toEqual([{ start: 0, end: SIZE }]);
  });

  it.each([
    ["another version", { ...file, version: "v2" }],
    ["another size", { ...file, size: SIZE - 1 }],
    ["another name", { ...file, name: "otro" }],
  ])("starts over for %s", async (_, other) => {
    await interrupted();
    const { part, have, startedOver } = PartFile.begin(target, other, true);
    expect({ have, startedOver }).toEqual({ have: [], startedOver: true });
    expect(readFileSync(names.part).equals(Buffer.alloc(other.size))).toBe(true);
    await part.discard();
    expect(left()).toEqual([]);
  });

  it.each([
    ["is not to be resumed", file, false],
    ["has no version", { ...file, version: "" }, true],
  ])("leaves an earlier one alone where it %s, and removes it in the end", async (_, other, resume) => {
    await interrupted();
    const { part, have } = PartFile.begin(target, other, resume);
    expect(have).toEqual([]);
    expect(left()).toHaveLength(3);
    record(part, [0, SIZE]);
    await part.finish(false);
    expect(left()).toEqual(["fichero"]);
  });

  it("leaves nothing when it is kept though it cannot be resumed", async () => {
    const { part } = PartFile.begin(target, file, false);
    record(part, [0, 10]);
    await part.keep();
    expect(left()).toEqual([]);
  });

  it("does not touch one that is under way", async () => {
    const { part: first } = PartFile.begin(target, file, true);
    record(first, [0, 500]);
    const { part: second, have, startedOver } = PartFile.begin(target, remote(3, "v2"), true);
    expect({ have, startedOver }).toEqual({ have: [], startedOver: false });
    second.open(1, 0, 3, undefined);
    second.write(1, Buffer.from("dos"));
    second.end(1, undefined);
    await second.finish(false);
    expect(readFileSync(target, "utf8")).toBe("dos");
    record(first, [500, SIZE]);
    await first.finish(false);
    expect(readFileSync(target).equals(content)).toBe(true);
    expect(left()).toEqual(["fichero"]);
  });

  it.each([
    ["a folder", () => mkdir(names.log)],
    ["a link", () => symlink(join(folder, "otro"), names.log)],
    [
      "a link to a file",
      async () => {
        await writeFile(join(folder, "otro"), "");
        await symlink(join(folder, "otro"), names.log);
      },
    ],
  ])("is not resumed where %s stands in the journal's place", async (_, stand) => {
    await stand();
    const before = left();
    const { part } = PartFile.begin(target, file, true);
    record(part, [0, SIZE]);
    await part.finish(false);
    expect(left()).toEqual([...before, "fichero"].sort());
  });

  it("does not follow a link in the part's place", async () => {
    await interrupted();
    fs.renameSync(names.part, join(folder, "otro"));
    await symlink(join(folder, "otro"), names.part);
    const { part, have, startedOver } = PartFile.begin(target, file, true);
    expect({ have, startedOver }).toEqual({ have: [], startedOver: true });
    expect(readFileSync(join(folder, "otro")).subarray(0, 400)).toEqual(
      Buffer.from(content.subarray(0, 400)),
    );
    await part.discard();
    expect(left()).toEqual(["otro"]);
  });

  it("does not give the name to what is not its own part", async () => {
    const { part } = PartFile.begin(target, file, true);
    record(part, [0, SIZE]);
    fs.unlinkSync(names.part);
    writeFileSync(names.part, "otro");
    await expect(part.finish(false)).rejects.toMatchObject({ code: "NOT_WRITTEN" });
    await part.discard();
    expect(readFileSync(names.part, "utf8")).toBe("otro");
  });

  it("takes a part that was moved here for what its checksums tell", async () => {
    await interrupted();
    fs.copyFileSync(names.part, join(folder, "copy"));
    fs.renameSync(join(folder, "copy"), names.part);
    zeros(150, 151);
    const { part, have } = PartFile.begin(target, file, true);
    expect(have).toEqual([
      { start: 0, end: 100 },
      { start: 200, end: 400 },
    ]);
    await part.keep();
    expect((await complete()).have).toEqual(have);
  });

  it("takes for lost what is not what was recorded, though the system has not been restarted", async () => {
    await interrupted();
    zeros(100, 200);
    expect(await complete()).toEqual({
      have: [
        { start: 0, end: 100 },
        { start: 200, end: 400 },
      ],
      startedOver: false,
    });
  });

  it("re-reads everything where the last segment is not what it was", async () => {
    await interrupted();
    zeros(0, 1);
    zeros(399, 400);
    expect(await complete()).toEqual({ have: [{ start: 100, end: 300 }], startedOver: false });
  });

  it("takes a part that was cut short for what it still holds", async () => {
    await interrupted();
    truncateSync(names.part, 250);
    expect(await complete()).toEqual({ have: [{ start: 0, end: 200 }], startedOver: false });
  });
});

describe("PartFile that is ended twice at once", () => {
  it.each(["keep", "discard"] as const)("is finished, and %s finds nothing to do", async (end) => {
    const { part } = PartFile.begin(target, file, true);
    record(part, [0, SIZE]);
    const finishing = part.finish(true);
    const ending = part[end]();
    await finishing;
    // Whoever begins now is not disturbed.
    const { part: next } = PartFile.begin(target, remote(SIZE, "v2"), true);
    await ending;
    await part[end]();
    record(next, [0, SIZE]);
    await next.finish(false);
    expect(left()).toEqual(["fichero"]);
  });

  it("is discarded, and cannot be finished", async () => {
    const { part } = PartFile.begin(target, file, true);
    record(part, [0, SIZE]);
    const discarding = part.discard();
    await expect(part.finish(false)).rejects.toThrow("the part is over");
    await discarding;
    await expect(part.finish(false)).rejects.toThrow("the part is over");
    expect(left()).toEqual([]);
  });
});

describe("PartFile after a power cut", () => {
  it("re-reads what no mark vouches for, and drops what is not there", async () => {
    await interrupted();
    startAgain();
    zeros(250, SIZE);
    const { part, have } = PartFile.begin(target, file, true);
    expect(have).toEqual([{ start: 0, end: 200 }]);
    await part.keep();
    // One power cut more: what was lost is not taken up again.
    startAgain();
    expect((await complete()).have).toEqual(have);
  });

  it("starts over where nothing is there", async () => {
    await interrupted();
    startAgain();
    truncateSync(names.part, 0);
    expect(await complete()).toEqual({ have: [], startedOver: true });
  });

  it("does not re-read what was marked as being on the disk", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    onTestFinished(() => void vi.useRealTimers());
    const { part } = PartFile.begin(target, file, true);
    record(part, [0, 100]);
    vi.setSystemTime(Date.now() + 31_000);
    record(part, [100, 200]);
    await vi.waitUntil(() => readFileSync(names.log, "utf8").includes('["mark",'));
    record(part, [200, 300], [300, 400]);
    await part.keep();
    startAgain();
    // Not what a disk does: it shows that these bytes are not looked at.
    zeros(150, 151);
    zeros(250, 251);
    const { part: again, have } = PartFile.begin(target, file, true);
    expect(have).toEqual([
      { start: 0, end: 200 },
      { start: 300, end: 400 },
    ]);
    await again.discard();
  });

  it("makes no mark of a short download", async () => {
    await interrupted();
    expect(readFileSync(names.log, "utf8")).toContain('["seg",');
    expect(readFileSync(names.log, "utf8")).not.toContain('["mark",');
  });
});

describe("PartFile with a journal", () => {
  it("torn at any byte takes the segments of its whole lines", async () => {
    await interrupted();
    const journal = readFileSync(names.log);
    const part = readFileSync(names.part);
    const ends = journal
      .toString("latin1")
      .split("\n")
      .map((line) => line.length);
    for (let length = 0; length <= journal.length; length++) {
      writeFileSync(names.log, journal.subarray(0, length));
      writeFileSync(names.part, part);
      let whole = 0;
      let at = 0;
      for (const [i, end] of ends.entries()) {
        if (at + end <= length && journal.toString("latin1", at, at + end).includes('["seg"')) whole++;
        at += end + (i < ends.length - 1 ? 1 : 0);
      }
      // Something is recorded after the torn line, and is there the next time, as is what was there before.
      const first = PartFile.begin(target, file, true);
      expect(first.have, `${length} bytes`).toEqual(whole === 0 ? [] : [{ start: 0, end: whole * 100 }]);
      record(first.part, [900, SIZE]);
      await first.part.keep();
      const second = PartFile.begin(target, file, true);
      expect(second.have).toEqual([...first.have, { start: 900, end: SIZE }]);
      await second.part.discard();
      expect(left()).toEqual([]);
    }
  });

  const seg = (start: number, end: number): Line => [
    "seg",
    start,
    end,
    "crc32",
    crc(content.subarray(start, end)).value,
  ];
  const line = (text: string): string => `${crc32(text).toString(16).padStart(8, "0")} ${text}\n`;

  it.each<[string, () => string | Buffer]>([
    ["a segment beyond the file", () => encodeLine(["seg", 900, SIZE + 1, "crc32", "00000000"])],
    ["a segment that begins before the file", () => encodeLine(["seg", -5, 10, "crc32", "00000000"])],
    ["a segment that ends before it begins", () => encodeLine(["seg", 700, 600, "crc32", "00000000"])],
    ["a segment of fractions", () => encodeLine(["seg", 500.5, 600, "crc32", "00000000"])],
    ["a segment of other types", () => line('["seg","500",{"valueOf":1},[],null]')],
    [
      "another owner's claim that came too late",
      () => line('["own",{"token":"z","pid":1,"host":"h","boot":"b","space":""},"x"]'),
    ],
    ["no owner", () => line('["own",null,""]')],
    ["no file", () => line('["file",{"name":1},"1","2"]')],
    ["no list", () => line('{"0":"seg"}') + line("null") + line("7")],
    ["an unknown line", () => line('["__proto__",1]')],
    ["a mark beyond its end", () => encodeLine(["mark", 1e15])],
    [
      "a wrong checksum",
      () =>
        encodeLine(seg(600, 700))
          .toString()
          .replace(/^./, (c) => (c === "0" ? "1" : "0")),
    ],
    ["text that is no JSON", () => line("[[[[")],
    ["deep nesting", () => line("[".repeat(100_000))],
    ["noise", () => Buffer.from(reference(100_000))],
    ["zeros", () => Buffer.alloc(100_000)],
    ["line breaks", () => "\n".repeat(100_000)],
  ])("that holds %s as well takes the rest", async (_, extra) => {
    await interrupted();
    appendFileSync(names.log, extra());
    expect(await complete()).toEqual({ have: [{ start: 0, end: 400 }], startedOver: false });
  });

  it.each<[string, () => void]>([
    ["is noise", () => writeFileSync(names.log, reference(100_000))],
    ["is empty", () => writeFileSync(names.log, "")],
    ["is gone", () => fs.unlinkSync(names.log)],
    ["is larger than one can be", () => truncateSync(names.log, 65 * 1024 * 1024)],
    ["tells of a segment twice", () => appendFileSync(names.log, encodeLine(seg(300, 400)))],
    ["tells of segments that overlap", () => appendFileSync(names.log, encodeLine(seg(350, 450)))],
  ])("that %s starts over", async (_, spoil) => {
    await interrupted();
    spoil();
    expect(await complete()).toEqual({ have: [], startedOver: true });
  });

  it("of a part that is gone begins anew", async () => {
    await interrupted();
    fs.unlinkSync(names.part);
    expect(pending(target)).toBeUndefined();
    expect(await complete()).toEqual({ have: [], startedOver: false });
  });

  it("of many segments is read in one go", async () => {
    const big = remote(1_000_000);
    const { part } = PartFile.begin(target, big, true);
    const byte = new Uint8Array(1);
    for (let i = 0; i < 20_000; i++) {
      part.open(i, i * 50, i * 50 + 1, "crc32");
      part.write(i, byte);
      part.end(i, undefined);
    }
    await part.keep();
    const again = PartFile.begin(target, big, true);
    expect(again.have).toHaveLength(20_000);
    await again.part.discard();
  });
});

describe("PartFile that takes up a download while another does", () => {
  /** Does something just before the line is written by which it is taken up. */
  function justBefore(interfere: () => void): void {
    const real = fs.writeSync;
    const spy = vi.spyOn(fs, "writeSync").mockImplementationOnce(((...args: Parameters<typeof real>) => {
      interfere();
      return real(...args);
    }) as typeof fs.writeSync);
    onTestFinished(() => spy.mockRestore());
  }

  it.each([0, 4])("leaves it to the one that came first (%i segments are there)", async (count) => {
    if (count > 0) await interrupted(count);
    let theirs: PartFile | undefined;
    justBefore(() => {
      theirs = PartFile.begin(target, file, true).part;
    });
    const { part: ours, have } = PartFile.begin(target, file, true);
    expect(have).toEqual([]);
    expect(left()).toHaveLength(3);
    record(ours, [0, SIZE]);
    await ours.finish(false);
    if (theirs) record(theirs, [count * 100, SIZE]);
    await theirs?.finish(false);
    expect(readFileSync(target).equals(content)).toBe(true);
    expect(left()).toEqual(["fichero"]);
  });

  it("begins anew where the other has finished meanwhile", async () => {
    await interrupted();
    justBefore(() => {
      fs.renameSync(names.part, target);
      fs.unlinkSync(names.log);
    });
    const { part, have, startedOver } = PartFile.begin(target, file, true);
    expect({ have, startedOver }).toEqual({ have: [], startedOver: false });
    record(part, [0, SIZE]);
    await part.keep();
    expect((await complete()).have).toEqual([{ start: 0, end: SIZE }]);
  });
});

describe("PartFile where the file system refuses", () => {
  const systemError = (code: string) => Object.assign(new Error(code), { code, syscall: "write" });

  it.each(["openSync", "writeSync", "ftruncateSync"] as const)(
    "to begin (%s) leaves nothing",
    async (name) => {
      for (let calls = 0; ; calls++) {
        const real = fs[name] as (...args: unknown[]) => unknown;
        let left = calls;
        const spy = vi.spyOn(fs, name as "openSync").mockImplementation((...args: unknown[]) => {
          if (left-- === 0) throw systemError("ENOSPC");
          return real(...args) as number;
        });
        let begun: PartFile | undefined;
        try {
          begun = PartFile.begin(target, file, true).part;
        } catch (error) {
          expect(error).toMatchObject({ code: "ENOSPC" });
        } finally {
          spy.mockRestore();
        }
        expect(calls).toBeLessThan(10);
        if (begun) {
          expect(calls).toBeGreaterThan(0);
          await begun.discard();
          break;
        }
        expect(readdirSync(folder)).toEqual([]);
      }
    },
  );

  it("in the middle of the journal's line counts the segment as not there", async () => {
    const { part } = PartFile.begin(target, file, true);
    record(part, [0, 100]);
    part.open(9, 100, 200, "crc32");
    part.write(9, content.subarray(100, 200));
    const real = fs.writeSync;
    let calls = 0;
    const spy = vi.spyOn(fs, "writeSync").mockImplementation(((fd: number, bytes: Uint8Array) => {
      if (calls++ > 0) throw systemError("ENOSPC");
      return real(fd, bytes, 0, 20);
    }) as typeof fs.writeSync);
    expect(() => part.end(9, undefined)).toThrow("ENOSPC");
    spy.mockRestore();
    record(part, [200, 300]);
    await part.keep();
    expect((await complete()).have).toEqual([
      { start: 0, end: 100 },
      { start: 200, end: 300 },
    ]);
  });

  it("the name tells before anything is written", async () => {
    await mkdir(target);
    expect(() => PartFile.begin(target, file, true)).toThrow(expect.objectContaining({ code: "IS_FOLDER" }));
    expect(() => PartFile.begin(join(folder, "x".repeat(256)), file, true)).toThrow("ENAMETOOLONG");
    expect(() => PartFile.begin(join(folder, "falta", "x"), file, true)).toThrow("ENOENT");
    expect(left()).toEqual(["fichero"]);
  });

  it("can be discarded, or kept and picked up, when it could not get its name", async () => {
    for (const end of ["discard", "keep"] as const) {
      const { part } = PartFile.begin(target, file, true);
      record(part, [0, SIZE]);
      await mkdir(target);
      await expect(part.finish(false)).rejects.toMatchObject({ code: "EISDIR" });
      await part[end]();
      fs.rmdirSync(target);
      expect(left()).toHaveLength(end === "keep" ? 2 : 0);
    }
    expect((await complete()).have).toEqual([{ start: 0, end: SIZE }]);
  });

  it("to sync, tells so when the file is to be finished", async () => {
    const { part } = PartFile.begin(target, file, true);
    vi.useFakeTimers({ toFake: ["Date"] });
    onTestFinished(() => void vi.useRealTimers());
    vi.setSystemTime(Date.now() + 31_000);
    const real = fs.writeSync;
    const spy = vi.spyOn(fs, "writeSync").mockImplementation(((...args: Parameters<typeof real>) => {
      if (String(args[1]).includes('["mark",')) throw systemError("EIO");
      return real(...args);
    }) as typeof fs.writeSync);
    onTestFinished(() => spy.mockRestore());
    record(part, [0, SIZE]);
    await expect(part.finish(false)).rejects.toMatchObject({ code: "EIO" });
    expect(spy).toHaveBeenCalled();
    await part.discard();
    expect(left()).toEqual([]);
  });
});
