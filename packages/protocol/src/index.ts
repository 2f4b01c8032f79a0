// @fileshare/protocol: frames, Mensajes and connections. The pickle codec is at @fileshare/protocol/pickle, Node's
// sockets at @fileshare/protocol/node.

export { ByteQueue } from "./byte-queue.js";
export {
  Conexion,
  type ConexionOptions,
  type ReceiveOptions,
  type SendOptions,
  type WaitOptions,
} from "./conexion.js";
export { Content, type ContentSource } from "./content.js";
export {
  ConexionError,
  type ConexionErrorCode,
  FrameError,
  MensajeError,
  type MensajeErrorCode,
} from "./errors.js";
export {
  encodeFrame,
  encodeFrameHeader,
  FRAME_HEADER_BYTES,
  FrameDecoder,
  type FrameDecoderOptions,
  MAX_FRAME_BYTES,
} from "./frame.js";
export { type AcceptClass, acceptAnyModule, type Dialect, defaultDialect } from "./mensaje/dialect.js";
export { Mensaje, type MensajeFields } from "./mensaje/mensaje.js";
export { Trailer } from "./mensaje/trailer.js";
export {
  type Contract,
  content,
  listOf,
  nothing,
  type Operaciones,
  type Operation,
  type OperationName,
  operaciones,
  type ReplyOf,
  type RequestOf,
  text,
} from "./operations.js";
export type { PyValue } from "./pickle/values.js";
export { printable } from "./printable.js";
export { sealOf } from "./seal.js";
export { MAX_TIMER_MS } from "./timers.js";
export { type StreamPair, streamTransport, type Transport } from "./transport.js";
