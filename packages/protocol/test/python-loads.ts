// What an interpreter of this machine reads pickles as, many at a time.

import { spawnSync } from "node:child_process";
import { defaultPython, type Python } from "@fileshare/peers";

const SCRIPT = `
import json, pickle, sys
job = json.load(sys.stdin)
exec(job["prelude"], globals())
from binascii import a2b_hex
answers = []
for row in job["rows"]:
    wanted = eval(row["expression"])
    for data in row["pickles"]:
        try:
            found = pickle.loads(a2b_hex(data))
            same = type(found) is type(wanted) and repr(found) == repr(wanted)
            answers.append("" if same else "is %r" % (found,))
        except Exception as error:
            answers.append("raises %s: %s" % (type(error).__name__, error))
print(json.dumps(answers))
`;

/** Pickles that are to stand for what an expression gives. */
export interface LoadsRow {
  readonly expression: string;
  readonly pickles: readonly Uint8Array[];
}

/**
 * Has Python read each pickle, and compare type and `repr` with those of the expression's value. Gives a text for each
 * that differs.
 */
export function pythonDifferences(
  rows: readonly LoadsRow[],
  {
    python,
    prelude = "",
  }: { readonly python?: Python | undefined; readonly prelude?: string | undefined } = {},
): string[] {
  const job = rows.map(({ expression, pickles }) => ({
    expression,
    pickles: pickles.map((pickle) => Buffer.from(pickle).toString("hex")),
  }));
  const { status, stdout, stderr } = spawnSync(python?.path ?? defaultPython(), ["-c", SCRIPT], {
    input: JSON.stringify({ rows: job, prelude }),
    encoding: "utf8",
    maxBuffer: 2 ** 30,
  });
  if (status !== 0) throw new Error(`Python ended with ${status}: ${stderr}`);
  const answers = JSON.parse(stdout) as string[];
  const asked = rows.flatMap(({ expression, pickles }) =>
    pickles.map((_, i) => `${expression}, pickle ${i}`),
  );
  return asked.flatMap((what, i) => (answers[i] === "" ? [] : [`${what}: ${answers[i]}`]));
}
