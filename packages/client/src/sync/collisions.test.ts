import { describe, expect, it } from "vitest";
import { Collisions, sameFiles } from "./collisions.js";
import { filterOf } from "./filter.js";

const plain = { ignoresCase: false, ignoresForm: false };

describe("Collisions", () => {
  it.each([
    [
      plain,
      ["a", "A", "caf\u00e9", "cafe\u0301", "d/x", "D/x"],
      [undefined, undefined, undefined, undefined, undefined, undefined],
    ],
    [
      { ...plain, ignoresCase: true },
      ["a", "A", "d/x", "D/y", "d/y"],
      [undefined, "a", undefined, "d", undefined],
    ],
    [
      { ...plain, ignoresForm: true },
      ["caf\u00e9", "cafe\u0301", "A", "a"],
      [undefined, "caf\u00e9", undefined, undefined],
    ],
    [plain, ["a", "a/b"], [undefined, "a"]],
    [plain, ["a/b", "a"], [undefined, "a"]],
    [plain, ["a", "a"], [undefined, "a"]],
  ])("where the file system is %o: %j", (folding, names, others) => {
    const collisions = new Collisions(folding);
    expect(names.map((name) => collisions.note(name))).toEqual(others);
  });
});

describe("sameFiles()", () => {
  const names = ["Case.txt", "case.txt", "d/\u00e9", "D/e\u0301", "CASE.TXT", "d", "d/x", "D/y"];
  it.each([
    [plain, []],
    [
      { ...plain, ignoresCase: true },
      [
        ["case.txt", "Case.txt"],
        ["CASE.TXT", "Case.txt"],
      ],
    ],
    [{ ...plain, ignoresForm: true }, []],
    [
      { ignoresCase: true, ignoresForm: true },
      [
        ["case.txt", "Case.txt"],
        ["D/e\u0301", "d/\u00e9"],
        ["CASE.TXT", "Case.txt"],
      ],
    ],
  ])("where the file system is %o", (folding, same) => {
    expect([...sameFiles(names, folding)]).toEqual(same);
  });
});

describe("Collisions of names that were noted at once", () => {
  it("are told as those of names that were noted one by one", () => {
    const collisions = new Collisions(plain);
    expect(collisions.noteAll(["a", "b"])).toBe(true);
    expect(collisions.noteAll(["c"])).toBe(true);
    expect(["a", "b/x", "c", "d"].map((name) => collisions.note(name))).toEqual(["a", "b", "c", undefined]);
    expect(["a", "b", "c", "d", "e"].map((name) => collisions.hasFile(name))).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
  });

  it.each([
    ["twice", ["a", "a"]],
    ["not in order", ["b", "a"]],
    ["before one that was noted", ["0"]],
    ["once more", ["9"]],
  ])("are to be noted one by one where one stands there %s", (_where, names) => {
    const collisions = new Collisions(plain);
    collisions.noteAll(["9"]);
    expect(collisions.noteAll(names)).toBe(false);
    expect(names.filter((name) => collisions.hasFile(name))).toEqual(names.filter((name) => name === "9"));
  });

  it.each([{ ignoresCase: true }, { ignoresForm: true }])(
    "are to be noted one by one where the file system is %o",
    (folding) => {
      expect(new Collisions({ ...plain, ...folding }).noteAll(["a", "b"])).toBe(false);
    },
  );

  it("are to be noted one by one once a folder was", () => {
    const collisions = new Collisions(plain);
    collisions.noteFolder("a");
    expect(collisions.noteAll(["a"])).toBe(false);
    expect(collisions.note("a")).toBe("a");
  });
});

describe("Collisions that were noted", () => {
  it("tell what is the same here, so that nothing of it is removed", () => {
    const collisions = new Collisions({ ...plain, ignoresCase: true });
    collisions.note("D/a");
    expect([collisions.noteFolder("E"), collisions.noteFolder("e")]).toEqual([undefined, "E"]);
    expect(collisions.noteFolder("d/A")).toBe("D/a");
    expect(["d/A", "D/a", "d"].map((name) => collisions.hasFile(name))).toEqual([true, true, false]);
    expect(["d", "e", "d/a"].map((name) => collisions.hasFolder(name))).toEqual([true, true, false]);
  });
});

describe("filterOf()", () => {
  const names = ["a.txt", "b.bin", "d/a.txt", "d/.oculto", "d/e/c.txt", "tmp/x"];
  it.each([
    [{}, names],
    [{ include: ["*.txt"] }, ["a.txt", "d/a.txt", "d/e/c.txt"]],
    [{ include: ["/*.txt"] }, ["a.txt"]],
    [{ include: ["d/*.txt"] }, ["d/a.txt"]],
    [{ include: ["d/"] }, ["d/a.txt", "d/.oculto", "d/e/c.txt"]],
    [{ include: ["**/c.txt"] }, ["d/e/c.txt"]],
    [{ exclude: ["*.txt", "tmp/"] }, ["b.bin", "d/.oculto"]],
    [{ include: ["*.txt"], exclude: ["d/**"] }, ["a.txt"]],
    [{ include: [] }, []],
  ])("%j", (options, chosen) => {
    expect(names.filter(filterOf(options))).toEqual(chosen);
  });
});
