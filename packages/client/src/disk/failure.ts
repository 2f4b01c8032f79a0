// What the file system refuses, as an error with a code; and errors as data, on their way between threads.

import fs from "node:fs";
import { constants } from "node:os";
import { ChecksumError, TargetError, type TargetErrorCode, type TargetVerb } from "../errors.js";
import { native } from "./paths.js";

const codes: Readonly<Record<string, TargetErrorCode>> = {
  ENAMETOOLONG: "BAD_NAME",
  EILSEQ: "BAD_NAME",
  EISDIR: "IS_FOLDER",
  ENOSPC: "NO_SPACE",
  EDQUOT: "NO_SPACE",
  EACCES: "NO_PERMISSION",
  EPERM: "NO_PERMISSION",
  EROFS: "NO_PERMISSION",
};

/** What Node has no name for, by its number. */
const unnamed: ReadonlyMap<number | undefined, readonly [code: string, meaning: string]> = new Map([
  [constants.errno.EDQUOT, ["EDQUOT", "disk quota exceeded"]],
  [constants.errno.ESTALE, ["ESTALE", "stale handle: it is gone from the server of the network file system"]],
]);

/** The code of what the file system said; "" of anything else. */
export function systemCode(error: unknown): string {
  const { code = "", errno } = error as NodeJS.ErrnoException;
  return named(errno)?.[0] ?? code;
}

/** Node counts errors of the system below 0. */
function named(errno: number | undefined): readonly [code: string, meaning: string] | undefined {
  return errno === undefined ? undefined : unnamed.get(-errno);
}

/** What the file system said, as Node words it. */
function messageOf({ message, errno }: NodeJS.ErrnoException): string {
  const known = named(errno);
  return known ? message.replace(/^(Unknown system error -?\d+(: )?)+/, `${known[0]}: ${known[1]}`) : message;
}

/** What went wrong at a path, as a TargetError where it was the file system. */
export function asTargetError(error: unknown, path: string, verb: TargetVerb = "save"): unknown {
  if (!(error instanceof Error) || error instanceof TargetError || error instanceof ChecksumError)
    return error;
  const { syscall } = error as NodeJS.ErrnoException;
  if (!syscall) return error;
  const code = targetCode(systemCode(error), syscall, path);
  return new TargetError(code, path, messageOf(error), { cause: error, verb });
}

function targetCode(code: string, syscall: string, path: string): TargetErrorCode {
  // Systems tell in several ways that a file cannot take the place of a folder.
  if (syscall === "rename" && isFolder(path)) return "IS_FOLDER";
  if (syscall === "rename" && code === "EINVAL") return "BAD_NAME";
  return codes[code] ?? "NOT_WRITTEN";
}

/** Whether a folder stands there. */
export function isFolder(path: string): boolean {
  try {
    return fs.lstatSync(native(path), { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false;
  }
}

/** An error as structured cloning keeps it: that of an Error loses its class and its code. */
export interface Failure {
  readonly kind: "target" | "checksum" | "range" | "other";
  readonly message: string;
  readonly code?: string;
  readonly path?: string;
  readonly verb?: TargetVerb;
  readonly system?: { readonly errno?: number; readonly syscall?: string; readonly path?: string };
  readonly cause?: Failure;
}

/** What went wrong with one of several, by its place among them. */
export type NthFailure = readonly [nth: number, failure: Failure];

export function toFailure(error: unknown): Failure {
  if (!(error instanceof Error)) return { kind: "other", message: String(error) };
  const { code, errno, syscall, path } = error as NodeJS.ErrnoException;
  const failure = {
    message: error.message,
    ...(code !== undefined && { code }),
    ...(path !== undefined && { path: String(path) }),
    ...(error.cause !== undefined && { cause: toFailure(error.cause) }),
  };
  if (error instanceof TargetError) return { kind: "target", verb: error.verb, ...failure };
  if (error instanceof ChecksumError) return { kind: "checksum", ...failure };
  if (error instanceof RangeError) return { kind: "range", ...failure };
  return {
    kind: "other",
    ...failure,
    system: { ...(errno !== undefined && { errno }), ...(syscall && { syscall }) },
  };
}

/** Failures as errors, by place. */
export function fromFailures(failures: readonly NthFailure[]): Map<number, Error> {
  return new Map(failures.map(([nth, failure]) => [nth, fromFailure(failure)]));
}

export function fromFailure({ kind, message, code, path = "", verb, system, cause }: Failure): Error {
  const options = cause && { cause: fromFailure(cause) };
  switch (kind) {
    case "target":
      return new TargetError(code as TargetErrorCode, path, reason(message, path, verb), {
        ...options,
        verb,
      });
    case "checksum":
      return new ChecksumError(path, reason(message, path));
    case "range":
      return new RangeError(message, options);
    case "other":
      return Object.assign(new Error(message, options), code && { code }, path && { path }, system);
  }
}

/** The message of one of our errors without what its class puts in front. */
function reason(message: string, path: string, verb: TargetVerb = "save"): string {
  return message.slice(new TargetError("NOT_WRITTEN", path, "", { verb }).message.length);
}
