import { isDeepStrictEqual } from "node:util";
import { python, pythons } from "@fileshare/peers";
import { describe, expect, test, vi } from "vitest";
import { dataModel } from "../../test/data-model.js";
import { bytes, difference, protocols, refusal, u32, u64 } from "../../test/pickles.js";
import { pythonPickles } from "../../test/python-pickles.js";
import { Random, randomValue } from "../../test/random.js";
import {
  type DecodeOptions,
  decode,
  decodeFirst,
  encode,
  type InstanceOrigin,
  PickleDecodeError,
  PickleEncodeError,
  type PickleProtocol,
  PyByteArray,
  PyDict,
  PyFloat,
  PyFrozenSet,
  PyGlobal,
  PyObject,
  PySet,
  PyTuple,
  type PyValue,
} from "./index.js";
import { Op } from "./opcodes.js";

const fromPython = pythonPickles(dataModel.map((row) => row.python));

/** What stands for an instance of any class that a test registers. */
class Instance {
  readonly origin: InstanceOrigin;
  readonly args: readonly PyValue[];
  state: PyValue | undefined;

  constructor(args: readonly PyValue[], origin: InstanceOrigin) {
    this.args = args;
    this.origin = origin;
  }
}

const stateful = {
  create: (args: readonly PyValue[], origin: InstanceOrigin): object => new Instance(args, origin),
  setState: (instance: object, state: PyValue): void => {
    if (instance instanceof Instance) instance.state = state;
  },
};
const stateless = { create: stateful.create };

/** Registers the classes that tests name. */
const findClass: DecodeOptions["findClass"] = (module, qualname) => {
  if (module !== "__main__") return undefined;
  return qualname === "Inerte"
    ? stateless
    : ["Punto", "Otro", "Viejo", "Nodo"].includes(qualname)
      ? stateful
      : undefined;
};

function reduce(instance: object): PyObject | undefined {
  if (!(instance instanceof Instance)) return undefined;
  const { module, qualname, construction } = instance.origin;
  const { state } = instance;
  return new PyObject(new PyGlobal(module, qualname), new PyTuple(instance.args), { construction, state });
}

describe("decode()", () => {
  test.each(dataModel.map((row, i) => ({ ...row, pickles: fromPython[i] ?? [] })))(
    "reads $python from Python in each protocol, and writes it back as it was",
    ({ value, pickles }) => {
      expect(pickles.length).toBe(6);
      for (const protocol of protocols) {
        const pickle = pickles[protocol] ?? bytes();
        const decoded = decode(pickle);
        if (!isDeepStrictEqual(decoded, value)) expect(decoded, `protocol ${protocol}`).toEqual(value);
        expect(difference(encode(decoded, { protocol }), pickle), `protocol ${protocol}`).toBeUndefined();
      }
    },
  );

  // In Python 2 a text without a u is bytes, and bytes are a text.
  const python3Only = /'|bytes/;
  const chosen = dataModel.filter(
    ({ python }, i) => (fromPython[i]?.[4]?.length ?? 0) < 3000 || python.includes("bytes(70000)"),
  );

  test.each(pythons())("reads what Python $version writes", (one) => {
    const rows = one.highestProtocol < 3 ? chosen.filter(({ python }) => !python3Only.test(python)) : chosen;
    const pickles = pythonPickles(
      rows.map((row) => row.python),
      { python: one },
    );
    for (const [i, row] of rows.entries()) {
      for (const pickle of pickles[i] ?? []) {
        const decoded = decode(pickle);
        if (!isDeepStrictEqual(decoded, row.value)) expect(decoded, row.python).toEqual(row.value);
      }
    }
  });

  test("gives one object where Python has one", () => {
    for (const pickle of pythonPickles(["(lambda l, b: [l, (l,), {'l': l}, b, [b]])([1], bytes(300))"])[0] ??
      []) {
      const [list, tuple, dict, binary, last] = decode(pickle) as [
        PyValue,
        PyTuple,
        PyDict,
        PyValue,
        PyValue[],
      ];
      expect(tuple.items[0]).toBe(list);
      expect(dict.get("l")).toBe(list);
      expect(last[0]).toBe(binary);
    }
  });

  test("keeps keys apart from the names of objects", () => {
    const names = ["__proto__", "constructor", "toString", "hasOwnProperty"];
    const value = decode(encode(new PyDict(names.map((name, i) => [name, i])))) as PyDict;
    expect([...value]).toEqual(names.map((name, i) => [name, i]));
    expect(Object.getPrototypeOf(value)).toBe(PyDict.prototype);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test("views its input, and copies with copyBytes", () => {
    const input = encode([bytes("uno"), new PyByteArray(bytes("dos"))]);
    for (const pickle of [input, Buffer.from(input)]) {
      const [viewed] = decode(pickle) as [Uint8Array];
      const [copied, array] = decode(pickle, { copyBytes: true }) as [Uint8Array, PyByteArray];
      expect(viewed.buffer).toBe(pickle.buffer);
      pickle.fill(0);
      expect(viewed).toEqual(new Uint8Array(3));
      expect(copied).toEqual(bytes("uno"));
      expect(array.bytes).toEqual(bytes("dos"));
      expect(Object.getPrototypeOf(copied)).toBe(Uint8Array.prototype);
    }
  });

  test("ignores what comes after the pickle", () => {
    expect(decode(bytes(encode("uno"), "\xff\xff"))).toBe("uno");
  });
});

describe("decodeFirst()", () => {
  test("tells where each of several pickles ends", () => {
    const values = ["uno", new PyTuple([2, new Uint8Array(3)]), null];
    let input = bytes(...values.map((value) => encode(value)));
    for (const value of values) {
      const first = decodeFirst(input);
      expect(first).toEqual({ value, bytesRead: encode(value).length });
      input = input.subarray(first.bytesRead);
    }
    expect(input.length).toBe(0);
  });
});

describe("opcodes that CPython's pickler does not write", () => {
  test.each<{ name: string; pickle: Uint8Array; expected: PyValue }>([
    { name: "POP", pickle: bytes(Op.NONE, "I1\n", Op.POP, Op.STOP), expected: null },
    { name: "POP of a mark", pickle: bytes(Op.NONE, Op.MARK, Op.POP, Op.STOP), expected: null },
    { name: "POP_MARK", pickle: bytes(Op.NONE, Op.MARK, "I1\nI2\n", Op.POP_MARK, Op.STOP), expected: null },
    { name: "DUP", pickle: bytes("I1\n", Op.DUP, Op.TUPLE2, Op.STOP), expected: new PyTuple([1, 1]) },
    { name: "LIST with items", pickle: bytes(Op.MARK, "I1\nI2\n", Op.LIST, Op.STOP), expected: [1, 2] },
    {
      name: "DICT with items",
      pickle: bytes(Op.MARK, "I1\nI2\n", Op.DICT, Op.STOP),
      expected: new PyDict([[1, 2]]),
    },
    { name: "an empty batch", pickle: bytes(Op.EMPTY_LIST, Op.MARK, Op.APPENDS, Op.STOP), expected: [] },
    {
      name: "SETITEMS twice for a key",
      pickle: bytes("}(I1\nI2\nI1\nI3\nu."),
      expected: new PyDict([[1, 3]]),
    },
    { name: "GET before other PUTs", pickle: bytes("Np3\n0g3\n."), expected: null },
    // Python counts the entries: with one at 5 there, the next goes to 1.
    {
      name: "MEMOIZE after a gap in the memo",
      pickle: bytes("Nq\x05I7\n", Op.MEMOIZE, "0h\x01."),
      expected: 7,
    },
    { name: "BINUNICODE8", pickle: bytes(Op.BINUNICODE8, u64(2n), "\xc3\xb1."), expected: "ñ" },
    { name: "BINBYTES8", pickle: bytes(Op.BINBYTES8, u64(2n), "ab."), expected: bytes("ab") },
    { name: "LONG4 of no bytes", pickle: bytes(Op.LONG4, u32(0), Op.STOP), expected: 0 },
    {
      name: "LONG1 with more bytes than needed",
      pickle: bytes(Op.LONG1, 9, "\xff".repeat(9), Op.STOP),
      expected: -1,
    },
    { name: "a PROTO after the start", pickle: bytes(Op.NONE, Op.PROTO, 2, Op.STOP), expected: null },
    {
      name: "a frame that ends within an opcode",
      pickle: bytes(Op.FRAME, u64(1n), Op.BININT1, 7, Op.STOP),
      expected: 7,
    },
    { name: "INT of spaces and a plus", pickle: bytes("I +7 \n."), expected: 7 },
    { name: "INT of 64 bits", pickle: bytes("I9223372036854775807\n."), expected: 2n ** 63n - 1n },
    { name: "LONG without an L", pickle: bytes("L-12\n."), expected: -12 },
    { name: "FLOAT without digits after the point", pickle: bytes("F-2.\n."), expected: new PyFloat(-2) },
  ])("$name is read", ({ pickle, expected }) => {
    expect(decode(pickle)).toStrictEqual(expected);
  });
});

describe("strings of Python 2", () => {
  const ascii = [bytes("S'abc'\np0\n."), bytes('S"abc"\n.'), bytes("U\x03abc."), bytes("T\x03\0\0\0abc.")];
  const high = [bytes("S'\\xf1\\\\'\np0\n."), bytes("U\x02\xf1\\."), bytes("T\x02\0\0\0\xf1\\.")];
  const utf8 = [bytes("S'\\xc3\\xb1'\n."), bytes("U\x02\xc3\xb1."), bytes("T\x02\0\0\0\xc3\xb1.")];

  test.each<{ encoding: DecodeOptions["encoding"]; pickles: Uint8Array[]; expected: PyValue }>([
    { encoding: undefined, pickles: ascii, expected: "abc" },
    { encoding: "ascii", pickles: ascii, expected: "abc" },
    { encoding: "latin1", pickles: high, expected: "ñ\\" },
    { encoding: "latin1", pickles: utf8, expected: "Ã±" },
    { encoding: "utf-8", pickles: utf8, expected: "ñ" },
    { encoding: "bytes", pickles: high, expected: bytes("\xf1\\") },
  ])("are read as $expected with encoding $encoding", ({ encoding, pickles, expected }) => {
    for (const pickle of pickles) expect(decode(pickle, { encoding })).toStrictEqual(expected);
  });

  test.each<{ encoding: DecodeOptions["encoding"]; pickles: Uint8Array[] }>([
    { encoding: undefined, pickles: [...high, ...utf8] },
    { encoding: "utf-8", pickles: high },
  ])("are refused where they are not of encoding $encoding", ({ encoding, pickles }) => {
    for (const pickle of pickles) {
      expect(refusal(() => decode(pickle, { encoding }))).toMatchObject({ code: "BAD_ARGUMENT", offset: 0 });
    }
  });

  test("are copied as bytes, also from a Buffer", () => {
    const pickle = Buffer.from("U\x03abc.", "latin1");
    const value = decode(pickle, { encoding: "bytes" });
    pickle.fill(0);
    expect(value).toStrictEqual(bytes("abc"));
  });
});

describe("a pickle of Python 2", () => {
  test.each<{ name: string; pickle: Uint8Array; expected: PyValue }>([
    {
      name: "set in protocol 0",
      pickle: bytes("c__builtin__\nset\np0\n((lp1\nI1\naI2\natp2\nRp3\n."),
      expected: new PySet([1, 2]),
    },
    {
      name: "set in protocol 2",
      pickle: bytes("\x80\x02c__builtin__\nset\nq\0]q\x01(K\x01K\x02e\x85q\x02Rq\x03."),
      expected: new PySet([1, 2]),
    },
    {
      name: "frozenset",
      pickle: bytes("\x80\x02c__builtin__\nfrozenset\n]K\x01a\x85R."),
      expected: new PyFrozenSet([1]),
    },
    { name: "empty set", pickle: bytes("\x80\x02c__builtin__\nset\n)R."), expected: new PySet() },
    {
      name: "bytearray",
      pickle: bytes("\x80\x02c__builtin__\nbytearray\nX\x03\0\0\0a\xc3\xbfX\x07\0\0\0latin-1\x86R."),
      expected: new PyByteArray(bytes("a\xff")),
    },
    {
      name: "bytes of Python 3",
      pickle: bytes("\x80\x02c_codecs\nencode\nX\x03\0\0\0a\xc3\xbfX\x06\0\0\0latin1\x86R."),
      expected: bytes("a\xff"),
    },
    { name: "empty bytes of Python 3", pickle: bytes("\x80\x02c__builtin__\nbytes\n)R."), expected: bytes() },
  ])("gives its $name", ({ pickle, expected }) => {
    expect(decode(pickle)).toStrictEqual(expected);
  });

  const python27 = python("2.7");
  const prelude = (pickler: string) => `
import ${pickler} as pickle
class Viejo:
    def __init__(self): self.equis = u"ye"
class Punto(object):
    def __init__(self): self.equis = u"ye"
`;

  test.each(python27 ? ["pickle", "cPickle"] : [])("is read as %s writes it", (pickler) => {
    const rows: [string, PyValue][] = [
      ["'abc\\xf1\\n\\'\"'", "abcñ\n'\""],
      ["u'\\xf1 \\u6587 \\\\u0041\\n'", "ñ 文 \\u0041\n"],
      ["2 ** 62", 2n ** 62n],
      ["5L", 5],
      ["-(2L ** 70)", -(2n ** 70n)],
      ["[1.5, True, None, (2,), {3: 4L}]", [1.5, true, null, new PyTuple([2]), new PyDict([[3, 4]])]],
      ["[set([1, 2]), frozenset([3])]", [new PySet([1, 2]), new PyFrozenSet([3])]],
      ["bytearray(b'\\x00\\xff')", new PyByteArray(bytes("\0\xff"))],
    ];
    const pickles = pythonPickles(
      rows.map(([expression]) => expression),
      { python: python27, prelude: prelude(pickler) },
    );
    for (const [i, [expression, value]] of rows.entries()) {
      for (const pickle of pickles[i] ?? []) {
        expect(decode(pickle, { encoding: "latin1" }), expression).toStrictEqual(value);
      }
    }
  });

  test.each(python27 ? ["pickle", "cPickle"] : [])(
    "holds instances as %s writes them, and takes them back",
    (pickler) => {
      const options = { python: python27, prelude: prelude(pickler) };
      const again: string[] = [];
      const expected: Uint8Array[] = [];
      for (const [i, pickles] of pythonPickles(["Viejo()", "Punto()"], options).entries()) {
        for (const [protocol, pickle] of pickles.entries()) {
          const instance = decode(pickle, { findClass });
          const [qualname, construction] = i === 0 ? ["Viejo", "classic"] : ["Punto", "new"];
          expect(instance).toMatchObject({
            origin: { module: "__main__", qualname, protocol, construction },
            args: [],
            state: new PyDict([["equis", "ye"]]),
          });
          const back = encode(instance, { protocol: protocol as PickleProtocol, reduce });
          again.push(`pickle.loads(base64.b64decode("${Buffer.from(back).toString("base64")}"))`);
          expected.push(pickle);
        }
      }
      const pickles = pythonPickles(again, { ...options, prelude: `${options.prelude}\nimport base64` });
      for (const [i, pickle] of expected.entries()) {
        expect(decode(pickles[i]?.[i % 3] ?? bytes(), { findClass })).toEqual(decode(pickle, { findClass }));
      }
    },
  );
});

describe("an instance of a registered class", () => {
  const prelude = `
class Punto:
    def __init__(self): self.equis = 1
class Nodo:
    pass
def vecinos(tipo):
    nodo = Nodo()
    nodo.vecinos = tipo([nodo])
    return nodo.vecinos
`;
  const from = (expression: string): Uint8Array[] => pythonPickles([expression], { prelude })[0] ?? [];

  test("is created, given its state and written back as it was", () => {
    for (const [protocol, pickle] of from("(lambda p: [p, p, 7])(Punto())").entries()) {
      const value = decode(pickle, { findClass });
      const [first, second] = value as [Instance, Instance];
      expect(first).toBe(second);
      expect(first.state).toStrictEqual(new PyDict([["equis", 1]]));
      expect(first.origin).toEqual({
        module: "__main__",
        qualname: "Punto",
        protocol,
        construction: "new",
        kwargs: undefined,
        base: undefined,
      });
      const again = encode(value, { protocol: protocol as PickleProtocol, reduce });
      expect(difference(again, pickle), `protocol ${protocol}`).toBeUndefined();
    }
  });

  test("with __slots__ is given a tuple of two dicts", () => {
    const pickle = bytes("\x80\x02c__main__\nPunto\n)\x81N}Vzeta\nI2\ns\x86b.");
    const { state } = decode(pickle, { findClass }) as Instance;
    expect(state).toStrictEqual(new PyTuple([null, new PyDict([["zeta", 2]])]));
  });

  test.each(["set", "frozenset"])(
    "that a %s holds which it holds itself is written back as it was",
    (type) => {
      for (const [protocol, pickle] of from(`vecinos(${type})`).entries()) {
        const set = decode(pickle, { findClass }) as PySet<Instance>;
        const [nodo] = [...set] as [Instance];
        expect((nodo.state as PyDict).get("vecinos")).toBe(set);
        const again = encode(set, { protocol: protocol as PickleProtocol, reduce });
        expect(difference(again, pickle), `protocol ${protocol}`).toBeUndefined();
      }
    },
  );

  const created = { module: "__main__", qualname: "Inerte", protocol: 0 };

  test.each([
    { name: "NEWOBJ", pickle: "c__main__\nInerte\nI7\n\x85\x81.", construction: "new", args: [7] },
    {
      name: "NEWOBJ_EX without keywords",
      pickle: "c__main__\nInerte\nI7\n\x85}\x92.",
      construction: "new",
      args: [7],
    },
    { name: "REDUCE", pickle: "c__main__\nInerte\nI7\n\x85R.", construction: "call", args: [7] },
    {
      name: "REDUCE of copyreg",
      pickle: "ccopyreg\n_reconstructor\n(c__main__\nInerte\ncbuiltins\nobject\nNtR.",
      construction: "new",
      args: [],
    },
    { name: "INST", pickle: "(I7\ni__main__\nInerte\n.", construction: "classic", args: [7] },
    { name: "OBJ", pickle: "(c__main__\nInerte\nI7\no.", construction: "classic", args: [7] },
    {
      name: "STACK_GLOBAL",
      pickle: "\x8c\x08__main__\x8c\x06Inerte\x93)\x81.",
      construction: "new",
      args: [],
    },
  ])("is created by $name", ({ pickle, construction, args }) => {
    expect(decode(bytes(pickle), { findClass })).toMatchObject({
      origin: { ...created, construction },
      args,
    });
  });

  test("is refused a state where its class takes none", () => {
    const refused = refusal(() => decode(bytes("c__main__\nInerte\n)\x81}b."), { findClass }));
    expect(refused).toMatchObject({ code: "BAD_OPERAND", opcode: "BUILD", offset: 20 });
  });

  test("keeps __proto__ and constructor as data of its state", () => {
    const pickle = bytes("c__main__\nPunto\n)\x81}(V__proto__\n}Vpolluted\nI1\nsVconstructor\nI2\nub.");
    const { state } = decode(pickle, { findClass }) as Instance;
    expect(state).toStrictEqual(
      new PyDict<PyValue, PyValue>([
        ["__proto__", new PyDict([["polluted", 1]])],
        ["constructor", 2],
      ]),
    );
    expect("polluted" in {}).toBe(false);
  });

  test("stands for itself where its class is the value", () => {
    const value = decode(bytes("c__main__\nPunto\n."), { findClass });
    expect(value).toBeInstanceOf(PyGlobal);
    expect(value).toMatchObject({ module: "__main__", qualname: "Punto" });
  });
});

describe("a class that is not registered", () => {
  const names: [string, string][] = [
    ["os", "system"],
    ["builtins", "eval"],
    ["builtins", "exec"],
    ["__main__", "__proto__"],
    ["__main__", "constructor"],
    ["__proto__", "constructor"],
    ["builtins", "set.__init__"],
  ];

  test.each(names)("is refused by its name, %s.%s", (module, qualname) => {
    const asked = vi.fn(() => undefined);
    const named = bytes("V", module, "\nV", qualname, "\n");
    for (const { pickle, opcode, offset } of [
      { pickle: bytes("Nc", module, "\n", qualname, "\n)R."), opcode: "GLOBAL", offset: 1 },
      { pickle: bytes(named, Op.STACK_GLOBAL, ")R."), opcode: "STACK_GLOBAL", offset: named.length },
      { pickle: bytes("(i", module, "\n", qualname, "\n."), opcode: "INST", offset: 1 },
    ]) {
      for (const options of [{}, { findClass: asked }]) {
        const refused = refusal(() => decode(pickle, options));
        expect(refused).toMatchObject({ code: "UNKNOWN_CLASS", opcode, offset });
        expect(refused?.message).toContain(`${module}.${qualname}`);
      }
    }
    expect(asked.mock.calls).toEqual([
      [module, qualname],
      [module, qualname],
      [module, qualname],
    ]);
  });
});

const code = "BAD_OPERAND";

describe("a malformed pickle", () => {
  test.each<{ name: string; pickle: string; code: string; opcode: string | undefined; offset: number }>([
    { name: "APPEND to a dict", pickle: "}Na.", code, opcode: "APPEND", offset: 2 },
    { name: "APPENDS to a tuple", pickle: ")(Ne.", code, opcode: "APPENDS", offset: 3 },
    { name: "SETITEM of a list", pickle: "]NNs.", code, opcode: "SETITEM", offset: 3 },
    { name: "SETITEMS of a list", pickle: "](NNu.", code, opcode: "SETITEMS", offset: 4 },
    { name: "SETITEMS of a key without a value", pickle: "}(NNNu.", code, opcode: "SETITEMS", offset: 5 },
    { name: "DICT of a key without a value", pickle: "(Nd.", code, opcode: "DICT", offset: 2 },
    { name: "ADDITEMS to a list", pickle: "](N\x90.", code, opcode: "ADDITEMS", offset: 3 },
    { name: "ADDITEMS to a frozenset", pickle: "(\x91(N\x90.", code, opcode: "ADDITEMS", offset: 4 },
    { name: "BUILD of None", pickle: "N}b.", code, opcode: "BUILD", offset: 2 },
    { name: "BUILD of a dict", pickle: "}}b.", code, opcode: "BUILD", offset: 2 },
    { name: "REDUCE of a text", pickle: "Vset\n)R.", code, opcode: "REDUCE", offset: 6 },
    {
      name: "REDUCE with a list of arguments",
      pickle: "cbuiltins\nset\n]R.",
      code,
      opcode: "REDUCE",
      offset: 15,
    },
    {
      name: "REDUCE of set with a text",
      pickle: "cbuiltins\nset\nVa\n\x85R.",
      code,
      opcode: "REDUCE",
      offset: 18,
    },
    {
      name: "REDUCE of set with two lists",
      pickle: "cbuiltins\nset\n]]\x86R.",
      code,
      opcode: "REDUCE",
      offset: 17,
    },
    {
      name: "REDUCE of set with a list in a list",
      pickle: "cbuiltins\nset\n]]a\x85R.",
      code,
      opcode: "REDUCE",
      offset: 18,
    },
    {
      name: "REDUCE of bytes with an int",
      pickle: "cbuiltins\nbytes\nI5\n\x85R.",
      code,
      opcode: "REDUCE",
      offset: 20,
    },
    {
      name: "REDUCE of bytearray with an int",
      pickle: "cbuiltins\nbytearray\nI5\n\x85R.",
      code,
      opcode: "REDUCE",
      offset: 24,
    },
    {
      name: "REDUCE of encode for UTF-8",
      pickle: "c_codecs\nencode\nVa\nVutf-8\n\x86R.",
      code,
      opcode: "REDUCE",
      offset: 27,
    },
    {
      name: "REDUCE of encode with None",
      pickle: "c_codecs\nencode\nNVlatin1\n\x86R.",
      code,
      opcode: "REDUCE",
      offset: 26,
    },
    {
      name: "REDUCE of encode with no Latin-1",
      pickle: "c_codecs\nencode\nV\\u0100\nVlatin1\n\x86R.",
      code,
      opcode: "REDUCE",
      offset: 33,
    },
    { name: "REDUCE of object", pickle: "cbuiltins\nobject\n)R.", code, opcode: "REDUCE", offset: 18 },
    { name: "NEWOBJ of set", pickle: "cbuiltins\nset\n)\x81.", code, opcode: "NEWOBJ", offset: 15 },
    { name: "NEWOBJ of None", pickle: "N)\x81.", code, opcode: "NEWOBJ", offset: 2 },
    {
      name: "NEWOBJ with None for arguments",
      pickle: "c__main__\nPunto\nN\x81.",
      code,
      opcode: "NEWOBJ",
      offset: 17,
    },
    {
      name: "NEWOBJ_EX with keywords that are no str",
      pickle: "c__main__\nPunto\n)}NNs\x92.",
      code: "BAD_OPERAND",
      opcode: "NEWOBJ_EX",
      offset: 21,
    },
    { name: "OBJ of nothing", pickle: "(o.", code: "STACK", opcode: "OBJ", offset: 1 },
    { name: "OBJ of a text", pickle: "(Va\no.", code, opcode: "OBJ", offset: 4 },
    { name: "STACK_GLOBAL of None", pickle: "NN\x93.", code, opcode: "STACK_GLOBAL", offset: 2 },

    { name: "list as a key", pickle: "}]Ns.", code, opcode: "SETITEM", offset: 3 },
    { name: "dict as a key", pickle: "(}Nd.", code, opcode: "DICT", offset: 3 },
    { name: "bytearray as a key", pickle: "}\x96\0\0\0\0\0\0\0\0Ns.", code, opcode: "SETITEM", offset: 11 },
    { name: "tuple with a set as a key", pickle: "}\x8f\x85Ns.", code, opcode: "SETITEM", offset: 4 },
    { name: "set as an item of a set", pickle: "\x8f(\x8f\x90.", code, opcode: "ADDITEMS", offset: 3 },
    { name: "list as an item of a frozenset", pickle: "(]\x91.", code, opcode: "FROZENSET", offset: 2 },

    { name: "STOP on an empty stack", pickle: ".", code: "STACK", opcode: "STOP", offset: 0 },
    { name: "POP on an empty stack", pickle: "0.", code: "STACK", opcode: "POP", offset: 0 },
    { name: "DUP on an empty stack", pickle: "2.", code: "STACK", opcode: "DUP", offset: 0 },
    { name: "APPEND to nothing", pickle: "Na.", code: "STACK", opcode: "APPEND", offset: 1 },
    { name: "APPENDS to nothing", pickle: "(Ne.", code: "STACK", opcode: "APPENDS", offset: 2 },
    { name: "SETITEM without a value", pickle: "}Ns.", code: "STACK", opcode: "SETITEM", offset: 2 },
    { name: "MEMOIZE of nothing", pickle: "\x94.", code: "STACK", opcode: "MEMOIZE", offset: 0 },
    { name: "PUT of nothing", pickle: "(q\0.", code: "STACK", opcode: "BINPUT", offset: 1 },
    { name: "BUILD without an instance", pickle: "Nb.", code: "STACK", opcode: "BUILD", offset: 1 },
    { name: "REDUCE without a class", pickle: ")R.", code: "STACK", opcode: "REDUCE", offset: 1 },
    { name: "TUPLE3 of two", pickle: "NN\x87.", code: "STACK", opcode: "TUPLE3", offset: 2 },
    { name: "TUPLE2 across a mark", pickle: "N(N\x86.", code: "STACK", opcode: "TUPLE2", offset: 3 },
    { name: "STOP above a mark", pickle: "N(.", code: "STACK", opcode: "STOP", offset: 2 },
    ...["APPENDS", "LIST", "TUPLE", "DICT", "SETITEMS", "ADDITEMS", "FROZENSET", "POP_MARK", "OBJ"].map(
      (opcode) => ({
        name: `${opcode} without a mark`,
        pickle: `NN${String.fromCharCode(Op[opcode as keyof typeof Op])}.`,
        code: "STACK",
        opcode,
        offset: 2,
      }),
    ),

    { name: "BINGET of what was never set", pickle: "h\x01.", code: "MEMO", opcode: "BINGET", offset: 0 },
    {
      name: "LONG_BINGET of what was never set",
      pickle: "Nq\0j\x01\0\0\0.",
      code: "MEMO",
      opcode: "LONG_BINGET",
      offset: 3,
    },
    { name: "GET of what was never set", pickle: "g1\n.", code: "MEMO", opcode: "GET", offset: 0 },
    {
      name: "GET of what no memo holds",
      pickle: "g9007199254740991\n.",
      code: "MEMO",
      opcode: "GET",
      offset: 0,
    },

    {
      name: "byte that is no opcode",
      pickle: "N\xff.",
      code: "UNKNOWN_OPCODE",
      opcode: undefined,
      offset: 1,
    },
    { name: "NUL", pickle: "\0", code: "UNKNOWN_OPCODE", opcode: undefined, offset: 0 },
    { name: "protocol 6", pickle: "\x80\x06N.", code: "UNSUPPORTED", opcode: "PROTO", offset: 0 },
    {
      name: "persistent id in text",
      pickle: "P1\n.",
      code: "NO_PERSISTENT_LOAD",
      opcode: "PERSID",
      offset: 0,
    },
    { name: "persistent id", pickle: "NQ.", code: "NO_PERSISTENT_LOAD", opcode: "BINPERSID", offset: 1 },
    {
      name: "extension code of one byte",
      pickle: "\x82\x01.",
      code: "UNKNOWN_EXTENSION",
      opcode: "EXT1",
      offset: 0,
    },
    {
      name: "extension code of two bytes",
      pickle: "\x83\x01\0.",
      code: "UNKNOWN_EXTENSION",
      opcode: "EXT2",
      offset: 0,
    },
    {
      name: "extension code of four bytes",
      pickle: "\x84\x01\0\0\0.",
      code: "UNKNOWN_EXTENSION",
      opcode: "EXT4",
      offset: 0,
    },
    { name: "buffer out of band", pickle: "\x97.", code: "NO_BUFFER", opcode: "NEXT_BUFFER", offset: 0 },
    {
      name: "read-only buffer of no buffer",
      pickle: "N\x98.",
      code: "BAD_OPERAND",
      opcode: "READONLY_BUFFER",
      offset: 1,
    },

    ...["", "x", "1x", "1.5", "1e3", "--1", "5L", "1__0", "08", "0x", "\xb2"].map((text) => ({
      name: `INT of "${text}"`,
      pickle: `I${text}\n.`,
      code: "BAD_ARGUMENT",
      opcode: "INT",
      offset: 0,
    })),
    ...["", "L", "x", "1LL", "0xL"].map((text) => ({
      name: `LONG of "${text}"`,
      pickle: `L${text}\n.`,
      code: "BAD_ARGUMENT",
      opcode: "LONG",
      offset: 0,
    })),
    ...["", ".", "e5", "1e", "0x1p3", "1,5", "infin", "nano", "1 2"].map((text) => ({
      name: `FLOAT of "${text}"`,
      pickle: `F${text}\n.`,
      code: "BAD_ARGUMENT",
      opcode: "FLOAT",
      offset: 0,
    })),
    { name: "negative memo index", pickle: "Np-1\n.", code: "BAD_ARGUMENT", opcode: "PUT", offset: 1 },
    { name: "memo index that is no int", pickle: "Npx\n.", code: "BAD_ARGUMENT", opcode: "PUT", offset: 1 },
    {
      name: "negative length of BINSTRING",
      pickle: "T\xff\xff\xff\xff.",
      code: "BAD_ARGUMENT",
      opcode: "BINSTRING",
      offset: 0,
    },
    {
      name: "negative length of LONG4",
      pickle: "\x8b\0\0\0\x80.",
      code: "BAD_ARGUMENT",
      opcode: "LONG4",
      offset: 0,
    },
    {
      name: "text that is not UTF-8",
      pickle: "NX\x02\0\0\0\xc3(.",
      code: "BAD_ARGUMENT",
      opcode: "BINUNICODE",
      offset: 1,
    },
    {
      name: "class name that is not UTF-8",
      pickle: "cm\n\xff\n.",
      code: "BAD_ARGUMENT",
      opcode: "GLOBAL",
      offset: 0,
    },
    {
      name: "escape that is cut short",
      pickle: "V\\u00\n.",
      code: "BAD_ARGUMENT",
      opcode: "UNICODE",
      offset: 0,
    },
    {
      name: "escape above U+10FFFF",
      pickle: "V\\U00110000\n.",
      code: "BAD_ARGUMENT",
      opcode: "UNICODE",
      offset: 0,
    },
    {
      name: "string that is not quoted",
      pickle: "Sabc\n.",
      code: "BAD_ARGUMENT",
      opcode: "STRING",
      offset: 0,
    },
  ])("is refused for: $name", ({ pickle, code, opcode, offset }) => {
    const input = bytes(pickle);
    const refused = refusal(() => decode(input, { findClass }));
    expect(refused).toMatchObject({ code, opcode, offset });
    expect(refused?.message).toMatch(/^Cannot decode pickle: .* \((\w+ )?at byte \d+\)$/);
    expect(refused?.limit).toBeUndefined();
  });

  test("is refused at every offset that it can be cut at", () => {
    const random = new Random(3);
    const value = [
      randomValue(random, 5),
      "ñ".repeat(100),
      new PyTuple([2n ** 2100n, 1.5, new PyByteArray(bytes("a"))]),
    ];
    const pickles = [
      ...protocols.map((protocol) => encode(value, { protocol })),
      bytes("c__main__\nPunto\n)\x81}(V__proto__\nNub."),
      bytes("(S'abc'\nT\x02\0\0\0abi__main__\nPunto\n."),
    ];
    for (const pickle of pickles) {
      for (let length = 0; length < pickle.length; length++) {
        const refused = refusal(() => decode(pickle.subarray(0, length), { findClass }));
        if (refused?.code !== "TRUNCATED" || refused.offset > length) {
          expect(refused, `${length} of ${pickle.length}`).toMatchObject({ code: "TRUNCATED" });
        }
      }
    }
  });

  test.each([
    { pickle: "", offset: 0, opcode: undefined },
    { pickle: "N", offset: 1, opcode: undefined },
    { pickle: "NX\x05\0\0\0abc", offset: 1, opcode: "BINUNICODE" },
    { pickle: "NX\x05", offset: 1, opcode: "BINUNICODE" },
    { pickle: "NI12", offset: 1, opcode: "INT" },
    { pickle: "Ncm\nC", offset: 1, opcode: "GLOBAL" },
  ])("names the opcode that is cut short in $pickle", ({ pickle, offset, opcode }) => {
    expect(refusal(() => decode(bytes(pickle)))).toMatchObject({ code: "TRUNCATED", offset, opcode });
  });

  test("is only ever refused with PickleDecodeError, however it is mutated", () => {
    const random = new Random(99);
    const seeds = [
      ...protocols.flatMap((protocol) =>
        [4, 5, 6].map((seed) => encode(randomValue(new Random(seed), 4), { protocol })),
      ),
      bytes("(c__main__\nPunto\nI7\noVx\n}(V__proto__\nNub0", "\x80\x02c__main__\nPunto\n)\x81}q\0h\0s."),
      bytes("(S'abc\\n'\nT\x02\0\0\0abi__main__\nPunto\n(NNd\x8f(h\0\x90."),
    ];
    let accepted = 0;
    for (let i = 0; i < 4000; i++) {
      const pickle = mutated(random, random.pick(seeds));
      let value: PyValue;
      try {
        value = decode(pickle, { findClass, encoding: random.pick(["ascii", "latin1", "utf-8", "bytes"]) });
      } catch (error) {
        if (error instanceof PickleDecodeError) continue;
        throw new Error(`of ${Buffer.from(pickle).toString("latin1")}`, { cause: error });
      }
      accepted += 1;
      try {
        encode(value, { protocol: random.pick(protocols), reduce });
      } catch (error) {
        if (!(error instanceof PickleEncodeError)) throw error;
      }
    }
    expect(accepted).toBeGreaterThan(100);
  });
});

const opcodes = Object.values(Op).filter((op) => typeof op === "number");

/** A pickle with some bytes changed, taken out, put in, or doubled. */
function mutated(random: Random, pickle: Uint8Array): Uint8Array {
  let out = pickle;
  for (let left = 1 + random.below(4); left > 0; left--) {
    const at = random.below(out.length);
    const [before, after] = [out.subarray(0, at), out.subarray(at)];
    const op = random.pick(opcodes);
    switch (random.below(6)) {
      case 0:
        out = bytes(before, random.below(256), after.subarray(1));
        break;
      case 1:
        out = bytes(before, op, after.subarray(1));
        break;
      case 2:
        out = bytes(before, op, after);
        break;
      case 3:
        out = bytes(before, after.subarray(1 + random.below(3)));
        break;
      case 4:
        out = bytes(before, after.subarray(0, random.below(9)), after);
        break;
      default:
        out = bytes(
          before,
          random.pick(["c__main__\nPunto\n", "cbuiltins\nset\n", ")R", "]\x85", "\x94", "h\0", "q\0"]),
          after,
        );
    }
  }
  return out;
}

test("decode() gives a class as a value that holds its name alone, and is one object each time", () => {
  const value = decode(bytes("(cgeo\nPunto\ncgeo\nPunto\ncbuiltins\nset\nl."), { findClass: () => stateful });
  const [first, second, third] = value as PyValue[];
  expect(second).toBe(first);
  expect(first).toEqual(new PyGlobal("geo", "Punto"));
  expect(third).toEqual(new PyGlobal("builtins", "set"));
  expect(Object.getPrototypeOf(first)).toBe(PyGlobal.prototype);
});

test("decode() refuses what is no Uint8Array", () => {
  for (const input of ["N.", new ArrayBuffer(2), [0x4e, 0x2e]]) {
    expect(() => decode(input as unknown as Uint8Array)).toThrow(TypeError);
  }
});

test("decode() refuses a limit that there is not", () => {
  expect(() => decode(bytes("N."), { limits: { maxDeth: 1 } as object })).toThrow("there is no such limit");
});
