// What Python's pickletools says of pickles, many at a time.

import { spawnSync } from "node:child_process";
import { defaultPython } from "@fileshare/peers";

const SCRIPT = `
import base64, io, json, pickletools, sys, unicodedata
memos = {}
for line in sys.stdin:
    case = json.loads(line)
    memo = memos.setdefault(case["memo"], {}) if "memo" in case else None
    out, error = io.StringIO(), None
    try:
        pickletools.dis(base64.b64decode(case["pickle"]), out, memo, case["indentLevel"])
    except (ValueError, IndexError) as raised:
        error = {"type": type(raised).__name__, "message": str(raised)}
    print(json.dumps({"text": out.getvalue(), "error": error}))
kinds = lambda stack: [kind.name for kind in stack]
print(json.dumps([
    [op.name, ord(op.code), op.proto, op.arg and op.arg.name, kinds(op.stack_before), kinds(op.stack_after)]
    for op in pickletools.opcodes
]))
print(json.dumps("".join(
    "?" if unicodedata.category(char) == "Cn" else "+" if char.isprintable() else "-"
    for char in map(chr, range(0x80, sys.maxunicode + 1))
)))
`;

export interface DisassemblyCase {
  readonly pickle: Uint8Array;
  /** Default 4. */
  readonly indentLevel?: number | undefined;
  /** Those of one name share a memo, in their order. */
  readonly memo?: string | undefined;
}

export interface PythonDisassembly {
  /** All lines that were printed to their end, each with its newline. */
  readonly text: string;
  /** What was raised after them. */
  readonly error: { readonly type: string; readonly message: string } | null;
}

/** Name, code, protocol, kind of argument, stack before and after. */
type PythonOpcode = readonly [string, number, number, string | null, readonly string[], readonly string[]];

export interface PickleTools {
  /** One for each case. */
  readonly disassemblies: readonly PythonDisassembly[];
  readonly opcodes: readonly PythonOpcode[];
  /** From U+0080 on: `+` for what is printable, `-` for what is not, `?` for what that Python does not know. */
  readonly printability: string;
}

/** Asks one Python, in one go. */
export function pickleTools(cases: readonly DisassemblyCase[]): PickleTools {
  const input = cases.map(({ pickle, indentLevel = 4, memo }) =>
    JSON.stringify({ pickle: Buffer.from(pickle).toString("base64"), indentLevel, memo }),
  );
  const { status, stdout, stderr } = spawnSync(defaultPython(), ["-c", SCRIPT], {
    input: input.map((line) => `${line}\n`).join(""),
    encoding: "utf8",
    maxBuffer: 2 ** 30,
  });
  if (status !== 0) throw new Error(`Python ended with ${status}: ${stderr}`);
  const answers = stdout.trimEnd().split("\n");
  const disassemblies = answers.slice(0, -2).map((answer) => {
    const { text, error } = JSON.parse(answer) as PythonDisassembly;
    return { text: text.slice(0, text.lastIndexOf("\n") + 1), error };
  });
  const [opcodes = "", printability = ""] = answers.slice(-2);
  return {
    disassemblies,
    opcodes: JSON.parse(opcodes) as PythonOpcode[],
    printability: JSON.parse(printability) as string,
  };
}
