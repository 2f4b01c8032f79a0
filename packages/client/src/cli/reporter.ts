// What a person, or a program, sees of downloads: bars at a terminal, lines elsewhere, JSON where it was asked for.

import { printable } from "@fileshare/protocol";
import { SingleBar } from "cli-progress";
import type { Downloaded, Progress } from "../transfer/options.js";
import { messageOf } from "./exit-codes.js";

/** Is told how downloads go. */
export interface Reporter {
  progress(progress: Progress): void;
  done(downloaded: Downloaded): void;
  failed(nombre: string, error: unknown): void;
}

/** One JSON object a line on stdout. */
export const jsonReporter: Reporter = {
  progress: () => {},
  done: ({ nombre, path, bytes }) => writeJson({ event: "done", name: nombre, path, bytes }),
  failed: (nombre, error) => {
    writeJson({ event: "error", name: nombre, code: codeOf(error), message: messageOf(error) });
    writeError(messageOf(error));
  },
};

/** A line for each file; for one that takes longer, a line a second. */
export function lineReporter(): Reporter {
  let last = Date.now();
  return {
    progress({ nombre, received, total }) {
      if (Date.now() - last < 1000 || received === total) return;
      last = Date.now();
      process.stdout.write(`${printable(nombre)}: ${sizeText(received)} of ${sizeText(total)}\n`);
    },
    done({ nombre, path, bytes }) {
      last = Date.now();
      process.stdout.write(`${printable(nombre)}: ${sizeText(bytes)} -> ${printable(path)}\n`);
    },
    failed: (_nombre, error) => writeError(messageOf(error)),
  };
}

/** A bar for the file that is being downloaded, and a line for each that is there. */
export function barReporter(): Reporter {
  let bar: SingleBar | undefined;
  const stop = (): void => {
    bar?.stop();
    bar = undefined;
  };
  return {
    progress({ nombre, received, total }) {
      if (!bar) {
        bar = new SingleBar({
          format: "{name} [{bar}] {percentage}% {done} of {size}, {eta_formatted} left",
          clearOnComplete: true,
          hideCursor: true,
          etaBuffer: 50,
        });
        bar.start(total, 0, { name: printable(nombre), done: sizeText(0), size: sizeText(total) });
      }
      bar.update(received, { done: sizeText(received) });
    },
    done({ nombre, path, bytes }) {
      stop();
      process.stdout.write(`${printable(nombre)}: ${sizeText(bytes)} -> ${printable(path)}\n`);
    },
    failed(_nombre, error) {
      stop();
      writeError(messageOf(error));
    },
  };
}

export function writeJson(record: object): void {
  process.stdout.write(`${JSON.stringify(record)}\n`);
}

export function writeError(message: string): void {
  process.stderr.write(`fileshare: ${printable(message)}\n`);
}

/** A size for people, in units of 1000. */
export function sizeText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let size = bytes;
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? size : size.toPrecision(3)} ${units[unit]}`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "UNKNOWN";
}
