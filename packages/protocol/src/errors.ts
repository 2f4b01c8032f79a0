// What the protocol's layers above the pickle codec throw. Callers branch on `code`.

/** A frame is longer than it may be. Nothing of its payload was read: the connection is of no further use. */
export class FrameError extends Error {
  override readonly name = "FrameError";
  readonly code = "FRAME_TOO_LONG";
  /** The payload's length in bytes, as announced or as it would be sent. */
  readonly length: number;
  /** The most that is allowed. */
  readonly maxFrameBytes: number;

  constructor(length: number, maxFrameBytes: number) {
    super(`A frame cannot have ${length} bytes: the limit is ${maxFrameBytes}`);
    this.length = length;
    this.maxFrameBytes = maxFrameBytes;
  }
}

/**
 * Why the payload of a frame is no Mensaje:
 * - `MALFORMED`: it is no pickle, or one that is refused; `cause` is the PickleDecodeError
 * - `NOT_A_MENSAJE`: it is a pickle of something else
 * - `BAD_ATTRIBUTE`: an attribute of the Mensaje has a type that it cannot have
 */
export type MensajeErrorCode = "MALFORMED" | "NOT_A_MENSAJE" | "BAD_ATTRIBUTE";

/**
 * A frame came whose payload is no acceptable Mensaje. The frame was skipped, and the connection stays usable unless its
 * `closed` says otherwise (the rest of the frame was too long to skip).
 */
export class MensajeError extends Error {
  override readonly name = "MensajeError";
  readonly code: MensajeErrorCode;

  constructor(code: MensajeErrorCode, message: string, options?: ErrorOptions) {
    super(`Cannot read Mensaje: ${message}`, options);
    this.code = code;
  }
}

/**
 * Why a connection is of no further use:
 * - `UNREACHABLE`: it could not be opened
 * - `CLOSED`: it was closed on this side
 * - `CUT`: the peer ended it in the middle of a frame
 * - `LOST`: the transport failed; `cause` is its error
 * - `STALLED`: nothing moved for as long as is allowed
 * - `SHORT_CONTENT`: content that was being sent ended before the length that had been announced
 */
export type ConexionErrorCode = "UNREACHABLE" | "CLOSED" | "CUT" | "LOST" | "STALLED" | "SHORT_CONTENT";

/** The connection is gone. */
export class ConexionError extends Error {
  override readonly name = "ConexionError";
  readonly code: ConexionErrorCode;

  constructor(code: ConexionErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What a connection is cut with on which nothing moves. */
export function stalledError(ms: number): ConexionError {
  return new ConexionError("STALLED", `Nothing moved for ${ms} ms`);
}
