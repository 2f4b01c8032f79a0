#!/usr/bin/env node
// The command fileshare.

import { readFileSync } from "node:fs";
import { CommanderError } from "commander";
import { completionScript } from "./cli/completion.js";
import { exitCodeOf, exitCodes, messageOf } from "./cli/exit-codes.js";
import { clienteOptions, type TransferFlags } from "./cli/flags.js";
import { get } from "./cli/get.js";
import { interruptible } from "./cli/interrupt.js";
import { ls } from "./cli/ls.js";
import { writeError } from "./cli/output.js";
import { pick } from "./cli/pick.js";
import { makeProgram, type ServerFlags } from "./cli/program.js";
import { sync } from "./cli/sync.js";
import { Cliente } from "./cliente.js";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const program = makeProgram(version, {
  pick: (flags) => run(flags, (cliente, signal) => pick(cliente, flags, signal)),
  ls: (patterns, flags) => run(flags, (cliente, signal) => ls(cliente, patterns, flags, signal)),
  get: (names, flags) => run(flags, (cliente, signal) => get(cliente, names, flags, signal)),
  sync: (folder, flags) => run(flags, (cliente, signal) => sync(cliente, folder, flags, signal)),
  completion: (shell) => void process.stdout.write(completionScript(shell, program)),
});

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

/** Does a command with a client, until it is done, interrupted or has taken too long. */
async function run(
  flags: TransferFlags & ServerFlags & { readonly maxTime?: number },
  command: (cliente: Cliente, signal: AbortSignal) => Promise<number>,
): Promise<void> {
  const { signal, isInterrupted } = interruptible(flags.maxTime);
  const cliente = new Cliente(clienteOptions(flags.server, flags));
  try {
    process.exitCode = (await command(cliente, signal)) || process.exitCode;
  } catch (error) {
    writeError(messageOf(error));
    process.exitCode = exitCodeOf(error);
  }
  if (isInterrupted()) process.exitCode = exitCodes.interrupted;
  await cliente.close();
}
