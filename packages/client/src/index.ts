// @fileshare/client: list and download the files of a fileshare server, or of a Python one.

export { ConexionError, type ConexionErrorCode, Content } from "@fileshare/protocol";
export { Cliente, connect, type DetailsOptions, type ListOptions, type RequestOptions } from "./cliente.js";
export {
  ChangedError,
  ChecksumError,
  ListingError,
  NoDigestError,
  RefusedError,
  ReplyError,
  SurplusError,
  TargetError,
  type TargetErrorCode,
  type TargetVerb,
  ThreadError,
  UnreadableError,
} from "./errors.js";
export type { ClienteOptions } from "./options.js";
export type { FilterOptions } from "./sync/filter.js";
export type { SyncedFile, SyncOptions, SyncProgress, SyncReport } from "./sync/options.js";
export type { Detail, RemoteDetails } from "./transfer/details.js";
export type { DownloadEvent } from "./transfer/download.js";
export type { Downloaded, DownloadOptions, Progress } from "./transfer/options.js";
export type { RetryEvent } from "./transfer/retry.js";
