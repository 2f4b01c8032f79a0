import { describe, expect, test } from "vitest";
import { bytes } from "../../test/pickles.js";
import { pythonPickles } from "../../test/python-pickles.js";
import { decode, encode, PickleDecodeError, PyDict } from "../pickle/index.js";
import { formatTree, type InspectedPickle, type InspectOptions, inspectPickle, treeOf } from "./index.js";

function one(input: Uint8Array, options?: InspectOptions): InspectedPickle {
  const { pickles } = inspectPickle(input, options);
  expect(pickles).toHaveLength(1);
  return pickles[0] as InspectedPickle;
}

const verdicts = (pickle: InspectedPickle): string[] =>
  pickle.imports.map(({ name, verdict }) => `${name} ${verdict}`);

describe("inspectPickle()", () => {
  test("gives the value of plain data, which decode takes", () => {
    const value = new PyDict([["a", [1, 2]]]);
    const input = encode(value);
    expect(inspectPickle(input)).toMatchObject({
      bytes: input.length,
      format: undefined,
      rest: 0,
      refused: false,
    });
    expect(one(input)).toMatchObject({
      offset: 0,
      length: input.length,
      protocol: 4,
      imports: [],
      refusals: [],
    });
    expect(one(input).value).toEqual(value);
  });

  test.each([0, 1, 2, 3, 4, 5])(
    "tells known, unknown and dangerous names apart in protocol %i",
    (protocol) => {
      const prelude = `
import collections, datetime, os, uuid
class Thing: pass
class Shell:
    def __reduce__(self): return os.system, ("exit 1",)`;
      const expression =
        "[datetime.date(2024, 5, 1), collections.OrderedDict(a=1), {1}, uuid.UUID(int=1), Thing(), Shell()]";
      const [pickles] = pythonPickles([expression], { prelude });
      const pickle = one(pickles?.[protocol] as Uint8Array);
      expect(verdicts(pickle)).toEqual(
        expect.arrayContaining([
          "datetime.date known",
          "collections.OrderedDict known",
          "uuid.UUID known",
          "__main__.Thing unknown",
          "posix.system dangerous",
        ]),
      );
      expect(pickle.refusals).toEqual(["it names posix.system: known to be dangerous"]);
      expect(formatTree(treeOf(pickle.value ?? null))).toContain("]: posix.system('exit 1')\n");
    },
  );

  test("takes what the converters take, and nothing that they do not", () => {
    const [ok] = pythonPickles(["__import__('decimal').Decimal('1.5')"]);
    expect(one(ok?.[4] as Uint8Array).refusals).toEqual([]);
    expect(inspectPickle(ok?.[4] as Uint8Array).refused).toBe(false);
    // The converter refuses the argument, though the name is known.
    const bad = bytes("cdecimal\nDecimal\n(S'spam'\ntR.");
    expect(verdicts(one(bad))).toEqual(["decimal.Decimal known"]);
    expect(one(bad).refusals).toHaveLength(1);
    expect(inspectPickle(ok?.[4] as Uint8Array, { findClass: () => undefined }).refused).toBe(true);
  });

  test("shows several pickles one after another, and says what stands behind them", () => {
    const input = bytes(encode(1), encode([2], { protocol: 0 }), encode("tres"), "\n\n");
    const { pickles, rest, refused } = inspectPickle(input);
    expect(pickles.map(({ value }) => value)).toEqual([1, [2], "tres"]);
    expect(pickles.map(({ offset }) => offset)).toEqual([
      0,
      encode(1).length,
      encode(1).length + encode([2], { protocol: 0 }).length,
    ]);
    expect({ rest, refused }).toEqual({ rest: 2, refused: false });
    const first = inspectPickle(input, { maxPickles: 2 });
    expect(first.pickles).toHaveLength(2);
    expect(first).toMatchObject({ rest: encode("tres").length + 2, refused: true });
  });

  test("goes on after a pickle whose value cannot be made", () => {
    const { pickles, refused } = inspectPickle(bytes("Nb.", encode(2)));
    expect(pickles.map(({ error, value }) => [error?.code, value])).toEqual([
      [expect.any(String), undefined],
      [undefined, 2],
    ]);
    expect(refused).toBe(true);
  });

  test.each([
    ["TRUNCATED", bytes("cposix\nsystem\n(S'x'\ntR")],
    ["UNKNOWN_OPCODE", bytes("cposix\nsystem\n(S'x'\ntR\xff")],
    ["STACK", bytes("cposix\nsystem\n(S'x'\ntR000.")],
  ])("names what a pickle with the error %s names", (code, input) => {
    const pickle = one(input);
    expect(pickle).toMatchObject({ value: undefined, error: { code } });
    expect(verdicts(pickle)).toEqual(["posix.system dangerous"]);
    expect(pickle.refusals).toHaveLength(2);
    expect(() => decode(input)).toThrow(PickleDecodeError);
  });

  test("says which limit was passed, and has the names before and after", () => {
    const input = bytes("cposix\nsystem\n", "]".repeat(20), "cnt\nsystem\n", "0".repeat(21), ".");
    const pickle = one(input, { limits: { maxObjects: 10 } });
    expect(pickle.error).toMatchObject({ code: "LIMIT", limit: "maxObjects" });
    expect(verdicts(pickle)).toEqual(["posix.system dangerous", "nt.system dangerous"]);
    expect(pickle.length).toBe(input.length);
    const stopped = one(input, { limits: { maxOpcodes: 10 } });
    expect(stopped.error).toMatchObject({ code: "LIMIT", limit: "maxOpcodes" });
    expect(verdicts(stopped)).toEqual(["posix.system dangerous"]);
    expect(inspectPickle(input, { limits: { maxOpcodes: 10 } }).refused).toBe(true);
  });

  test("shows a value that occurs in itself too often to be decoded", () => {
    const pickle = one(bytes("]", "2\x86".repeat(60), "."));
    expect(pickle.error).toMatchObject({ code: "LIMIT", limit: "maxReferences" });
    expect(pickle.refusals).toEqual([pickle.error?.message]);
    expect(formatTree(treeOf(pickle.value ?? null)).split("\n")).toHaveLength(122);
  });

  test("flags what is dangerous among many names", () => {
    const names = Array.from({ length: 20_000 }, (_, i) => `cm${i}\nx\n0`).join("");
    const pickle = one(bytes(names, "cos\nsystem\n."));
    expect(pickle.imports).toHaveLength(20_001);
    expect(pickle.refusals).toEqual(["it names os.system: known to be dangerous"]);
  });

  test("flags a name that is only made when the pickle is run", () => {
    const pickle = one(bytes("\x80\x04\x8c\x02os(\x8c\x03sys\x8c\x03tem\x85\x93."));
    expect(pickle.imports).toMatchObject([{ module: undefined, verdict: "dangerous" }]);
  });

  test("shows what stands outside of the pickle as such", () => {
    const pickle = one(bytes("\x80\x05(Pspam\n\x82\x07\x97l."));
    expect(pickle.error).toBeUndefined();
    expect(formatTree(treeOf(pickle.value ?? null))).toBe(
      "list of 3\n  [0]: persistent id 'spam'\n  [1]: extension code 7\n  [2]: read-only buffer b''\n",
    );
    expect(pickle).toMatchObject({ persistentIds: 1, extensions: [7], buffers: 1 });
    expect(pickle.refusals).toHaveLength(3);
  });

  test.each([
    ["a ZIP archive", "PK\x03\x04\x14\0\0\0", /^a ZIP archive.*torch\.save/],
    ["gzip", "\x1f\x8b\x08\0", /gzip/],
    ["numpy.save", "\x93NUMPY\x01\0", /numpy\.save/],
    ["zlib", "x\x9c\x01", /zlib/],
  ])("tells %s from a pickle", (_what, start, format) => {
    const report = inspectPickle(bytes(start, "\0".repeat(50)));
    expect(report).toMatchObject({ pickles: [], refused: true });
    expect(report.format).toMatch(format);
  });

  test("does not take a pickle for an archive", () => {
    expect(one(bytes("PK\x03\x04\n.")).persistentIds).toBe(1);
  });

  test("refuses an empty file", () => {
    expect(inspectPickle(bytes()).refused).toBe(true);
    expect(one(bytes()).error?.code).toBe("TRUNCATED");
  });

  test("escapes what it says of a pickle", () => {
    const pickle = one(bytes("c\x1b[2J\nx\xe2\x80\xae\n."));
    expect(pickle.imports[0]?.name).toBe("\\u{1b}[2J.x\\u{202e}");
    expect(pickle.refusals.join()).not.toMatch(/\p{Cc}|\p{Cf}/u);
  });

  test("refuses what is no input", () => {
    expect(() => inspectPickle("spam" as never)).toThrow(TypeError);
    expect(() => inspectPickle(bytes("N."), { maxPickles: 0 })).toThrow(RangeError);
  });
});
