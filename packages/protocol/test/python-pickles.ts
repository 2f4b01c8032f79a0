// Pickles that an interpreter of this machine writes, many at a time.

import { spawnSync } from "node:child_process";
import { defaultPython, type Python } from "@fileshare/peers";

const SCRIPT = `
import json, pickle, struct, sys
job = json.load(sys.stdin)
exec(job["prelude"], globals())
target = getattr(sys.stdout, "buffer", sys.stdout)
for expression in job["expressions"]:
    value = eval(expression)
    for protocol in range(job["highest"] + 1):
        data = pickle.dumps(value, protocol)
        target.write(struct.pack(">I", len(data)) + data)
`;

export interface PythonPicklesOptions {
  /** Default: python3. */
  readonly python?: Python | undefined;
  /** Run before the expressions, in `__main__`: class definitions, say. */
  readonly prelude?: string | undefined;
}

/** What `pickle.dumps` writes for each expression: one pickle for each protocol, from 0 to the highest it has. */
export function pythonPickles(
  expressions: readonly string[],
  options: PythonPicklesOptions = {},
): Uint8Array[][] {
  const { python, prelude = "" } = options;
  const highest = python?.highestProtocol ?? 5;
  const { status, stdout, stderr } = spawnSync(python?.path ?? defaultPython(), ["-c", SCRIPT], {
    input: JSON.stringify({ expressions, prelude, highest }),
    maxBuffer: 2 ** 30,
  });
  if (status !== 0) throw new Error(`Python ended with ${status}: ${stderr}`);
  let at = 0;
  const next = (): Uint8Array => {
    const start = at + 4;
    at = start + stdout.readUInt32BE(at);
    return new Uint8Array(stdout.subarray(start, at));
  };
  return expressions.map(() => Array.from({ length: highest + 1 }, next));
}
