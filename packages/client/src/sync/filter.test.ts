import { describe, expect, it } from "vitest";
import { filterOf, matcherOf } from "./filter.js";

const names = [
  "node_modules/a.js",
  "paquetes/uno/node_modules/b.js",
  "paquetes/uno/main.js",
  "fotos/a.jpg",
  "fotos/viejas/b.jpg",
  "archivo/fotos/c.jpg",
  "fotos.jpg",
  ".oculto/x",
];

const excluded = (...exclude: string[]): string[] => names.filter((name) => !filterOf({ exclude })(name));
const included = (...include: string[]): string[] => names.filter(filterOf({ include }));

describe("filterOf", () => {
  it.each([
    ["node_modules", [0, 1]],
    ["node_modules/", [0, 1]],
    ["/node_modules", [0]],
    ["/node_modules/", [0]],
    ["./node_modules", [0]],
    ["node_*", [0, 1]],
    ["paquetes/*/node_modules", [1]],
    ["paquetes/*/node_modules/", [1]],
    ["**/node_modules", [0, 1]],
    ["uno/node_modules", []],
    ["*.jpg", [3, 4, 5, 6]],
    ["/*.jpg", [6]],
    ["fotos", [3, 4, 5]],
    ["fotos/", [3, 4, 5]],
    ["/fotos/", [3, 4]],
    ["fotos/*", [3, 4]],
    ["fotos/**", [3, 4]],
    ["fotos/**/*.jpg", [3, 4]],
    ["a.jpg/", []],
    [".oculto", [7]],
    ["*.{js,jpg}", [0, 1, 2, 3, 4, 5, 6]],
    ["!fotos", []],
  ])("takes %s for the same files, included and excluded", (pattern, which) => {
    const meant = which.map((i) => names[i]);
    expect(included(pattern)).toEqual(meant);
    expect(excluded(pattern)).toEqual(meant);
  });

  it.each(["", "/", "//"])("refuses %j, which is empty", (pattern) => {
    expect(() => filterOf({ include: [pattern] })).toThrow(TypeError);
    expect(() => filterOf({ exclude: ["x", pattern] })).toThrow(TypeError);
  });
});

describe("matcherOf", () => {
  it.each([
    ["a path of 4096 characters", `${"a/".repeat(2047)}aa`, true],
    ["a path of 4097", `${"a/".repeat(2047)}aaa`, false],
    ["a name of 255", "a".repeat(255), true],
    ["a name of 256", "a".repeat(256), false],
  ])("looks at %s, and at no longer name", (_, name, isMatch) => {
    expect(matcherOf(["**"])(name)).toBe(isMatch);
  });

  it("matches no folder with filesOnly, unless the pattern ends in /", () => {
    const matched = (pattern: string): string[] => names.filter(matcherOf([pattern], { filesOnly: true }));
    expect(matched("fotos/*")).toEqual(["fotos/a.jpg"]);
    expect(matched("fotos")).toEqual([]);
    expect(matched("/fotos/")).toEqual(["fotos/a.jpg", "fotos/viejas/b.jpg"]);
    expect(matched("fotos/")).toEqual(["fotos/a.jpg", "fotos/viejas/b.jpg", "archivo/fotos/c.jpg"]);
  });
});
