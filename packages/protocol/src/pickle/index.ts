// @fileshare/protocol/pickle: Python's pickle format, safe and without the rest of the protocol.

export {
  type ClassName,
  ClassRegistry,
  type FindClass,
  type InstanceOrigin,
  type PickleClass,
  type Reduce,
  type RegisteredClass,
} from "./classes.js";
export { PyDict, PyFrozenSet, PySet } from "./collections.js";
export { type DecodeOptions, decode, decodeFirst } from "./decode.js";
export { Decoder, type DecoderEvent, type DecoderOptions, StreamedBytes } from "./decoder.js";
export {
  type DisassembledOp,
  type DisassembleOptions,
  disassemble,
  type FormatDisassemblyOptions,
  formatDisassembly,
} from "./disassemble.js";
export { encode, encodeParts } from "./encode.js";
export type { EncodeOptions } from "./encode-options.js";
export {
  PickleDecodeError,
  type PickleDecodeErrorCode,
  type PickleDecodeErrorDetails,
  PickleEncodeError,
  type PickleEncodeErrorCode,
} from "./errors.js";
export type { EncodedPart, Gap } from "./frames.js";
export { addTextLengths, asText, BytesGap, type TextLengths } from "./gap.js";
export { defaultLimits, type PickleLimits } from "./limits.js";
export type { StringEncoding } from "./machine.js";
export { type NameMapping, plainNames } from "./names.js";
export {
  type Construction,
  PyBuffer,
  type PyChange,
  PyExtension,
  PyObject,
  type PyObjectParts,
  PyPersistentId,
} from "./objects.js";
export { HIGHEST_PROTOCOL, type PickleProtocol } from "./opcodes.js";
export { python2Names } from "./python2-names.js";
export type { DisassemblyMemo } from "./stack-check.js";
export {
  type DecodeStreamOptions,
  decodeAll,
  encodeAll,
  PickleDecoderStream,
  PickleEncoderStream,
} from "./streams.js";
export { PyByteArray, PyFloat, PyGlobal, PyTuple, type PyValue } from "./values.js";
