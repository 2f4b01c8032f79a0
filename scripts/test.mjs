// `npm test`: the tests of every package, through turbo, then one line for each package and the sum of all.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { clearReports, closingLine, root, runningMajor, sumReports } from "./reports.mjs";

// Turbo's hash leaves out the Node version: without this, the results of one Node would be replayed for another.
const node = process.env.NODE_MATRIX || runningMajor;

clearReports(node);
const turbo = spawnSync(
  join(root, "node_modules", ".bin", "turbo"),
  // Two packages at a time, never server and client (turbo.json): each has a test for which Python takes some 6.3 GB.
  ["run", "test", "--concurrency=2", "--continue=dependencies-successful", ...process.argv.slice(2)],
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
