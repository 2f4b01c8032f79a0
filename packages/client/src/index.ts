// @fileshare/client: list and download the files of a fileshare server, or of a Python one.

export { ConexionError, type ConexionErrorCode, Content } from "@fileshare/protocol";
export { Cliente, connect, type RequestOptions } from "./cliente.js";
export type { Downloaded, DownloadOptions, Progress } from "./download/download.js";
export { RefusedError, ReplyError, TargetError, type TargetErrorCode } from "./errors.js";
export type { ClienteOptions } from "./options.js";
