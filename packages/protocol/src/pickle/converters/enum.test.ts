import { describe, expect, test } from "vitest";
import { type ConverterRow, otherPythons, roundTripDifferences } from "../../../test/converters.js";
import {
  ClassRegistry,
  decode,
  encode,
  PyFloat,
  PyGlobal,
  PyObject,
  PyTuple,
  type PyValue,
} from "../index.js";
import { enumClass, PyEnumMember } from "./index.js";

const prelude = `
import enum
class Color(enum.Enum):
    RED = 1
    BLUE = 'blue'
    PAIR = (1, 'x')
    SCARLET = 1
class Size(enum.IntEnum):
    S = 1
    L = 2
class Word(str, enum.Enum):
    YES = 'yes'
class Access(enum.Flag):
    READ = 1
    WRITE = 2
    ALL = 3
class Bits(enum.IntFlag):
    A = 1
    B = 2
`;

const color = enumClass("__main__", "Color", {
  RED: 1,
  BLUE: "blue",
  PAIR: new PyTuple([1, "x"]),
  SCARLET: 1,
});
const size = enumClass("__main__", "Size", { S: 1, L: 2 });
const word = enumClass("__main__", "Word", { YES: "yes" });
const access = enumClass("__main__", "Access", { READ: 1, WRITE: 2, ALL: 3 }, { flag: true });
const bits = enumClass("__main__", "Bits", { A: 1, B: 2 }, { flag: true });
const converters = [color, size, word, access, bits];
const registry = new ClassRegistry(converters);

const rows: ConverterRow[] = [
  ["Color.RED", color.members.RED],
  ["Color.BLUE", color.members.BLUE],
  ["Color.PAIR", color.members.PAIR],
  ["[Color.RED, Color.RED, Size.S]", [color.members.RED, color.members.RED, size.members.S]],
  ["Size.L", size.members.L],
  ["Word.YES", word.members.YES],
  ["Access.ALL", access.members.ALL],
  ["Access(0)", access.of(0)],
  ["Bits.B", bits.members.B],
  ["Bits.A | Bits.B", bits.of(3)],
  ["Bits(9)", bits.of(9)],
];

function called(qualname: string, ...args: PyValue[]): PyValue {
  return decode(encode(new PyObject(new PyGlobal("__main__", qualname), new PyTuple(args))), registry);
}

describe("enumClass()", () => {
  test("members go there and back in all protocols, byte for byte", () => {
    expect(roundTripDifferences(rows, converters, { prelude })).toEqual([]);
  });

  test.each(otherPythons().filter(({ highestProtocol }) => highestProtocol >= 4))(
    "Python $version reads them back from its own",
    (python) => {
      expect(roundTripDifferences(rows, converters, { prelude, python, exact: [] })).toEqual([]);
    },
  );

  test("a member decodes to the one object that stands for it", () => {
    expect(called("Color", 1)).toBe(color.members.RED);
    expect(called("Color", new PyFloat(1))).toBe(color.members.RED);
    expect(called("Color", new PyTuple([1, "x"]))).toBe(color.members.PAIR);
    expect(color.members.SCARLET).toBe(color.members.RED);
    expect(color.members.SCARLET.name).toBe("RED");
    expect(size.members.S).not.toBe(color.members.RED);
  });

  test("a combination of flags has a value and no name", () => {
    const combined = called("Bits", 2 ** 40) as PyEnumMember;
    expect(combined).toBeInstanceOf(PyEnumMember);
    expect(combined).toMatchObject({ name: null, value: 2 ** 40 });
  });

  test.each<[string, PyValue[], RegExp]>([
    ["Color", [5], /Color has no member of this value/],
    ["Color", ["RED"], /no member/],
    ["Color", [], /takes 1 arguments/],
    ["Bits", ["x"], /must be an int/],
    ["Bits", [[]], /list as a key/],
    ["Color", ["x".repeat(20_000)], /too long to look up/],
  ])("%s, case %#, is refused", (qualname, args, message) => {
    expect(() => called(qualname, ...args)).toThrow(message);
  });

  test("a value that is a tuple of tuples of itself is refused before it is compared", () => {
    let value: PyValue = new PyTuple([1]);
    for (let i = 0; i < 100; i++) value = new PyTuple([value, value]);
    expect(() => called("Color", value)).toThrow(/too long to look up/);
  });

  test("a value that Python cannot hash cannot be that of a member", () => {
    expect(() => enumClass("m", "E", { A: [1] })).toThrow(TypeError);
  });
});
