// What the codec throws. Callers branch on `code`; `offset` and `opcode` are for the person who looks into the bytes.

import { opNames } from "./opcodes.js";

/**
 * Why a pickle was refused:
 * - `TRUNCATED`: the input ends before the STOP opcode
 * - `UNKNOWN_OPCODE`: a byte where an opcode must stand is none
 * - `UNSUPPORTED`: a protocol above 5, or a value that JavaScript cannot hold (a string whose surrogates stand in a pair)
 * - `UNKNOWN_CLASS`: the pickle names a class that was not registered
 * - `NO_PERSISTENT_LOAD`: a persistent id, and nobody to look it up
 * - `UNKNOWN_EXTENSION`: a class by a number that was not registered
 * - `NO_BUFFER`: an out-of-band buffer that was not given
 * - `BAD_ARGUMENT`: an opcode's argument is malformed (a number, a text, a length)
 * - `BAD_OPERAND`: what an opcode found on the stack is not what it needs
 * - `STACK`: the stack or its marks ran empty
 * - `MEMO`: a memo entry that was never set
 * - `LIMIT`: one of {@link PickleLimits} was passed; `limit` names it
 */
export type PickleDecodeErrorCode =
  | "TRUNCATED"
  | "UNKNOWN_OPCODE"
  | "UNSUPPORTED"
  | "UNKNOWN_CLASS"
  | "NO_PERSISTENT_LOAD"
  | "UNKNOWN_EXTENSION"
  | "NO_BUFFER"
  | "BAD_ARGUMENT"
  | "BAD_OPERAND"
  | "STACK"
  | "MEMO"
  | "LIMIT";

/** Where in the pickle an error stands, and what else is known of it. */
export interface PickleDecodeErrorDetails extends ErrorOptions {
  /** Offset in bytes of the opcode, from the start of the pickle. */
  readonly offset: number;
  /** The opcode's byte, where there is one. */
  readonly opcode?: number | undefined;
  /** With `LIMIT`: the name of the limit. */
  readonly limit?: string | undefined;
}

/** The input is not a pickle that can be decoded safely. The decoder that threw it is of no further use. */
export class PickleDecodeError extends Error {
  override readonly name = "PickleDecodeError";
  readonly code: PickleDecodeErrorCode;
  /** Offset in bytes of the opcode that failed, from the start of the pickle. */
  readonly offset: number;
  /** The name of that opcode, where its byte is one. */
  readonly opcode: string | undefined;
  /** With `LIMIT`: the name of the limit that was passed. */
  readonly limit: string | undefined;

  /** @param message what is wrong; undefined where the code says all that there is to say */
  constructor(code: PickleDecodeErrorCode, message: string | undefined, details: PickleDecodeErrorDetails) {
    const opcode = details.opcode === undefined ? undefined : opNames[details.opcode];
    const what = message ?? code.toLowerCase().replaceAll("_", " ");
    super(`Cannot decode pickle: ${what} (${opcode ? `${opcode} ` : ""}at byte ${details.offset})`, details);
    this.code = code;
    this.offset = details.offset;
    this.opcode = opcode;
    this.limit = details.limit;
  }
}

/**
 * Why a value could not be written as a pickle:
 * - `UNENCODABLE`: a value that has no counterpart in Python (undefined, a function, an instance of an unregistered class)
 * - `UNHASHABLE`: a dict key or set item that Python cannot hash
 * - `DEPTH`: nested deeper than `maxDepth`, as is a `PyObject` that is itself an argument of the call that makes it; or than
 *   the engine's stack reaches
 * - `PROTOCOL`: the value cannot be written in the protocol that was asked for
 */
export type PickleEncodeErrorCode = "UNENCODABLE" | "UNHASHABLE" | "DEPTH" | "PROTOCOL";

/** The value cannot be written as a pickle. Nothing was written. */
export class PickleEncodeError extends Error {
  override readonly name = "PickleEncodeError";
  readonly code: PickleEncodeErrorCode;

  constructor(code: PickleEncodeErrorCode, message: string, options?: ErrorOptions) {
    super(`Cannot encode pickle: ${message}`, options);
    this.code = code;
  }
}
