import { spawnSync } from "node:child_process";
import { defaultPython } from "@fileshare/peers";
import { describe, expect, test } from "vitest";
import { dataModel } from "../../test/data-model.js";
import { pythonPickles } from "../../test/python-pickles.js";
import {
  decode,
  PyBuffer,
  PyExtension,
  PyGlobal,
  PyObject,
  PyPersistentId,
  PyTuple,
} from "../pickle/index.js";
import { base64Of } from "./base64.js";
import { valueToJson } from "./index.js";

/** Makes the values again from their JSON, and tells those that differ from what the expressions say. */
const SCRIPT = `
import base64, json, sys
def make(value, seen):
    if not isinstance(value, dict): return value
    kind = value["type"]
    if kind == "reference": return seen[value["id"]]
    if kind == "int": return int(value["value"], 0 if "x" in value["value"] else 10)
    if kind == "float": return float(value["value"])
    if kind == "bytes": made = base64.b64decode(value["base64"])
    elif kind == "bytearray": made = bytearray(base64.b64decode(value["base64"]))
    elif kind == "list":
        made = []
        if "id" in value: seen[value["id"]] = made
        made.extend(make(item, seen) for item in value["items"])
    elif kind == "dict":
        made = {}
        if "id" in value: seen[value["id"]] = made
        for key, item in value["entries"]: made[make(key, seen)] = make(item, seen)
    else: made = {"tuple": tuple, "set": set, "frozenset": frozenset}[kind](make(item, seen) for item in value["items"])
    if "id" in value: seen[value["id"]] = made
    return made
if hasattr(sys, "set_int_max_str_digits"): sys.set_int_max_str_digits(0)
job = json.load(sys.stdin)
different = []
for expression, value in job:
    made, expected = make(value, {}), eval(expression)
    same = repr(made) == repr(expected) if not isinstance(expected, (set, frozenset)) else made == expected
    if not same or type(made) is not type(expected): different.append(expression)
print(json.dumps(different))
`;

describe("valueToJson()", () => {
  test("says all of plain data: Python makes the same values of it", () => {
    const expressions = [
      // A tuple that holds itself has its parts before it is there: to make it again takes more than this script.
      ...dataModel.map(({ python }) => python).filter((python) => !python.includes("t[0].append(t)")),
      "(lambda a: [a, a, (a,)])([1])",
      "2 ** 5000",
      "-(2 ** 5000)",
      "'\\ud800'",
    ];
    const pickles = pythonPickles(expressions);
    const job = expressions.map((expression, i) => [
      expression,
      valueToJson(decode(pickles[i]?.[4] as Uint8Array)),
    ]);
    const { stdout, stderr } = spawnSync(defaultPython(), ["-c", SCRIPT], {
      input: JSON.stringify(job),
      encoding: "utf8",
      maxBuffer: 2 ** 26,
    });
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual([]);
  });

  test("writes what only Python can make", () => {
    const name = { type: "name", module: "geo", qualname: "Point" };
    const object = new PyObject(new PyGlobal("geo", "Point"), new PyTuple([1]), {
      construction: "new",
      items: [2],
      entries: [["k", 3]],
      state: 4,
    });
    expect(valueToJson(object)).toEqual({
      type: "object",
      construction: "new",
      callable: name,
      args: { type: "tuple", items: [1] },
      changes: [
        { kind: "append", values: [2] },
        { kind: "set", values: ["k", 3] },
        { kind: "build", values: [4] },
      ],
    });
    expect(valueToJson(new PyPersistentId(["a"]))).toEqual({
      type: "persistent id",
      of: { type: "list", items: ["a"] },
    });
    expect(valueToJson(new PyExtension(3))).toEqual({ type: "extension", code: 3 });
    expect(valueToJson(new PyBuffer(Uint8Array.of(1, 2)))).toEqual({
      type: "buffer",
      base64: "AQI=",
      readonly: false,
    });
  });

  test("writes an object once, and refers to it from then on", () => {
    const state = [1];
    const object = new PyObject(new PyGlobal("a", "b"), undefined, { state });
    const list = [object, state, object];
    expect(valueToJson(list)).toMatchObject({
      items: [
        { type: "object", id: 1, changes: [{ values: [{ type: "list", id: 2, items: [1] }] }] },
        { type: "reference", id: 2 },
        { type: "reference", id: 1 },
      ],
    });
  });

  test("cuts at maxDepth", () => {
    expect(valueToJson([[1], 2], { maxDepth: 1 })).toEqual({
      type: "list",
      items: [{ type: "list", cut: true }, 2],
    });
  });
});

test("base64Of() writes what Node writes", () => {
  for (let length = 0; length < 70; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 151 + length) & 0xff);
    expect(base64Of(bytes)).toBe(Buffer.from(bytes).toString("base64"));
  }
});
