import { describe, expect, test } from "vitest";
import { dangerOf } from "./danger.js";
import { knownNames } from "./known.js";

describe("dangerOf()", () => {
  test.each([
    ["os", "system", "runs commands"],
    ["posix", "system", "runs commands"],
    ["nt", "system", "runs commands"],
    ["subprocess", "Popen", "runs commands"],
    ["subprocess", "getoutput", "runs commands"],
    ["pty", "spawn", "runs commands"],
    ["webbrowser", "open", "runs commands"],
    ["pip", "main", "runs commands"],
    ["pip._internal", "main", "runs commands"],
    ["commands", "getoutput", "runs commands"],
    ["builtins", "eval", "runs code"],
    ["builtins", "exec", "runs code"],
    ["builtins", "compile", "runs code"],
    ["__builtin__", "execfile", "runs code"],
    ["runpy", "_run_code", "runs code"],
    ["numpy.testing._private.utils", "runstring", "runs code"],
    ["types", "FunctionType", "runs code"],
    ["types", "CodeType", "runs code"],
    ["builtins", "__import__", "loads code"],
    ["importlib", "import_module", "loads code"],
    ["importlib.util", "spec_from_file_location", "loads code"],
    ["builtins", "getattr", "reaches any attribute"],
    ["builtins", "setattr", "reaches any attribute"],
    ["builtins", "globals", "reaches any attribute"],
    ["operator", "attrgetter", "reaches any attribute"],
    ["_operator", "methodcaller", "reaches any attribute"],
    ["sys", "modules", "reaches any attribute"],
    ["functools", "partial", "calls what it is given"],
    ["builtins", "map", "calls what it is given"],
    ["builtins", "open", "reaches files"],
    ["io", "open", "reaches files"],
    ["shutil", "rmtree", "reaches files"],
    ["pathlib", "Path.unlink", "reaches files"],
    ["socket", "create_connection", "reaches the network"],
    ["urllib.request", "urlopen", "reaches the network"],
    ["pickle", "loads", "reads pickles"],
    ["_pickle", "loads", "reads pickles"],
    ["marshal", "loads", "reads pickles"],
    ["torch", "load", "reads pickles"],
    ["torch.storage", "_load_from_bytes", "reads pickles"],
    ["ctypes", "CDLL", "reaches memory"],
    ["signal", "raise_signal", "reaches the process"],
  ])("knows %s.%s", (module, qualname, danger) => {
    expect(dangerOf(module, qualname)).toBe(danger);
  });

  test.each([
    ["json.decoder", "scanner.os.system", "runs commands"],
    ["codecs", "builtins.eval", "runs code"],
    ["app", "subprocess", "reaches any attribute"],
    ["app", "Thing.__init__.__globals__", "reaches any attribute"],
    ["app", "Thing.__subclasses__", "reaches any attribute"],
    ["app", "x.".repeat(1000), "reaches any attribute"],
  ])("follows attributes in %s: %s", (module, qualname, danger) => {
    expect(dangerOf(module, qualname)).toBe(danger);
  });

  test.each([
    ["__main__", "system"],
    ["app.os", "system"],
    ["os", "stat_result"],
    ["pathlib", "PosixPath"],
    ["collections", "OrderedDict"],
    ["app", "Outer.Inner"],
    ["io", "BytesIO"],
    ["builtins", "iter"],
    ["", ""],
  ])("says nothing of %s.%s", (module, qualname) => {
    expect(dangerOf(module, qualname)).toBeUndefined();
  });

  test("has none of the classes that converters make", () => {
    expect(knownNames.length).toBeGreaterThan(30);
    expect(knownNames.filter(([module, qualname]) => dangerOf(module, qualname) !== undefined)).toEqual([]);
  });
});
