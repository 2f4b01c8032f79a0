import { expect, test } from "vitest";
import { pickleTools } from "../../test/python-disassemblies.js";
import { opcodeInfo } from "./opcode-info.js";
import { Op } from "./opcodes.js";

test("protocols, arguments and stack effects are those of Python's pickletools", () => {
  const known = [...opcodeInfo].map(([code, { protocol, argument, before, after }]) => [
    Op[code],
    code,
    protocol,
    argument ?? null,
    before,
    after,
  ]);
  expect(known).toEqual(pickleTools([]).opcodes);
});
