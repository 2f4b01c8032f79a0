// How the encoder refuses a value.

import { PickleEncodeError } from "./errors.js";
import type { PickleProtocol } from "./opcodes.js";

/** @throws {PickleEncodeError} always */
export function refuseProtocol(message: string): never {
  throw new PickleEncodeError("PROTOCOL", message);
}

/** @throws {PickleEncodeError} when the protocol is lower than the one that first has what is to be written */
export function needProtocol(
  least: PickleProtocol,
  { protocol }: { protocol: PickleProtocol },
  what: string,
): void {
  if (protocol < least) refuseProtocol(`${what} needs protocol ${least}`);
}

/** @throws {PickleEncodeError} always */
export function refuseValue(what: string): never {
  throw new PickleEncodeError("UNENCODABLE", `${what} has no counterpart in Python`);
}
