#!/usr/bin/env node
// The command fileshare.

import { readFileSync } from "node:fs";
import { CommanderError } from "commander";
import { completionScript } from "./cli/completion.js";
import { exitCodes } from "./cli/exit-codes.js";
import type { ServerFlags } from "./cli/flags.js";
import { makeProgram } from "./cli/program.js";
import type { Cliente } from "./cliente.js";

// What a command needs is loaded when it runs: help, version and the completion of flags need none of it.

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const program = makeProgram(version, {
  async pick(flags) {
    const { pick } = await import("./cli/pick.js");
    await run(flags, (cliente, signal) => pick(cliente, flags, signal));
  },
  async ls(patterns, flags) {
    const { ls } = await import("./cli/ls.js");
    await run(flags, (cliente, signal) => ls(cliente, patterns, flags, signal));
  },
  async get(names, flags) {
    const { get } = await import("./cli/get.js");
    await run(flags, (cliente, signal) => get(cliente, names, flags, signal));
  },
  async sync(folder, flags) {
    const { sync } = await import("./cli/sync.js");
    await run(flags, (cliente, signal) => sync(cliente, folder, flags, signal));
  },
  completion: (shell) => void process.stdout.write(completionScript(shell, program)),
});

// A reader that has seen enough (head, say) closes the pipe: no error of ours. Downloads go on whatever becomes of what
// is said about them.
process.stderr.on("error", () => {});
let isStdoutBroken = false;
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE" || isStdoutBroken) return;
  isStdoutBroken = true;
  process.stderr.write(`fileshare: cannot write to stdout: ${error.message}\n`);
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
  flags: ServerFlags,
  command: (cliente: Cliente, signal: AbortSignal) => Promise<number>,
): Promise<void> {
  const [{ Cliente }, { interruptible }, { clienteOptions }, { exitCodeOf, messageOf }, { writeError }] =
    await Promise.all([
      import("./cliente.js"),
      import("./cli/interrupt.js"),
      import("./cli/flags.js"),
      import("./cli/messages.js"),
      import("./cli/output.js"),
    ]);
  const { signal, isInterrupted } = interruptible(flags.maxTime);
  const cliente = new Cliente(clienteOptions(flags));
  try {
    process.exitCode = (await command(cliente, signal)) || process.exitCode;
  } catch (error) {
    writeError(messageOf(error));
    process.exitCode = exitCodeOf(error);
  }
  if (isInterrupted()) process.exitCode = exitCodes.interrupted;
  await cliente.close();
}
