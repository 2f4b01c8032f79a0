import type { Python } from "@fileshare/peers";
import { describe, expect, test } from "vitest";
import { type ConverterRow, otherPythons, roundTripDifferences } from "../../../test/converters.js";
import { pythonPickles } from "../../../test/python-pickles.js";
import { Random } from "../../../test/random.js";
import {
  ClassRegistry,
  decode,
  encode,
  PyDict,
  PyGlobal,
  PyObject,
  PyTuple,
  type PyValue,
} from "../index.js";
import { PyPath, PyUuid, path, uuid } from "./index.js";

const prelude = "import uuid";
const random = new Random(7);
const uuids = [
  "00000000-0000-0000-0000-000000000000",
  "00000000-0000-0000-0000-0000000000ff",
  "ffffffff-ffff-ffff-ffff-ffffffffffff",
  ...Array.from({ length: 20 }, () =>
    Buffer.from(random.bytes(16))
      .toString("hex")
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"),
  ),
];
const rows: ConverterRow[] = uuids.map((text) => [`uuid.UUID('${text}')`, new PyUuid(text)]);
const safe = [
  ["safe", true],
  ["unsafe", false],
] as const;
const registry = new ClassRegistry([uuid, path]);

const three = otherPythons().filter(({ highestProtocol }) => highestProtocol >= 4);
const minor = ({ minor: text }: Python) => Number(text.slice(2));

function built(state: PyValue): PyValue {
  const value = new PyObject(new PyGlobal("uuid", "UUID"), undefined, { construction: "new", state });
  return decode(encode(value), registry);
}

describe("the converter of UUIDs", () => {
  test("they go there and back in all protocols, byte for byte", () => {
    expect(roundTripDifferences(rows, [uuid], { prelude })).toEqual([]);
  });

  test.each(otherPythons())("Python $version reads them back from its own", (python) => {
    expect(roundTripDifferences(rows, [uuid], { prelude, python, exact: [] })).toEqual([]);
  });

  test("what is known of their safety is kept, byte for byte", () => {
    const [text = ""] = uuids;
    const known = safe.map(
      ([name, isSafe]): ConverterRow => [
        `uuid.UUID('${text}', is_safe=uuid.SafeUUID.${name})`,
        new PyUuid(text, isSafe),
      ],
    );
    const shown = `${prelude}\nuuid.UUID.__repr__ = lambda self: str(self) + str(self.is_safe)`;
    expect(roundTripDifferences(known, [uuid], { prelude: shown })).toEqual([]);
  });

  test.each<[PyValue, RegExp]>([
    [{ int: 2n ** 128n }, /128 bits/],
    [{ int: -1 }, /128 bits/],
    [{ int: -(2n ** 20000n) }, /128 bits/],
    [{ int: "1" }, /must be an int/],
    [{}, /must be an int/],
    [{ int: 1, is_safe: 2 }, /between -1 and 0/],
    [{ int: 1, hex: "" }, /no attributes but/],
    [5, /must be a dict/],
  ])("case %# is refused", (state, message) => {
    expect(() => built(state)).toThrow(message);
  });

  test("a text of another form is refused", () => {
    expect(new PyUuid("ABCDEF00-0000-0000-0000-000000000000").text).toMatch(/^abcdef00/);
    for (const text of ["", "{0}", `${uuids[0]}0`, "g0000000-0000-0000-0000-000000000000"])
      expect(() => new PyUuid(text)).toThrow(RangeError);
  });

  test("arguments are refused", () => {
    const value = new PyObject(new PyGlobal("uuid", "UUID"), new PyTuple(["x"]), { state: new PyDict() });
    expect(() => decode(encode(value), registry)).toThrow(/takes 0 arguments/);
  });
});

describe("the converter of paths", () => {
  const posix = ["/usr/lib/x", "a/b.txt", ".", "/", "//host/share", "a/./b/../c", "", "año/😀"];
  const windows = ["c:\\a\\b", "a\\b", "\\\\host\\share\\a", "c:a", "\\a", "."];
  const pathRows = (python: Python): ConverterRow[] => [
    ...posix.map((text): ConverterRow => [`PurePosixPath(${JSON.stringify(text)})`, posixPath(python, text)]),
  ];
  const posixPath = (python: Python, text: string): PyPath => {
    if (minor(python) >= 13) return new PyPath("PurePosixPath", [text]);
    const root = /^\/*/.exec(text)?.[0] ?? "";
    const parts = text.split("/").filter((part) => part !== "" && part !== ".");
    return new PyPath("PurePosixPath", root ? [root, ...parts] : parts);
  };

  test.each(three)("Python $version reads them back from its own", (python) => {
    const exact = minor(python) >= 13 ? [] : undefined;
    expect(
      roundTripDifferences(pathRows(python), [path], { prelude: "from pathlib import *", python, exact }),
    ).toEqual([]);
  });

  test.each(three)("each class of Python $version keeps its name and text", (python) => {
    const options = { prelude: "from pathlib import *", python };
    const texts = ["PurePosixPath", "PosixPath"].flatMap((kind) => posix.map((text) => [kind, text]));
    // From 3.13 on the parts of a path for Windows are not in the pickle.
    if (minor(python) < 13) texts.push(...windows.map((text) => ["PureWindowsPath", text]));
    const expressions = texts.map(([kind, text]) => `${kind}(${JSON.stringify(text)})`);
    const written = pythonPickles(expressions, options);
    const wanted = expressions.map((expression, i): ConverterRow => {
      const decoded = decode(written[i]?.[4] ?? new Uint8Array(), registry) as PyPath;
      expect(decoded.kind).toBe(texts[i]?.[0]);
      return [`str(${expression})`, String(decoded)];
    });
    expect(roundTripDifferences(wanted, [], { ...options, exact: [] })).toEqual([]);
  });

  test("a part that is no text is refused", () => {
    const value = new PyObject(new PyGlobal("pathlib", "PurePosixPath"), new PyTuple(["a", 1]));
    expect(() => decode(encode(value), registry)).toThrow(/part of a path must be a str/);
  });

  test("an absolute segment drops what stands before it", () => {
    expect(String(new PyPath("PosixPath", ["/a", "b", "/c", "d"]))).toBe("/c/d");
  });
});
