// Options that several commands have.

import type { Operaciones } from "@fileshare/protocol";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { ClienteOptions } from "../options.js";
import { notEmpty, parseRate, parseSize, wholeNumber } from "./units.js";

export interface Server {
  readonly host: string;
  readonly port: number;
}

/** Options of whatever asks a server. */
export interface ServerFlags {
  readonly server?: Server | undefined;
  /** Seconds. */
  readonly connectTimeout?: number | undefined;
  /** Seconds. */
  readonly timeout?: number | undefined;
  /** Seconds. */
  readonly maxTime?: number | undefined;
  /** Bytes. */
  readonly maxListing?: number | undefined;
}

/** Options of what downloads. */
export interface TransferFlags extends ServerFlags {
  readonly connections?: number | undefined;
  readonly limitRate?: number | undefined;
  readonly retries?: number | undefined;
  readonly fsync?: boolean | undefined;
  /** False for `--no-resume`. */
  readonly resume?: boolean | undefined;
  readonly checksum?: boolean | undefined;
  readonly json?: boolean | undefined;
  readonly quiet?: boolean | undefined;
}

export const DEFAULT_FOLDER = "descargas";

const DEFAULT_SERVER = "localhost:3247";

/** The server where no option names it. */
export const SERVER_VARIABLE = "FILESHARE_SERVER";

/** A timer's most is 2 ** 31 - 1 ms. */
const MOST_SECONDS = 1_000_000;

function serverOption(): Option {
  return new Option(
    "-s, --server <host:port>",
    `the server (default: $${SERVER_VARIABLE}, or "${DEFAULT_SERVER}")`,
  ).argParser(parseServer);
}

export function outputOption(more = ""): Option {
  return new Option("-o, --output <folder>", `the folder to save in, made if need be${more}`)
    .argParser(notEmpty)
    .default(DEFAULT_FOLDER);
}

/** Options of each command that asks a server. */
export function addServerOptions(command: Command): Command {
  const seconds = wholeNumber(1, MOST_SECONDS);
  return command
    .addOption(serverOption())
    .addOption(
      new Option(
        "--connect-timeout <seconds>",
        "how long a connection may take to stand (default: 10)",
      ).argParser(seconds),
    )
    .addOption(
      new Option(
        "--timeout <seconds>",
        "how long the server may say nothing (default: 120 until it answers, then 30)",
      ).argParser(seconds),
    )
    .addOption(new Option("--max-time <seconds>", "give up after so long").argParser(seconds))
    .addOption(
      new Option(
        "--max-listing <size>",
        "memory that the server's names may take: 500M, 4G (default: 1G)",
      ).argParser(parseSize),
    );
}

export function addTransferOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--connections <n>", "connections to spread the work over, 1 to 64")
        .argParser(wholeNumber(1, 64))
        .default(1),
    )
    .addOption(
      new Option(
        "--limit-rate <rate>",
        "bytes a second at the most: 500k, 1.5M, 2G (k is 1024, M is 1024 k, G is 1024 M)",
      ).argParser(parseRate),
    )
    .addOption(
      new Option(
        "--retries <n>",
        "how often in a row a lost connection is tried again (default: 5)",
      ).argParser(wholeNumber(0, Number.MAX_SAFE_INTEGER)),
    )
    .option("--fsync", "wait until files are on the disk itself")
    .option("--no-resume", "neither go on where a run before was cut off, nor keep what arrives for the next")
    .option("-q, --quiet", "print nothing but errors");
}

/** The Cliente for those options. */
export function clienteOptions(flags: TransferFlags): ClienteOptions<Operaciones> {
  const { server, connectTimeout, timeout } = flags;
  return {
    ...(server ?? parseServer(DEFAULT_SERVER)),
    connectTimeoutMs: milliseconds(connectTimeout),
    replyTimeoutMs: milliseconds(timeout),
    stallMs: milliseconds(timeout),
    connections: flags.connections,
    bytesPerSecond: flags.limitRate,
  };
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}

/** HOST:PORT, HOST alone, :PORT alone; an IPv6 address stands in brackets. */
export function parseServer(text: string): Server {
  if (text.includes("@")) {
    throw new InvalidArgumentError("It must be HOST:PORT, without a user: the server knows none.");
  }
  const match = /^(\[[^\]]+\]|[^:[\]]*)(?::(\d+))?$/.exec(text);
  const port = Number(match?.[2] ?? 3247);
  if (!match || port < 1 || port > 65_535) {
    throw new InvalidArgumentError("It must be HOST:PORT, with a port from 1 to 65535.");
  }
  return { host: (match[1] || "localhost").replace(/^\[|\]$/g, ""), port };
}
