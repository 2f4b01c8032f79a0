// Options that several commands have.

import type { Operaciones } from "@fileshare/protocol";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { ClienteOptions } from "../options.js";
import { parseRate, wholeNumber } from "./units.js";

export interface Server {
  readonly host: string;
  readonly port: number;
}

/** Options of what downloads. */
export interface TransferFlags {
  readonly connections?: number | undefined;
  readonly limitRate?: number | undefined;
  readonly retries?: number | undefined;
  readonly fsync?: boolean | undefined;
  /** False for `--no-resume`. */
  readonly resume?: boolean | undefined;
  readonly checksum?: boolean | undefined;
  readonly json?: boolean | undefined;
}

export const DEFAULT_FOLDER = "descargas";

const DEFAULT_SERVER = "localhost:3247";

export function serverOption(): Option {
  return new Option("-s, --server <host:port>", `the server (default: "${DEFAULT_SERVER}")`).argParser(
    parseServer,
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
      new Option("--limit-rate <rate>", "bytes a second at the most: 500k, 1.5M, 2G").argParser(parseRate),
    )
    .addOption(
      new Option(
        "--retries <n>",
        "how often in a row a lost connection is tried again (default: 5)",
      ).argParser(wholeNumber(0, Number.MAX_SAFE_INTEGER)),
    )
    .option("--fsync", "wait until files are on the disk itself")
    .option(
      "--no-resume",
      "neither go on where a run before was cut off, nor keep what arrives for the next",
    );
}

/** The Cliente for those options. */
export function clienteOptions(
  server: Server | undefined,
  flags: TransferFlags,
): ClienteOptions<Operaciones> {
  return {
    ...(server ?? parseServer(DEFAULT_SERVER)),
    connections: flags.connections,
    bytesPerSecond: flags.limitRate,
  };
}

/** HOST:PORT, HOST alone, :PORT alone; an IPv6 address stands in brackets. */
function parseServer(text: string): Server {
  const match = /^(\[[^\]]+\]|[^:[\]]*)(?::(\d+))?$/.exec(text);
  const port = Number(match?.[2] ?? 3247);
  if (!match || port < 1 || port > 65_535) {
    throw new InvalidArgumentError("It must be HOST:PORT, with a port from 1 to 65535.");
  }
  return { host: (match[1] || "localhost").replace(/^\[|\]$/g, ""), port };
}
