// How the command ends; the README has these as a table.

import { ConexionError } from "@fileshare/protocol";

export const exitCodes = {
  /** All was done. */
  done: 0,
  /** Something was not: the server refused it, or it could not be saved here. */
  failed: 1,
  /** The command was not understood. */
  usage: 2,
  /** The server cannot be reached, or the connection was lost. */
  noConnection: 3,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

/** The exit code for what a request threw. */
export function exitCodeOf(error: unknown): number {
  return error instanceof ConexionError ? exitCodes.noConnection : exitCodes.failed;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` that the errors of this package have. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "UNKNOWN";
}
