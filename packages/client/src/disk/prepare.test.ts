import fs from "node:fs";
import { join, sep } from "node:path";
import { tempFolder } from "@fileshare/peers";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { foldingAt, foldingOf, seenFolding } from "./folding.js";
import { temporaryName } from "./paths.js";
import { prepareFolder } from "./prepare.js";

let folder: string;

beforeEach(async () => {
  const temp = await tempFolder();
  onTestFinished(() => temp[Symbol.asyncDispose]());
  folder = temp.path;
});

const plain = { ignoresCase: false, ignoresForm: false };
const any = { ignoresCase: true, ignoresForm: true };

function put(...names: string[]): void {
  for (const name of names) fs.writeFileSync(join(folder, name), "");
}

/** The folding of the folder as it is. */
const folding = (): ReturnType<typeof foldingOf> => foldingOf(folder, fs.readdirSync(folder));

/** Has a call fail where the path is as that says; gives how often it did. */
function refusing(
  call: "openSync" | "rmSync" | "readdirSync",
  code: string,
  isMeant: (path: string) => boolean = () => true,
): () => number {
  const real = fs[call] as (...args: unknown[]) => unknown;
  let count = 0;
  const spy = vi.spyOn(fs, call as "openSync").mockImplementation((...args: unknown[]) => {
    if (!isMeant(String(args[0]))) return real(...args) as number;
    count += 1;
    throw Object.assign(new Error(`${code}: refused, ${call} '${String(args[0])}'`), { code, syscall: "x" });
  });
  onTestFinished(() => spy.mockRestore());
  return () => count;
}

/** Has the file system take names for the same that are so under a function. */
function folded(fold: (name: string) => string): void {
  const real = fs.lstatSync as (...args: unknown[]) => unknown;
  const spy = vi.spyOn(fs, "lstatSync").mockImplementation(((path: string, options: object) => {
    const at = path.lastIndexOf(sep);
    const name = fs.readdirSync(path.slice(0, at)).find((each) => fold(each) === fold(path.slice(at + 1)));
    return real(name === undefined ? path : join(path.slice(0, at), name), options);
  }) as typeof fs.lstatSync);
  onTestFinished(() => spy.mockRestore());
}

describe("seenFolding()", () => {
  it.each([
    [plain, (name: string) => name],
    [any, (name: string) => name.normalize("NFC").toUpperCase()],
  ])("finds out that %j is so by what stands there, and makes nothing", (expected, fold) => {
    put("Nota", "año");
    folded(fold);
    const made = refusing("openSync", "EROFS");
    expect(seenFolding(folder)).toEqual(expected);
    expect(made()).toBe(0);
  });

  it("takes none for the same where nothing stands there, or there is no folder", () => {
    folded((name) => name.toUpperCase());
    expect(seenFolding(folder)).toEqual(plain);
    expect(seenFolding(join(folder, "falta"))).toEqual(plain);
  });
});

describe("foldingOf()", () => {
  it.each([
    [plain, (name: string) => name],
    [{ ...plain, ignoresCase: true }, (name: string) => name.toLowerCase()],
    [{ ...plain, ignoresForm: true }, (name: string) => name.normalize("NFD")],
    [any, (name: string) => name.normalize("NFC").toUpperCase()],
  ])("finds out %o, by a file of its own and without", (expected, fold) => {
    folded(fold);
    expect(folding()).toEqual(expected);
    expect(fs.readdirSync(folder)).toEqual([]);
    put("ñu");
    const opened = refusing("openSync", "ENOSPC");
    expect(folding()).toEqual(expected);
    expect(opened()).toBe(0);
  });

  it("is not misled by two names that are two files, or by one that has gone", () => {
    put("a", "A", "n\u0303u", "\u00f1u");
    refusing("openSync", "ENOSPC");
    expect(folding()).toEqual(plain);
    expect(foldingOf(folder, ["gone", "\u00f1o"])).toEqual(any);
    expect(foldingOf(folder, ["a\ufffd", "1"])).toEqual(any);
  });

  it.each(["ENOSPC", "EACCES", "EIO", "Unknown system error -122"])(
    "takes names for the same where no file can be made: %s",
    (code) => {
      refusing("openSync", code);
      expect(folding()).toEqual(any);
    },
  );

  it("takes none for the same where nothing can be written", () => {
    refusing("openSync", "EROFS");
    expect(folding()).toEqual(plain);
  });

  it.each(["EPERM", "EINVAL", "EILSEQ"])("needs no names but in ASCII: %s", (code) => {
    const refused = refusing("openSync", code, (path) => /[^\0-\x7f]/.test(path));
    expect(folding()).toMatchObject({ ignoresCase: false });
    expect(refused()).toBe(1);
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  it("leaves one file where none can be removed, and looks at that the next time", () => {
    refusing("rmSync", "EPERM");
    for (let round = 0; round < 3; round++) {
      expect(folding()).toEqual(plain);
      const left = fs.readdirSync(folder);
      expect(left).toEqual([expect.stringMatching(temporaryName)]);
    }
  });
});

describe("foldingAt()", () => {
  it("tells it of a folder that is not there by the one that it would be made in", () => {
    put("A");
    refusing("openSync", "ENOSPC");
    expect(foldingAt(join(folder, "b", "c"))).toEqual({ ignoresCase: false, ignoresForm: true });
    expect(fs.readdirSync(folder)).toEqual(["A"]);
    folded((name) => name.toLowerCase());
    expect(foldingAt(join(folder, "b", "c"))).toEqual(any);
  });

  it("takes names for the same in a folder that may not be looked into, nor written to", () => {
    refusing("openSync", "EACCES");
    refusing("readdirSync", "EACCES");
    expect(foldingAt(folder)).toEqual(any);
  });
});

describe("prepareFolder()", () => {
  it("tells what is in a folder, and that nothing is", () => {
    const path = join(folder, "a", "b");
    const { place, ...found } = prepareFolder(path);
    expect(found).toEqual({ isEmpty: true, journals: [], folding: plain });
    expect(prepareFolder(path).place).toBe(place);
    expect(prepareFolder(folder).place).not.toBe(place);
    put(`.fileshare-${"a".repeat(16)}.log`, `.fileshare-${"a".repeat(16)}.part`);
    expect(prepareFolder(folder)).toMatchObject({
      isEmpty: false,
      journals: [join(folder, `.fileshare-${"a".repeat(16)}.log`)],
    });
  });

  it("takes one for not empty that may not be read", () => {
    refusing("readdirSync", "EACCES");
    expect(prepareFolder(folder)).toMatchObject({ isEmpty: false, journals: [], folding: plain });
  });
});
