// Errors as a person, or a program, is told of them.

import { ConexionError, MensajeError, printable } from "@fileshare/protocol";
import { ListingError, ReplyError, SurplusError, TargetError } from "../errors.js";
import type { RetryEvent } from "../transfer/retry.js";
import { exitCodes } from "./exit-codes.js";
import { TimeUpError } from "./interrupt.js";

/** The exit code for what a request threw. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof TimeUpError) return exitCodes.timeUp;
  return error instanceof ConexionError ? exitCodes.noConnection : exitCodes.failed;
}

export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message } = error;
  if (error instanceof TargetError) return targetMessage(error);
  if (error instanceof ReplyError && error.cause instanceof MensajeError)
    return `This is no fileshare server, or its answer was damaged on its way: ${message}`;
  if (error instanceof ListingError)
    return `The server lists more names than fit into ${error.maxListingBytes} bytes of memory: --max-listing allows them more, and patterns take fewer`;
  if (error instanceof SurplusError)
    return `The server does not have ${error.surplus} files and folders that are here: --max-delete lets ${error.maxDelete} be removed, and none was`;
  return error instanceof ConexionError ? connectionMessage(error) : message;
}

/** Why a file failed: with its name, which is not in what is told of a connection that was lost. Without one it is the whole. */
export function fileMessageOf(name: string | undefined, error: unknown): string {
  const message = messageOf(error);
  if (name === undefined) return message;
  const isNamed =
    error instanceof ConexionError
      ? error.code === "UNREACHABLE"
      : message.includes(JSON.stringify(name).slice(1, -1));
  return isNamed ? message : `${printable(name)}: ${message}`;
}

/** That something failed, and when it is tried again. */
export function retryText({ error, waitMs }: Pick<RetryEvent, "error" | "waitMs">): string {
  return `${messageOf(error)}; trying again in ${(waitMs / 1000).toFixed(1)} s`;
}

/** The `code` that the errors of this package have. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "UNKNOWN";
}

function connectionMessage({ code, message }: ConexionError): string {
  // The library tells it of either end, and of times as it is given them.
  const [ms] = /\d+/.exec(message) ?? [];
  if (code === "STALLED")
    return `The server sent nothing for ${Number(ms) / 1000} s: --timeout lets it take longer`;
  if (message === "The peer ended the connection in the middle of a frame")
    return "The server ended the connection in the middle of its answer";
  // An address with colons of its own is written as it is given to the command.
  return message.replace(/^(Cannot connect to )([^[\]\s]*:[^[\]\s]*)(:\d+: )/, "$1[$2]$3");
}

function targetMessage({ path, message, verb }: TargetError): string {
  // The system also names a call, and the file that it was, which may have another name until it is whole.
  const [, reason] = /: E[A-Z0-9]+: ([^,]+), \w+ '/s.exec(message) ?? [];
  return reason === undefined ? message : `Cannot ${verb} ${JSON.stringify(path)}: ${reason}`;
}
