// Built-in types of Python that stand in pickles as values: what a defaultdict makes, most often.

import type { RegisteredClass } from "../classes.js";
import { PyDict } from "../collections.js";
import { PyFloat, PyTuple, type PyValue } from "../values.js";
import { checkCount } from "./check.js";

function builtinType(qualname: string, empty: () => PyValue): RegisteredClass {
  return {
    names: [
      ["builtins", qualname],
      ["__builtin__", qualname],
    ],
    create: (args) => {
      checkCount(args, 0, 0, qualname);
      return empty();
    },
  };
}

/**
 * The names `list`, `dict`, `tuple`, `int`, `float`, `str` and `bool`, as a `PyGlobal` where they stand as values. A
 * pickle may call one without arguments, for its empty value.
 */
export const builtinTypes: readonly RegisteredClass[] = [
  /* @__PURE__ */ builtinType("list", () => []),
  /* @__PURE__ */ builtinType("dict", () => new PyDict()),
  /* @__PURE__ */ builtinType("tuple", () => new PyTuple()),
  /* @__PURE__ */ builtinType("int", () => 0),
  /* @__PURE__ */ builtinType("float", () => new PyFloat(0)),
  /* @__PURE__ */ builtinType("str", () => ""),
  /* @__PURE__ */ builtinType("bool", () => false),
];
