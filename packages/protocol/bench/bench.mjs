// How long the pickle codec takes: against CPython's own, which is written in C, the least JavaScript that makes the same
// (contenders/least.mjs), and other formats and readers.
//
//   npm run bench -w @fileshare/protocol
//   node packages/protocol/bench/bench.mjs [--rounds 15] [--items 10000] [--megabytes 100] [--only TEXT] [--quick]
//
// Every contender is a process of its own that stays for the whole run. Their results are checked before anything is
// timed. Then row after row is measured in rounds: in each round every contender works for about one slice of time, and
// who begins changes. What is printed is medians. `--only` measures the rows whose title has the text; `--quick` is for
// seeing that it works: its figures are worth nothing.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startChild } from "./child.mjs";
import { contenders, measureFirst, measureWarm, verify } from "./measure.mjs";
import { table } from "./table.mjs";
import { rows as allRows, titleOf } from "./workloads.mjs";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string" },
    items: { type: "string", default: "10000" },
    megabytes: { type: "string", default: "100" },
    only: { type: "string", default: "" },
    quick: { type: "boolean", default: false },
    python: { type: "string", default: "python3" },
  },
});
const { quick, python } = flags;
const rounds = atLeastOne("rounds", flags.rounds ?? (quick ? "3" : "15"));
const sizes = {
  items: atLeastOne("items", flags.items),
  megabytes: atLeastOne("megabytes", flags.megabytes),
};
const sliceMs = quick ? 2 : 100;
const processes = quick ? 1 : 7;
const rows = allRows.filter((row) => titleOf(row, sizes).includes(flags.only));

// Ctrl-C reaches the contenders too. They end by it, and with them this program, which cleans up.
process.once("SIGINT", () => {});

const folder = await mkdtemp(join(tmpdir(), "fileshare-codec-bench-"));
const children = contenders.map((contender) => startChild(contender, python));
try {
  const pythonVersion = await children[contenders.indexOf("CPython")].ask("version");
  await verify(children, { folder, sizes });
  const warm = [];
  for (const row of rows) {
    warm.push({ row, times: await measureWarm(children, row, { folder, sizes, rounds, sliceMs }) });
    console.error(`warm: ${titleOf(row, sizes)}`);
  }
  await stopAll();
  const first = [];
  for (const row of rows) {
    first.push({ row, times: await measureFirst(row, { folder, sizes, processes, python }) });
    console.error(`first call: ${titleOf(row, sizes)}`);
  }
  console.log(`Warm, medians of ${rounds} interleaved rounds. × is the time of another over ours.

${table(warm, sizes, { targets: true })}

The first call in a fresh process, imports not counted, medians of ${processes} interleaved process${processes === 1 ? "" : "es"}.

${table(first, sizes, { targets: false })}

${await machine(pythonVersion)}`);
} catch (error) {
  console.error(`bench failed: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  await stopAll();
  await rm(folder, { recursive: true, force: true });
}

async function stopAll() {
  await Promise.all(children.map((child) => child.stop()));
}

async function machine(pythonVersion) {
  const packages = await Promise.all(
    ["pickleparser", "msgpackr"].map(async (name) => `${name} ${await version(name)}`),
  );
  return [
    `Node ${process.versions.node}`,
    `Python ${pythonVersion}`,
    ...packages,
    `${availableParallelism()} CPUs (${cpus()[0]?.model ?? "unknown"})`,
    `${process.platform} ${process.arch}`,
  ].join(", ");
}

/** The version of an installed package, from the package.json above its main file. */
async function version(name) {
  for (let at = new URL(".", import.meta.resolve(name)); at.pathname !== "/"; at = new URL("..", at)) {
    const found = await readFile(fileURLToPath(new URL("package.json", at)), "utf8").then(
      JSON.parse,
      () => ({}),
    );
    if (found.name === name) return found.version;
  }
  return "unknown";
}

function atLeastOne(name, value) {
  if (/^[1-9]\d*$/.test(value)) return Number(value);
  console.error(`bench: --${name} must be a whole number of at least 1`);
  process.exit(2);
}
