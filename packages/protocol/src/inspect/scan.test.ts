import { describe, expect, test } from "vitest";
import { bytes } from "../../test/pickles.js";
import { pythonPickles } from "../../test/python-pickles.js";
import { type Scan, scan } from "./scan.js";

const limits = { maxOpcodes: 1_000_000, maxStack: 1_000_000 };

/** The names that a scan found, with what is done with each. */
function named({ imports }: Scan): string[] {
  return imports.map(({ module, qualname, uses }) => `${module} ${qualname} ${[...uses].join("+")}`);
}

const prelude = `
import os, collections, functools
class Plain: pass
class Keyword(object):
    def __new__(cls, **kwargs): return object.__new__(cls)
    def __getnewargs_ex__(self): return (), {"a": 1}
class Shell:
    def __reduce__(self): return os.system, ("true",)
class Outer:
    class Inner: pass
`;

describe("scan()", () => {
  test("finds what Python's pickles name, in each protocol, and what they do with it", () => {
    const rows = [
      ["Plain()", ["__main__ Plain instantiated"]],
      ["[Plain, Plain()]", ["__main__ Plain instantiated"]],
      ["[Plain, Plain]", ["__main__ Plain referenced"]],
      ["Shell()", ["posix system called"]],
      ["collections.OrderedDict(a=len)", ["collections OrderedDict called", "builtins len referenced"]],
      ["[1, 'os', {'system': 'posix'}]", []],
    ] as const;
    const all = pythonPickles(
      rows.map(([expression]) => expression),
      { prelude },
    );
    for (const [i, [expression, expected]] of rows.entries()) {
      for (const [protocol, pickle] of (all[i] ?? []).entries()) {
        const found = scan(pickle, limits);
        const names = named(found)
          // How protocols 0 and 1 make an instance, and how 0 to 2 name a module.
          .filter((name) => !/^copy_reg |^__builtin__ object /.test(name))
          .map((name) => name.replace("__builtin__", "builtins"));
        expect(names, `${expression} in protocol ${protocol}`).toEqual(expected);
        expect(found).toMatchObject({ length: pickle.length, end: undefined });
        expect(found.protocol).toBe(protocol < 2 ? undefined : protocol);
      }
    }
  });

  test("finds keyword arguments' and nested classes", () => {
    const [keyword, nested] = pythonPickles(["Keyword()", "Outer.Inner()"], { prelude });
    expect(named(scan(keyword?.[4] ?? bytes(), limits))).toEqual(["__main__ Keyword instantiated"]);
    expect(named(scan(nested?.[4] ?? bytes(), limits))).toEqual(["__main__ Outer.Inner instantiated"]);
  });

  test.each([
    ["GLOBAL", bytes("cos\nsystem\n."), "os system referenced"],
    ["GLOBAL in UTF-8", bytes("cm\xc3\xb3d\nx\n."), "mód x referenced"],
    ["GLOBAL that is no UTF-8", bytes("cm\xff\nx\n."), "mÿ x referenced"],
    ["INST", bytes("(S'true'\nios\nsystem\n."), "os system called"],
    ["OBJ", bytes("(cos\nsystem\nS'true'\no."), "os system called"],
    ["NEWOBJ", bytes("cos\nsystem\n)\x81."), "os system instantiated"],
    ["BUILD of a class itself", bytes("cos\nsystem\n}b."), "os system changed"],
    ["a call of what the memo holds", bytes("cos\nsystem\np5\n0g5\n)R."), "os system called"],
    ["a call of a copy", bytes("cos\nsystem\n2)R."), "os system called"],
    ["STACK_GLOBAL of BINUNICODE", bytes("X\x02\0\0\0osX\x06\0\0\0system\x93."), "os system referenced"],
    ["STACK_GLOBAL of BINUNICODE8", bytes("\x8d\x02\0\0\0\0\0\0\0os\x8c\x01x\x93."), "os x referenced"],
    ["STACK_GLOBAL of 8-bit strings", bytes("U\x02osT\x06\0\0\0system\x93."), "os system referenced"],
    ["STACK_GLOBAL of lines", bytes("S'o\\x73'\nVsyste\\u006d\n\x93."), "os system referenced"],
    ["STACK_GLOBAL of memo entries", bytes("\x8c\x02os\x94\x8c\x01x\x940h\0h\x01\x93."), "os x referenced"],
    ["STACK_GLOBAL with others between", bytes("\x8c\x02os(N1\x8c\x01x\x93."), "os x referenced"],
    ["STACK_GLOBAL of computed names", bytes("\x8c\x02osN\x93)R."), "undefined undefined called"],
  ])("reads the name of %s", (_what, pickle, expected) => {
    expect(named(scan(pickle, limits))).toEqual([expected]);
  });

  test("goes on where an argument or the stack makes no sense", () => {
    const nonsense = bytes("Inonsense\nFx\nS'\\x\nV\\uzz\nL\n00000RRbbue\x85\x86\x87g99\n");
    expect(named(scan(bytes(nonsense, "cos\nsystem\n)R"), limits))).toEqual(["os system called"]);
  });

  test.each([
    ["TRUNCATED", bytes("cos\nsystem\n)RX\xff\0\0\0tru")],
    ["TRUNCATED", bytes("cos\nsystem\n)R")],
    ["UNKNOWN_OPCODE", bytes("cos\nsystem\n)R\xff.")],
  ] as const)("has what came before %s", (end, pickle) => {
    const found = scan(pickle, limits);
    expect(named(found)).toEqual(["os system called"]);
    expect(found).toMatchObject({ end, length: 13, opcodes: 3 });
  });

  test("ends at its limits", () => {
    expect(scan(bytes("N0N0N0."), { ...limits, maxOpcodes: 7 })).toMatchObject({ end: undefined });
    expect(scan(bytes("N0N0N0."), { ...limits, maxOpcodes: 6 })).toMatchObject({ end: "LIMIT", opcodes: 6 });
    expect(scan(bytes("NNN."), { ...limits, maxStack: 3 })).toMatchObject({ end: undefined });
    expect(scan(bytes("NNN."), { ...limits, maxStack: 2 })).toMatchObject({ end: "LIMIT", length: 3 });
    expect(scan(bytes("(((."), { ...limits, maxStack: 2 })).toMatchObject({ end: "LIMIT" });
    expect(scan(bytes("Np1\np2\np3\n."), { ...limits, maxStack: 2 })).toMatchObject({ end: "LIMIT" });
  });

  test("counts what stands outside of the pickle", () => {
    const found = scan(bytes("Pid\n0N\x51\x82\x07\x83\x01\x02\x84\x01\0\0\0\x97\x98\x97."), limits);
    expect(found).toMatchObject({ persistentIds: 2, buffers: 2, end: undefined });
    expect([...found.extensions]).toEqual([7, 513, 1]);
  });
});
