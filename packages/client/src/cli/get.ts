// fileshare get NAME...

import { ConexionError } from "@fileshare/protocol";
import type { Cliente } from "../cliente.js";
import { exitCodeOf, exitCodes } from "./exit-codes.js";
import { barReporter, jsonReporter, lineReporter, type Reporter } from "./reporter.js";

export interface GetFlags {
  readonly output: string;
  readonly json?: boolean | undefined;
}

/** Downloads files one after the other. One that is refused does not keep the others back; a lost connection does. */
export async function get(
  cliente: Cliente,
  names: readonly string[],
  flags: GetFlags,
  signal: AbortSignal,
): Promise<number> {
  const reporter = reporterFor(flags);
  let exitCode: number = exitCodes.done;
  for (const nombre of names) {
    try {
      const onProgress = reporter.progress;
      reporter.done(await cliente.descargarArchivo(nombre, { folder: flags.output, onProgress, signal }));
    } catch (error) {
      reporter.failed(nombre, error);
      exitCode = exitCodeOf(error);
      if (error instanceof ConexionError || signal.aborted) return exitCode;
    }
  }
  return exitCode;
}

function reporterFor(flags: GetFlags): Reporter {
  if (flags.json) return jsonReporter;
  return process.stderr.isTTY ? barReporter() : lineReporter();
}
