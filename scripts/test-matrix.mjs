// `npm run test:matrix [-- [--short] VERSION...]`: the suite on several Nodes, each taken from the npm registry.
// A version is a major (24) or the start of an exact version (20.19). --short leaves out what vitest.shared.ts names; --built
// tests what is built already, and replays nothing.

import { spawnSync } from "node:child_process";
import { clearReports, closingLine, root, sumReports } from "./reports.mjs";

const short = process.argv.includes("--short");
const built = process.argv.includes("--built");
const asked = process.argv.slice(2).filter((argument) => !["--short", "--built"].includes(argument));
const nodes = asked.length > 0 ? asked : ["20", "22", "24", "26"];
const system = process.platform === "win32" ? "win" : process.platform;

const test = built ? "node scripts/test.mjs --only --force" : "node scripts/test.mjs";

let ok = true;
for (const node of nodes) {
  if (!/^\d+(\.\d+){0,2}$/.test(node)) throw new Error(`Not a version of Node: ${node}`);
  console.log(`Node ${node}`);
  clearReports(node);
  const run = spawnSync("npx", ["-y", "-p", `node-${system}-${process.arch}@${node}`, "-c", test], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32",
    env: { ...process.env, NODE_MATRIX: node, TEST_SHORT: short ? "1" : "" },
  });
  if (run.error) console.error(run.error.message);
  ok &&= run.status === 0;
}

const sum = sumReports(nodes);
for (const row of sum.rows) console.log(row);
console.log(closingLine(sum));
process.exitCode = ok && sum.ok ? 0 : 1;
