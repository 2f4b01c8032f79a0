// @fileshare/protocol/pickle: Python's pickle format, safe and without the rest of the protocol.

export type { FindClass, InstanceOrigin, PickleClass, Reduce, Reduction } from "./classes.js";
export { PyDict, PyFrozenSet, PySet } from "./collections.js";
export { type DecodeOptions, decode, decodeFirst } from "./decode.js";
export type { StringEncoding } from "./decoder.js";
export { type EncodeOptions, encode, encodeParts } from "./encode.js";
export {
  PickleDecodeError,
  type PickleDecodeErrorCode,
  type PickleDecodeErrorDetails,
  PickleEncodeError,
  type PickleEncodeErrorCode,
} from "./errors.js";
export { addTextLengths, asText, BytesGap, type TextLengths } from "./gap.js";
export { defaultLimits, type PickleLimits } from "./limits.js";
export { HIGHEST_PROTOCOL, type PickleProtocol } from "./opcodes.js";
export { PyByteArray, PyFloat, PyGlobal, PyTuple, type PyValue } from "./values.js";
export type { EncodedPart, Gap } from "./writer.js";
