// What a client can be told, with the defaults and their reasons.

import {
  type AcceptClass,
  acceptAnyModule,
  type Contract,
  type Dialect,
  defaultDialect,
  operaciones,
} from "@fileshare/protocol";
import { checkKind, checkOptions, type Kinds, kinds, shown } from "./arguments.js";

/** Options of a {@link Cliente}. */
export interface ClienteOptions<C extends Contract> {
  /** The server's address. Default `localhost`. */
  readonly host?: string | undefined;
  /** The server's port. Default 3247. */
  readonly port?: number | undefined;
  /** Milliseconds until a connection must stand. Default 10,000. */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * Milliseconds until a reply must begin. Default 120,000: a Python server reads a file whole before it answers, and
   * says nothing at all to an operation that it does not know. Until one with a digest begins it is 15,000 at the least.
   */
  readonly replyTimeoutMs?: number | undefined;
  /**
   * Milliseconds for which nothing may arrive of a reply that has begun. The time that the app takes over what arrived
   * does not count. Default 30,000.
   */
  readonly stallMs?: number | undefined;
  /**
   * Milliseconds for which a server may say that it is computing digests while none comes of those that were asked for.
   * Default 7,200,000: as long as a terabyte takes to be read from a hard disk.
   */
  readonly digestTimeoutMs?: number | undefined;
  /**
   * Bytes of one reply that may be held in memory, all but file contents. Default 16 MiB: a listing of some 200,000
   * names.
   */
  readonly maxBufferedBytes?: number | undefined;
  /**
   * How many connections downloads are spread over, 64 at the most. Default 1, which many requests share: more help
   * where the way to the server holds a single one back. A server of old gets one.
   */
  readonly connections?: number | undefined;
  /** How many bytes of downloads may arrive a second, all taken together. Default Infinity. */
  readonly bytesPerSecond?: number | undefined;
  /**
   * How the server's own class Mensaje is called and built, and which pickle protocol it reads. Default: `__main__
   * Mensaje`, the class of a script, without `__slots__`, in protocol 3, which every Python 3 reads.
   */
  readonly dialect?: Partial<Dialect> | undefined;
  /** Which classes are taken for a Mensaje in replies. Default: every class of that name, of whatever module. */
  readonly acceptClass?: AcceptClass | undefined;
  /** The operations, where the server has more than `listar` and `descargar`. */
  readonly contract?: C | undefined;
}

/** Options with all defaults filled in. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly connectTimeoutMs: number;
  readonly replyTimeoutMs: number;
  readonly stallMs: number;
  readonly digestTimeoutMs: number;
  readonly maxBufferedBytes: number;
  readonly connections: number;
  readonly bytesPerSecond: number;
  readonly dialect: Dialect;
  readonly acceptClass: AcceptClass;
  readonly contract: Contract;
}

/**
 * @throws {RangeError} when a number is out of its range
 * @throws {TypeError} when an option is of another kind
 */
export function settle<C extends Contract>(options: ClienteOptions<C>): Settings {
  checkOptions(options, {
    host: kinds.text,
    dialect: kinds.object,
    acceptClass: kinds.callback,
    contract: kinds.object,
  });
  const {
    host = "localhost",
    port = 3247,
    connectTimeoutMs = 10_000,
    replyTimeoutMs = 120_000,
    stallMs = 30_000,
    digestTimeoutMs = 7_200_000,
    maxBufferedBytes = 16 * 1024 * 1024,
    connections = 1,
    bytesPerSecond = Number.POSITIVE_INFINITY,
    acceptClass = acceptAnyModule,
    contract = operaciones,
  } = options;
  checkRange("port", port, 1, 65_535);
  checkTimeout("connectTimeoutMs", connectTimeoutMs);
  checkTimeout("replyTimeoutMs", replyTimeoutMs);
  checkTimeout("stallMs", stallMs);
  checkTimeout("digestTimeoutMs", digestTimeoutMs);
  checkRange("connections", connections, 1, 64);
  checkRange("bytesPerSecond", bytesPerSecond, 1, Number.POSITIVE_INFINITY);
  checkRange("maxBufferedBytes", maxBufferedBytes, 1024, Number.POSITIVE_INFINITY);
  return Object.freeze({
    host,
    port,
    connectTimeoutMs,
    replyTimeoutMs,
    stallMs,
    digestTimeoutMs,
    maxBufferedBytes,
    connections,
    bytesPerSecond,
    dialect: settleDialect(options.dialect),
    acceptClass,
    contract,
  });
}

const dialectKinds: Kinds<Dialect> = {
  module: kinds.text,
  qualname: kinds.text,
  construction: ['"new" or "classic"', (value) => value === "new" || value === "classic"],
  slots: kinds.flag,
};

function settleDialect(given: Partial<Dialect> = {}): Dialect {
  checkOptions(given, dialectKinds);
  const isGiven = ([, value]: readonly [string, unknown]): boolean => value !== undefined;
  const dialect = { ...defaultDialect, ...Object.fromEntries(Object.entries(given).filter(isGiven)) };
  checkRange("protocol", dialect.protocol, 0, 5);
  return dialect;
}

/** A timer's most is 2 ** 31 - 1 ms: Node takes a longer time for none at all. */
function checkTimeout(name: string, ms: number): void {
  if (ms !== Number.POSITIVE_INFINITY) checkRange(name, ms, 1, 2 ** 31 - 1);
}

/** @throws {RangeError} when a number is out of its range */
export function checkRange(name: string, value: number, least: number, most: number): void {
  const whole = Number.isInteger(value) || value === most;
  if (!whole || value < least || value > most) {
    throw new RangeError(
      `Cannot use ${name} ${shown(value)}: it must be a whole number from ${least} to ${most}`,
    );
  }
}

/**
 * Refuses what is no text, and a folder without a name: it would be the folder that the app runs in.
 *
 * @throws {TypeError} when it is no string
 * @throws {RangeError} when it is empty
 */
export function checkFolderName(value: unknown): void {
  checkKind("folder", value, kinds.text);
  if (value === "") throw new RangeError('Cannot use folder "": it must not be empty');
}
