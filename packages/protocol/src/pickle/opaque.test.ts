import { describe, expect, test } from "vitest";
import { bytes, difference, refusal } from "../../test/pickles.js";
import { pythonDifferences } from "../../test/python-loads.js";
import { pythonPickles } from "../../test/python-pickles.js";
import {
  ClassRegistry,
  decode,
  encode,
  PickleEncodeError,
  type PickleProtocol,
  PyBuffer,
  PyByteArray,
  PyDict,
  PyExtension,
  PyGlobal,
  PyObject,
  PyPersistentId,
  PyTuple,
  type PyValue,
} from "./index.js";

const prelude = `
class Punto:
    def __init__(self): self.equis = 1
class Ranuras:
    __slots__ = ("zeta",)
    def __init__(self): self.zeta = 2
    def __reduce_ex__(self, protocol): return object.__reduce_ex__(self, max(protocol, 2))
class Clave:
    def __new__(cls, *, nombre): return super().__new__(cls)
    def __getnewargs_ex__(self): return (), {"nombre": "uno"}
    def __reduce_ex__(self, protocol): return object.__reduce_ex__(self, max(protocol, 2))
class Lista(list): pass
class Mapa(dict): pass
class Fuera:
    class Dentro: pass
def lleno(cls, *items):
    made = cls(*items)
    made.marca = "m"
    return made
`;

const opaque = { unknown: "opaque" } as const;
const expressions = [
  "Punto()",
  "Ranuras()",
  "Clave(nombre='dos')",
  "lleno(Lista, [1, 2, 3])",
  "lleno(Lista, range(2500))",
  "lleno(Mapa, {'a': 1, 'b': [2]})",
  "Fuera.Dentro()",
  "[Punto, Fuera, Fuera.Dentro, len]",
  "(lambda p: [p, p, Punto()])(Punto())",
  "(lambda p: (setattr(p, 'yo', p), p)[1])(Punto())",
  "__import__('fractions').Fraction(1, 3)",
  "__import__('collections').OrderedDict(a=1)",
  "__import__('datetime').datetime(2024, 2, 29)",
  "2 + 3j",
];
const pickles = pythonPickles(expressions, { prelude });

describe("an object of an unknown class", () => {
  test.each(expressions.map((expression, i) => ({ expression, of: pickles[i] ?? [] })))(
    "$expression is written back as it was, in each protocol",
    ({ of }) => {
      expect(of.length).toBe(6);
      for (const [protocol, pickle] of of.entries()) {
        const again = encode(decode(pickle, opaque), { protocol: protocol as PickleProtocol });
        // Some names are longer by what Python writes for old protocols: then what is read from both is compared.
        if (difference(again, pickle) !== undefined) {
          expect(decode(again, opaque), `protocol ${protocol}`).toEqual(decode(pickle, opaque));
        }
        expect(refusal(() => decode(pickle))).toMatchObject({ code: "UNKNOWN_CLASS" });
      }
    },
  );

  test("keeps the class, the arguments, the items and the state", () => {
    const [instance, list, map, keywords] = [0, 3, 5, 2].map((i) =>
      decode(pickles[i]?.[4] ?? bytes(), opaque),
    );
    expect(instance).toMatchObject({ name: "__main__.Punto", construction: "new", args: new PyTuple() });
    expect((instance as PyObject).state).toEqual(new PyDict([["equis", 1]]));
    expect((list as PyObject).items).toEqual([1, 2, 3]);
    expect((map as PyObject).entries).toEqual([
      ["a", 1],
      ["b", [2]],
    ]);
    expect((keywords as PyObject).kwargs).toEqual(new PyDict([["nombre", "uno"]]));
  });

  test("is changed in the order that the pickle says, as often as it says", () => {
    const pickle = bytes("cm\nC\n)\x81}Va\nNsb(K\x01K\x02eVk\nK\x03s}b(K\x04e(K\x05\x90.");
    const value = decode(pickle, opaque) as PyObject;
    expect(value.changes.map(({ kind }) => kind)).toEqual([
      "build",
      "append",
      "set",
      "build",
      "append",
      "add",
    ]);
    expect(decode(encode(value), opaque)).toEqual(value);
  });

  test("takes any name as a name", () => {
    for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
      const value = decode(bytes(`c${name}\n${name}\n)R}V${name}\nK\x01sb.`), opaque) as PyObject;
      expect(value.name).toBe(`${name}.${name}`);
      expect((value.state as PyDict).get(name)).toBe(1);
      expect(({} as Record<string, unknown>).constructor).toBe(Object);
    }
  });

  test("is no instance of a registered one beside it", () => {
    const classes = new ClassRegistry([{ names: [["m", "Known"]], create: () => ({ known: true }) }]);
    const value = decode(bytes("(cm\nKnown\n)Rcm\nOther\n)Rl."), { ...classes, ...opaque });
    expect(value).toEqual([{ known: true }, new PyObject(new PyGlobal("m", "Other"))]);
  });
});

test("an object that holds itself through a list in its arguments is written, and read as that", () => {
  const list: PyValue[] = [];
  const self = new PyObject(new PyGlobal("m", "f"), new PyTuple([list]));
  list.push(self);
  for (const protocol of [0, 1, 2, 3, 4, 5] as const) {
    const again = decode(encode(self, { protocol }), opaque) as PyObject;
    const [inner] = again.args.items as [PyValue[]];
    expect(inner).toHaveLength(1);
    expect(inner[0]).toBe(again);
  }
});

describe("an object that holds itself through what it was made with", () => {
  const cycles = `
import copyreg
class Nodo:
    def __repr__(self): return "nodo"
class Claves:
    estado = None
    def __new__(cls, *args, uno, dos=None):
        made = object.__new__(cls)
        made.args, made.uno, made.dos = args, uno, dos
        return made
    def __reduce_ex__(self, protocol):
        return copyreg.__newobj_ex__, (type(self), self.args, {"uno": self.uno, "dos": self.dos}), self.estado
    def __setstate__(self, state): self.estado = state
    def __repr__(self):
        inside = lambda items: [item is self or item.yo is self for item in items]
        return f"{self.args} {inside(self.uno)} {self.dos and inside(self.dos.values())} {self.estado}"
class Grupo(frozenset):
    def __reduce_ex__(self, protocol): return Grupo, (set(self),)
    def __repr__(self): return f"grupo {[item.yo is self for item in self]}"
def claves(state=None, with_dict=False):
    items, dos = [], {} if with_dict else None
    made = Claves("a", uno=items, dos=dos)
    made.estado = state
    return made, items, dos
def directo(**options):
    made, items, dos = claves(**options)
    items.append(made)
    if dos is not None: dos["yo"] = made
    return made
def por_otro(**options):
    made, items, dos = claves(**options)
    nodo = Nodo()
    nodo.yo = made
    items.append(nodo)
    if dos is not None: dos["nodo"] = nodo
    return made
def grupo():
    nodo = Nodo()
    nodo.yo = Grupo([nodo])
    return nodo.yo
`;
  const expressions = ["directo", "por_otro"].flatMap((call) =>
    ["", "state={'x': 1}", "with_dict=True"].map((options) => `${call}(${options})`),
  );
  const protocols = [0, 1, 2, 3, 4, 5] as const;

  test("keyword arguments among it, is written, and Python reads the same, whichever protocol is read and written", () => {
    const rows = pythonPickles(expressions, { prelude: cycles }).map((pickles, i) => ({
      expression: expressions[i] ?? "",
      pickles: pickles.flatMap((pickle) =>
        protocols.map((protocol) => encode(decode(pickle, opaque), { protocol })),
      ),
    }));
    expect(pythonDifferences(rows, { prelude: cycles })).toEqual([]);
  });

  test("a set among it, is written with what the set holds", () => {
    const [pickles = []] = pythonPickles(["grupo()"], { prelude: cycles });
    const again = pickles
      .slice(4)
      .flatMap((pickle) => protocols.map((protocol) => encode(decode(pickle, opaque), { protocol })));
    expect(pythonDifferences([{ expression: "grupo()", pickles: again }], { prelude: cycles })).toEqual([]);
  });

  test("is refused where nothing could make it", () => {
    const kwargs = new PyDict();
    const self = new PyObject(new PyGlobal("m", "C"), new PyTuple(), { construction: "new", kwargs });
    kwargs.set("yo", self);
    for (const protocol of protocols)
      expect(() => encode(self, { protocol })).toThrow(expect.objectContaining({ code: "DEPTH" }));
  });

  test("has the keyword arguments that it was made with, whatever the pickle does to their dict", () => {
    // kwargs = {"a": 1}; made = C.__new__(C, **kwargs); kwargs["b"] = made
    const pickle = bytes("\x80\x04cm\nC\n)}q\0Va\nK\x01s\x92q\x01h\0Vb\nh\x01s0.");
    const value = decode(pickle, opaque) as PyObject;
    expect(value.kwargs).toEqual(new PyDict([["a", 1]]));
    for (const protocol of protocols) expect(decode(encode(value, { protocol }), opaque)).toEqual(value);
  });
});

describe("what stands outside the pickle", () => {
  test("a persistent id is looked up, kept or refused", () => {
    for (const pickle of [bytes("Puno\n."), bytes("Vuno\nQ.")]) {
      expect(decode(pickle, { persistentLoad: (id) => [id] })).toEqual(["uno"]);
      expect(decode(pickle, opaque)).toEqual(new PyPersistentId("uno"));
      expect(refusal(() => decode(pickle))?.code).toBe("NO_PERSISTENT_LOAD");
    }
  });

  test("a value with a persistent id is written as that", () => {
    const outside = new PyDict([["grande", 1]]);
    const persistentId = (value: PyValue): PyValue | undefined => (value === outside ? "fila 7" : undefined);
    for (const protocol of [0, 1, 2, 3, 4, 5] as const) {
      const pickle = encode([outside, outside, "a"], { protocol, persistentId });
      expect(decode(pickle, opaque)).toEqual([
        new PyPersistentId("fila 7"),
        new PyPersistentId("fila 7"),
        "a",
      ]);
    }
    expect(() => encode(outside, { protocol: 0, persistentId: () => "a\nb" })).toThrow(PickleEncodeError);
  });

  test("an extension code is a class that was registered, kept, or refused", () => {
    const extensions = new Map([
      [1, new PyGlobal("m", "Uno")],
      [300, new PyGlobal("m", "Dos")],
      [70_000, new PyGlobal("m", "Tres")],
    ]);
    const classes = [...extensions.values()];
    for (const protocol of [2, 3, 4, 5] as const) {
      const pickle = encode(classes, { protocol, extensions });
      expect(decode(pickle, { ...opaque, extensions })).toEqual(classes);
      expect(decode(pickle, opaque)).toEqual([1, 300, 70_000].map((code) => new PyExtension(code)));
      expect(encode(decode(pickle, opaque), { protocol })).toEqual(pickle);
      expect(refusal(() => decode(pickle))?.code).toBe("UNKNOWN_EXTENSION");
      expect(refusal(() => decode(pickle, { extensions }))?.code).toBe("UNKNOWN_CLASS");
    }
    for (const code of ["\x82\0.", "\x84\xff\xff\xff\xff."]) {
      expect(refusal(() => decode(bytes(code), opaque))?.code).toBe("BAD_ARGUMENT");
    }
  });

  test("buffers are kept out of the pickle, and given back in order", () => {
    const [first, second] = [new PyBuffer(Uint8Array.of(1)), new PyBuffer(Uint8Array.of(2), true)];
    const kept: PyBuffer[] = [];
    const pickle = encode([first, second], {
      protocol: 5,
      bufferCallback: (buffer) => void kept.push(buffer),
    });
    expect(kept).toEqual([first, second]);
    const [one, two] = decode(pickle, { buffers: kept }) as PyValue[];
    expect(one).toBe(first);
    expect(two).toEqual(second);
    expect(decode(pickle, { buffers: [new PyByteArray(Uint8Array.of(1)), Uint8Array.of(2)] })).toEqual([
      new PyByteArray(Uint8Array.of(1)),
      Uint8Array.of(2),
    ]);
    expect(refusal(() => decode(pickle, { buffers: [first] }))?.code).toBe("NO_BUFFER");
    expect(decode(encode([first, second], { protocol: 5 }))).toEqual([
      new PyByteArray(first.bytes),
      second.bytes,
    ]);
  });
});

test("with shareStrings, equal strings are written once, as Python writes one object", () => {
  const [expected] = pythonPickles([
    "(lambda s, t: [s, {s: [s, t]}, (s, s), t, s + '!'])(''.join(['ab', 'cd']), ''.join('é€'))",
  ]);
  const value = [
    "abcd",
    new PyDict([["abcd", ["abcd", "é€"]]]),
    new PyTuple(["abcd", "abcd"]),
    "é€",
    "abcd!",
  ];
  for (const [protocol, pickle] of (expected ?? []).entries()) {
    const written = encode(value, { protocol: protocol as PickleProtocol, shareStrings: true });
    expect(difference(written, pickle), `protocol ${protocol}`).toBeUndefined();
  }
});
