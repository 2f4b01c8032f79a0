// @fileshare/server: serve files to Python peers and to @fileshare/client.

export type { Client, ServidorEvents } from "./events.js";
export {
  type Answer,
  type Answered,
  answered,
  type Handler,
  type HandlerContext,
  type Handlers,
  type Reason,
  RefusedError,
  type RefusedOptions,
} from "./operations/handler.js";
export type { ServidorOptions } from "./options.js";
export { type Address, type ListeningServidor, Servidor, serve } from "./servidor.js";
export { DirectoryStorage } from "./storage/directory.js";
export type {
  Detail,
  EntriesOptions,
  EntriesPage,
  ReadManyLimits,
  SmallFile,
  SmallFiles,
  Storage,
  StoredFile,
} from "./storage/storage.js";
