// The JSON reports that vitest leaves in each package, read back and added up.

import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** The Node that a run is for, as vitest.shared.ts names the folder of its reports. */
export const runningMajor = process.versions.node.split(".")[0];

/** Every package with a `test` script: each must have a report. */
function testedPackages() {
  return readdirSync(join(root, "packages"), { withFileTypes: true })
    .map((entry) => join(root, "packages", entry.name))
    .filter((directory) => existsSync(join(directory, "package.json")))
    .map((directory) => ({
      directory,
      manifest: JSON.parse(readFileSync(join(directory, "package.json"), "utf8")),
    }))
    .filter(({ manifest }) => manifest.scripts?.test)
    .map(({ directory, manifest }) => ({ directory, name: manifest.name }));
}

const reportOf = (directory, node) => join(directory, "reports", `node-${node}`, "tests.json");

/** Removes what an earlier run left, so that a report that stands there afterwards is of this run. */
export function clearReports(node) {
  for (const { directory } of testedPackages()) rmSync(reportOf(directory, node), { force: true });
}

function readReport(directory, node) {
  const report = JSON.parse(readFileSync(reportOf(directory, node), "utf8"));
  // A file that fails to load has no test to count, and vitest counts none for it.
  const unloadable = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  ).length;
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloadable,
    skipped: report.numPendingTests + report.numTodoTests,
    success: report.success,
  };
}

/** Adds up the reports of the given Nodes; `rows` holds a line for each package, `ok` whether all ran and passed. */
export function sumReports(nodes) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  const rows = [];
  let ok = true;
  for (const node of nodes) {
    for (const { directory, name } of testedPackages()) {
      const label = `${name} on Node ${node}`;
      if (!existsSync(reportOf(directory, node))) {
        ok = false;
        rows.push(`${label} has no report`);
        continue;
      }
      const report = readReport(directory, node);
      for (const key of Object.keys(total)) total[key] += report[key];
      const ran = report.passed + report.failed > 0;
      ok &&= ran && report.success && report.failed === 0;
      rows.push(`${label} ${ran ? `has ${closingLine(report)}` : "ran no test"}`);
    }
  }
  return { ...total, rows, ok };
}

export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`;
}
