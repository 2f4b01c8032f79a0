import { execFileSync } from "node:child_process";
import { defaultPython } from "@fileshare/peers";
import { expect, test } from "vitest";
import { Op, opNames, Shape, shapes } from "./opcodes.js";

const SCRIPT = `
import json, pickletools
print(json.dumps([[op.name, ord(op.code), op.arg and op.arg.n, op.arg and op.arg.name] for op in pickletools.opcodes]))
`;

/** What pickletools calls the lengths of arguments, beside a number of bytes. */
const pythonShapes: ReadonlyMap<number, Shape> = new Map([
  [-1, Shape.Line],
  [-2, Shape.Counted1],
  [-3, Shape.Counted4],
  [-4, Shape.Counted4],
  [-5, Shape.Counted8],
]);

test("the opcodes and the shapes of their arguments are those of Python's pickletools", () => {
  const rows = JSON.parse(execFileSync(defaultPython(), ["-c", SCRIPT], { encoding: "utf8" })) as [
    string,
    number,
    number | null,
    string | null,
  ][];
  const expected = rows.map(([name, code, length, argument]) => {
    const shape = pythonShapes.get(length ?? 0) ?? length ?? 0;
    return [name, code, argument?.endsWith("_pair") ? Shape.TwoLines : shape] as const;
  });
  const known = expected.map(([name, code]) => [opNames[code], Op[name as keyof typeof Op], shapes[code]]);
  expect(known).toEqual(expected);
  expect([...shapes].filter((shape) => shape !== Shape.Unknown)).toHaveLength(expected.length);
});
