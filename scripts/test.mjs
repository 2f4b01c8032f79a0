// `npm test`: the tests of every package, through turbo, then one line for each package and the sum of all. Arguments go to
// turbo.

import { spawnSync } from "node:child_process";
import { totalmem } from "node:os";
import { join } from "node:path";
import { clearReports, closingLine, root, runningMajor, sumReports } from "./reports.mjs";

// Turbo's hash leaves out the Node version: without this, the results of one Node would be replayed for another.
const node = process.env.NODE_MATRIX || runningMajor;

// Server and client have a test each for which Python takes some 6.3 GB: both at once where there is memory for them.
// A short run has neither.
const packagesAtOnce = totalmem() > 20e9 || process.env.TEST_SHORT ? 3 : 1;

clearReports(node);
const turbo = spawnSync(
  join(root, "node_modules", ".bin", "turbo"),
  [
    "run",
    "test",
    `--concurrency=${packagesAtOnce}`,
    "--continue=dependencies-successful",
    ...process.argv.slice(2),
  ],
  {
    cwd: root,
    stdio: "inherit",
    shell: process.platform === "win32",
    env: { ...process.env, NODE_MATRIX: node, TURBO_TELEMETRY_DISABLED: "1" },
  },
);

const sum = sumReports([node]);
if (turbo.error) console.error(turbo.error.message);
for (const row of sum.rows) console.log(row);
console.log(closingLine(sum));
process.exitCode = turbo.status === 0 && sum.ok ? 0 : 1;
