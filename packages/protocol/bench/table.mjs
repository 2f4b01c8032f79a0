// The measurements as tables in Markdown.

import { contenders } from "./measure.mjs";
import { titleOf } from "./workloads.mjs";

const names = { pickleparser: "pickleparser ×", msgpackr: "msgpackr ×", json: "JSON ×" };
const others = contenders.filter((contender) => contender in names);

/**
 * A table of rows that were measured. With `targets` it has a column for what the ratio is to be at most, and one for what
 * the least JavaScript for the row has as its ratio.
 */
export function table(measured, sizes, { targets }) {
  const heads = [
    "workload",
    "ours (µs)",
    "CPython (µs)",
    "ours / CPython",
    ...(targets ? ["target", "least JavaScript / CPython"] : []),
    ...others.map((contender) => names[contender]),
  ];
  const lines = measured.map(({ row, times }) => {
    const ours = median(times.ours);
    const python = median(times.CPython);
    return [
      titleOf(row, sizes),
      number(ours / 1000),
      number(python / 1000),
      number(ours / python),
      ...(targets
        ? [
            row.target === undefined ? "-" : `≤ ${row.target}`,
            times.least ? number(median(times.least) / python) : "-",
          ]
        : []),
      ...others.map((contender) => (times[contender] ? number(median(times[contender]) / ours) : "-")),
    ];
  });
  const rule = heads.map((_, i) => (i === 0 ? "---" : "---:"));
  return [heads, rule, ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** With two decimals, or two significant digits of what is smaller, or none where it is large. */
function number(value) {
  if (value < 0.1) return value.toPrecision(2);
  return value.toLocaleString("en-US", {
    minimumFractionDigits: value < 100 ? 2 : 0,
    maximumFractionDigits: value < 100 ? 2 : 0,
  });
}
