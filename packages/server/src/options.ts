// What a server can be told, with the defaults and their reasons.

import {
  type AcceptClass,
  acceptAnyModule,
  type Contract,
  MAX_TIMER_MS,
  operaciones,
} from "@fileshare/protocol";
import { checkEach, checkKind, kinds } from "./arguments.js";
import type { Handlers } from "./operations/handler.js";
import { DirectoryStorage } from "./storage/directory.js";
import type { Storage } from "./storage/storage.js";

/** Options of a {@link Servidor}. */
export interface ServidorOptions<C extends Contract> {
  /** The folder whose files are served: where it stands is settled when it is given. Default `archivos`, as the protocol's first server has it. */
  readonly folder?: string | undefined;
  /** Where files come from, instead of a folder. */
  readonly storage?: Storage | undefined;
  /** The address to listen on. Default `localhost`: other machines are let in only when asked for. */
  readonly host?: string | undefined;
  /** The port to listen on; 0 picks a free one. Default 3247. */
  readonly port?: number | undefined;
  /** Connections that may wait to be accepted. Default 250, as the protocol's first server has it. */
  readonly backlog?: number | undefined;
  /** Connections at once; a further one is closed when it is accepted. Default 1000, within the usual limit of open files. */
  readonly maxConnections?: number | undefined;
  /** The longest request, in bytes. Default 1 MiB: a request carries a name, not a file. */
  readonly maxRequestBytes?: number | undefined;
  /**
   * Milliseconds for which a peer may leave a request half sent or a reply unread before it is cut off. Between requests
   * it may be silent as long as it likes. Default 60,000; Infinity turns it off.
   */
  readonly stallMs?: number | undefined;
  /** Milliseconds that {@link Servidor.close} lets replies that are under way take to finish. Default 10,000. */
  readonly graceMs?: number | undefined;
  /** Which classes are taken for a Mensaje. Default: every class of that name, of whatever module. */
  readonly acceptClass?: AcceptClass | undefined;
  /** The operations, where the app has some of its own. Default: `listar` and `descargar`. */
  readonly contract?: C | undefined;
  /** What handles the app's own operations; may replace the server's. */
  readonly handlers?: Handlers<C> | undefined;
}

/** Options with all defaults filled in. */
export interface Settings {
  readonly storage: Storage;
  readonly host: string;
  readonly port: number;
  readonly backlog: number;
  readonly maxConnections: number;
  readonly maxRequestBytes: number;
  readonly stallMs: number;
  readonly graceMs: number;
  readonly acceptClass: AcceptClass;
  readonly contract: Contract;
}

/**
 * @throws {TypeError} when an option is of another kind
 * @throws {RangeError} when a number is out of its range
 */
export function settle<C extends Contract>(options: ServidorOptions<C>): Settings {
  checkKinds(options);
  const settings: Settings = {
    storage: options.storage ?? new DirectoryStorage(options.folder ?? "archivos"),
    host: options.host ?? "localhost",
    port: options.port ?? 3247,
    backlog: options.backlog ?? 250,
    maxConnections: options.maxConnections ?? 1000,
    maxRequestBytes: options.maxRequestBytes ?? 1024 * 1024,
    stallMs: options.stallMs ?? 60_000,
    graceMs: options.graceMs ?? 10_000,
    acceptClass: options.acceptClass ?? acceptAnyModule,
    contract: options.contract ?? operaciones,
  };
  // To Node, no host means every address.
  if (settings.host === "") throw new RangeError("Cannot use host: it is empty");
  checkRange("port", settings.port, 0, 65_535);
  checkRange("backlog", settings.backlog, 1, 65_535);
  checkRange("maxConnections", settings.maxConnections, 1, Number.POSITIVE_INFINITY);
  checkRange("maxRequestBytes", settings.maxRequestBytes, 64, 2 ** 32 - 1);
  checkMs("stallMs", settings.stallMs, 1);
  checkMs("graceMs", settings.graceMs, 0);
  return Object.freeze(settings);
}

function checkKinds<C extends Contract>(options: ServidorOptions<C>): void {
  checkKind("options", options, kinds.object);
  const { folder, storage, host, acceptClass, contract, handlers } = options;
  if (folder !== undefined) checkKind("folder", folder, kinds.text);
  if (storage !== undefined) checkKind("storage", storage, kinds.storage);
  if (host !== undefined) checkKind("host", host, kinds.text);
  if (acceptClass !== undefined) checkKind("acceptClass", acceptClass, kinds.callback);
  if (contract !== undefined) checkEach("contract", contract, kinds.operation);
  if (handlers !== undefined) checkEach("handlers", handlers, kinds.callback);
}

function checkMs(name: string, value: number, least: number): void {
  if (value !== Number.POSITIVE_INFINITY) checkRange(name, value, least, MAX_TIMER_MS);
}

function checkRange(name: string, value: number, least: number, most: number): void {
  const whole = Number.isInteger(value) || value === most;
  if (!whole || value < least || value > most) {
    throw new RangeError(`Cannot use ${name} ${value}: it must be a whole number from ${least} to ${most}`);
  }
}
