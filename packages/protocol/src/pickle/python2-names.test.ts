import { execFileSync } from "node:child_process";
import { defaultPython } from "@fileshare/peers";
import { describe, expect, test } from "vitest";
import { python2Names } from "./python2-names.js";

type Row = [module: string, qualname: string, knownModule: string, knownName: string];

/** Each name that CPython's own table tells, and some that it does not, as CPython tells them. */
const script = `
import _compat_pickle as c, json
def told(names, modules, module, name):
    if (module, name) in names: return names[module, name]
    return modules.get(module, module), name
def table(names, modules):
    asked = list(names) + [(m, "Something") for m in modules] + [("os", "system"), ("builtins", "bytes"), ("__builtin__", "set")]
    return [[m, n, *told(names, modules, m, n)] for m, n in asked]
print(json.dumps([table(c.NAME_MAPPING, c.IMPORT_MAPPING), table(c.REVERSE_NAME_MAPPING, c.REVERSE_IMPORT_MAPPING)]))
`;

describe("python2Names", () => {
  const output = execFileSync(defaultPython(), ["-c", script], { encoding: "utf8" });
  const [toPython3, toPython2] = JSON.parse(output) as [Row[], Row[]];

  test("tells each name in Python 3 as CPython does", () => {
    expect(toPython3.length).toBeGreaterThan(100);
    for (const [module, qualname, ...known] of toPython3) {
      expect(python2Names.toPython3(module, qualname), `${module} ${qualname}`).toEqual(known);
    }
  });

  test("tells each name in Python 2 as CPython does", () => {
    expect(toPython2.length).toBeGreaterThan(100);
    for (const [module, qualname, ...known] of toPython2) {
      expect(python2Names.toPython2(module, qualname), `${module} ${qualname}`).toEqual(known);
    }
  });
});
