// fileshare ls

import { printable } from "@fileshare/protocol";
import type { Cliente } from "../cliente.js";
import { exitCodes } from "./exit-codes.js";
import { writeJson } from "./reporter.js";

export interface LsFlags {
  readonly json?: boolean | undefined;
}

/** Prints the names of the server's files, one a line. */
export async function ls(cliente: Cliente, flags: LsFlags, signal: AbortSignal): Promise<number> {
  for (const name of await cliente.pedirListaArchivos({ signal })) {
    if (flags.json) writeJson({ name });
    else process.stdout.write(`${process.stdout.isTTY ? printable(name) : name}\n`);
  }
  return exitCodes.done;
}
