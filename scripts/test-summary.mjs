// `node scripts/test-summary.mjs VERSION...`: adds up the reports that runs on these Nodes have left.

import { closingLine, sumReports } from "./reports.mjs";

const sum = sumReports(process.argv.slice(2));
for (const row of sum.rows) console.log(row);
console.log(closingLine(sum));
process.exitCode = sum.ok ? 0 : 1;
