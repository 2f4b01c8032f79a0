#!/usr/bin/env node
// The command fileshare.

import { readFileSync } from "node:fs";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { exitCodeOf, exitCodes, messageOf } from "./cli/exit-codes.js";
import { type GetFlags, get } from "./cli/get.js";
import { type LsFlags, ls } from "./cli/ls.js";
import { writeError } from "./cli/reporter.js";
import { Cliente } from "./cliente.js";

interface Server {
  readonly host: string;
  readonly port: number;
}

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const program = new Command("fileshare")
  .description("List and download the files of a fileshare server, or of a Python one.")
  .version(version)
  .exitOverride()
  .showHelpAfterError("Run fileshare --help to see how it is used.");

program
  .command("ls")
  .description("list the server's files, one a line")
  .addOption(serverOption())
  .option("--json", "one JSON object a line")
  .action((flags: LsFlags & { server: Server }) =>
    run(flags.server, (cliente, signal) => ls(cliente, flags, signal)),
  );

program
  .command("get")
  .description("download files")
  .argument("<name...>", "the files' names, as ls shows them")
  .addOption(serverOption())
  .option("-o, --output <folder>", "the folder to save in; made if need be", "descargas")
  .option("--json", "one JSON object a line")
  .action((names: string[], flags: GetFlags & { server: Server }) =>
    run(flags.server, (cliente, signal) => get(cliente, names, flags, signal)),
  );

// A reader that has seen enough (head, say) closes the pipe: no error of ours. Downloads go on whatever becomes of what
// is said about them.
process.stderr.on("error", () => {});
let isStdoutBroken = false;
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE" || isStdoutBroken) return;
  isStdoutBroken = true;
  writeError(`cannot write to stdout: ${error.message}`);
  process.exitCode = exitCodes.failed;
});

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
}

/** Does a command with a client, until it is done or interrupted. */
async function run(
  server: Server,
  command: (cliente: Cliente, signal: AbortSignal) => Promise<number>,
): Promise<void> {
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => interrupted.abort(new Error("Interrupted")));
  }
  const cliente = new Cliente(server);
  try {
    process.exitCode = (await command(cliente, interrupted.signal)) || process.exitCode;
  } catch (error) {
    writeError(messageOf(error));
    process.exitCode = exitCodeOf(error);
  }
  if (interrupted.signal.aborted) process.exitCode = exitCodes.interrupted;
  await cliente.close();
}

function serverOption(): Option {
  const byDefault = "localhost:3247";
  return new Option("-s, --server <host:port>", "the server")
    .argParser(parseServer)
    .default(parseServer(byDefault), byDefault);
}

/** HOST:PORT, HOST alone, :PORT alone; an IPv6 address stands in brackets. */
function parseServer(text: string): Server {
  const match = /^(\[[^\]]+\]|[^:[\]]*)(?::(\d+))?$/.exec(text);
  const port = Number(match?.[2] ?? 3247);
  if (!match || port < 1 || port > 65_535) {
    throw new InvalidArgumentError("It must be HOST:PORT, with a port from 1 to 65535.");
  }
  return { host: (match[1] || "localhost").replace(/^\[|\]$/g, ""), port };
}
