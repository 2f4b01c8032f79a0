#!/usr/bin/env node
// The command of this package.

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { exitCodes } from "./exit-codes.js";
import { inspect } from "./inspect.js";

const help = `Usage: fileshare-protocol inspect [options] FILE

Shows what is in a Python pickle, without executing any of it: its value as a tree, and the classes and functions
that Python would import. FILE is - for stdin.

Options:
  --dis            the opcodes instead, as python3 -m pickletools prints them
  --json           all of it as JSON
  --full           all of the values, however large
  --max-depth N    show the values N levels deep
  -h, --help       this text
  --version        the version of the package

Exit codes: 0 when decode() takes it, 1 when decode() refuses it or it is no pickle, 2 when the command was not
understood or the file cannot be read.
`;

/** The command was not understood. */
class UsageError extends Error {}

// What cannot be written is told once, where it is waited for.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const more = error instanceof UsageError ? "\nRun fileshare-protocol --help to see how it is used." : "";
  process.stderr.write(`fileshare-protocol: ${message}${more}\n`);
  process.exitCode = exitCodes.failed;
}

async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args);
  if (values.help) {
    process.stdout.write(help);
    return exitCodes.taken;
  }
  if (values.version) {
    const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
    process.stdout.write(`${(JSON.parse(manifest) as { version: string }).version}\n`);
    return exitCodes.taken;
  }
  const [command, file, ...others] = positionals;
  if (command === undefined) throw new UsageError("there is no command");
  if (command !== "inspect") throw new UsageError(`there is no command ${command}`);
  if (file === undefined) throw new UsageError("inspect wants a FILE");
  if (others.length > 0) throw new UsageError("inspect takes one FILE");
  const { dis = false, json = false, full = false } = values;
  if (dis && json) throw new UsageError("--dis and --json do not go together");
  return await inspect(file, { dis, json, full, maxDepth: parseDepth(values["max-depth"]) });
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        dis: { type: "boolean" },
        json: { type: "boolean" },
        full: { type: "boolean" },
        "max-depth": { type: "string" },
        help: { type: "boolean", short: "h" },
        version: { type: "boolean" },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function parseDepth(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  if (!/^\d{1,9}$/.test(text)) throw new UsageError("--max-depth wants a number from 0 on");
  return Number(text);
}
