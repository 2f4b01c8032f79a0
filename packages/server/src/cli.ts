#!/usr/bin/env node
// The command fileshare-server.

import { readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { createLogger, logEvents } from "./log.js";
import { Servidor } from "./servidor.js";

/** Exit codes; the README has them as a table. */
const exitCodes = { stopped: 0, failed: 1, usage: 2 };

interface Flags {
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
}

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

// Nobody may read what is written here any more: no reason to stop serving.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

const program = new Command("fileshare-server")
  .description(
    "Share the files of a folder over TCP, with fileshare clients and the Python peers of the protocol.",
  )
  .argument("[folder]", "the folder whose files are served", "archivos")
  .option("--host <host>", "the address to listen on; 0.0.0.0 lets other machines in", parseHost, "localhost")
  .option("--port <port>", "the port to listen on; 0 picks a free one", parsePort, 3247)
  .addOption(
    new Option("--log-level <level>", "what is logged to stderr")
      .choices(["debug", "info", "warn", "error", "silent"])
      .default("info"),
  )
  .version(version)
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "fileshare-server: ")) })
  .addHelpText(
    "after",
    `
Exit codes:
  0    stopped by a signal
  1    cannot serve: there is no such folder, or the address is taken; or stopped by a second signal
  2    the command was not understood`,
  )
  .exitOverride()
  .action(run);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? exitCodes.stopped : exitCodes.usage;
}

async function run(folder: string, flags: Flags): Promise<void> {
  const logger = createLogger(flags.logLevel);
  if (!(await isFolder(folder))) {
    process.stderr.write(`fileshare-server: cannot serve ${folder}: there is no such folder\n`);
    process.exitCode = exitCodes.failed;
    return;
  }
  const servidor = new Servidor({ folder, host: flags.host, port: flags.port });
  logEvents(servidor, logger);
  let stopping = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(exitCodes.failed);
      stopping = true;
      logger.info({ signal }, "stopping: replies under way may finish, once more to stop at once");
      void servidor.close();
    });
  }
  try {
    const { host, port } = await servidor.bindListen();
    process.stdout.write(`fileshare-server listening on ${shown(host)}:${port}\n`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(
      `fileshare-server: cannot listen on ${shown(flags.host)}:${flags.port}: ${reason}\n`,
    );
    process.exitCode = exitCodes.failed;
    return;
  }
  await servidor.acceptConnections();
  await servidor.close();
  logger.info("stopped");
}

/** A host as it stands before a port. */
function shown(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

function parseHost(text: string): string {
  if (text === "") throw new InvalidArgumentError("It must not be empty.");
  return text;
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new InvalidArgumentError("It must be a number from 0 to 65535.");
  return port;
}
