// The command's log: JSON lines on stderr, or readable ones where stderr is a terminal.

import { printable } from "@fileshare/protocol";
import { type Logger, pino } from "pino";
import pretty from "pino-pretty";
import type { Servidor } from "./servidor.js";

/** A logger on stderr. */
export function createLogger(level: string): Logger {
  const destination = process.stderr.isTTY
    ? pretty({ destination: 2, sync: true, ignore: "pid,hostname" })
    : pino.destination({ dest: 2, sync: true });
  // A log that cannot be written (a full disk, say) is no reason to stop serving.
  destination.on("error", () => {});
  return pino({ level, base: null }, destination);
}

/** Logs what a server does. */
export function logEvents(servidor: Servidor, logger: Logger): void {
  servidor.on("connected", ({ client }) => logger.info({ client }, "connected"));
  servidor.on("dropped", ({ address }) => logger.warn({ address }, "turned away: too many connections"));
  servidor.on("request", ({ client, operacion, data, names }) =>
    logger.debug({ client, operacion: brief(operacion), data: brief(data), files: names?.length }, "request"),
  );
  servidor.on("sent", ({ client, operacion, data, ms }) =>
    logger.info({ client, operacion: brief(operacion), data: brief(data), ms: Math.round(ms) }, "answered"),
  );
  servidor.on("refused", ({ client, operacion, error }) =>
    logger.warn({ client, operacion: brief(operacion), reason: messageOf(error) }, "refused"),
  );
  servidor.on("failed", ({ client, error }) =>
    logger.warn({ client, reason: messageOf(error) }, "connection failed"),
  );
  servidor.on("closed", ({ client }) => logger.info({ client }, "closed"));
}

/** Names are logged; anything larger a peer may send is not. */
function brief(data: unknown): string | undefined {
  return typeof data === "string" ? printable(data.slice(0, 256)) : undefined;
}

function messageOf(error: unknown): string | undefined {
  return brief(error instanceof Error ? error.message : String(error));
}
