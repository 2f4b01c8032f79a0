// For people: bars at a terminal, a line for each file, and elsewhere a line a second for what takes longer.

import { printable } from "@fileshare/protocol";
import { type BarFile, barLines } from "./bars.js";
import { fileMessageOf, messageOf, retryText } from "./messages.js";
import type { Reporter, SavedFile, Summary } from "./reporter.js";
import type { Screen } from "./screen.js";
import type { Tally } from "./tally.js";
import { durationText, sizeText } from "./units.js";

/** The lines in which commands differ; undefined for none. */
export interface Lines {
  readonly done: (file: SavedFile) => string;
  readonly skipped: (file: SavedFile) => string | undefined;
  readonly summary: (summary: Summary) => string | undefined;
}

export function textReporter(screen: Screen, tally: Tally, lines: Lines): Reporter {
  const underWay = new Map<string, BarFile>();
  let toldAt = performance.now();
  let lastRetry = "";
  const draw = (): void => screen.update((size) => barLines([...underWay.values()], tally, size));
  const ended = (name: string): void => {
    underWay.delete(name);
    toldAt = performance.now();
  };
  return {
    begin(name, size) {
      underWay.set(name, { name, received: 0, total: size });
      draw();
    },
    progress(name, received, total) {
      const file = underWay.get(name);
      if (file) {
        file.received = received;
        file.total = total;
      }
      draw();
      if (screen.isLive || performance.now() - toldAt < 1000 || received === total) return;
      toldAt = performance.now();
      screen.line(`${printable(name)}: ${sizeText(received)} of ${sizeText(total)}`);
    },
    overall: draw,
    event(name, event) {
      const shown = printable(name ?? "");
      if (event.type === "resumed") screen.line(`${shown}: going on after ${sizeText(event.bytes)}`);
      else if (event.type === "restarted")
        screen.line(`${shown}: starting over, as it has changed or was damaged`);
      else {
        // All files on a connection that is lost say the same.
        const message = messageOf(event.error);
        if (message === lastRetry && performance.now() - toldAt < 1000) return;
        lastRetry = message;
        toldAt = performance.now();
        screen.error(name === undefined ? retryText(event) : `${shown}: ${retryText(event)}`);
      }
    },
    done(file) {
      ended(file.name);
      screen.line(lines.done(file));
    },
    skipped(file) {
      ended(file.name);
      const text = lines.skipped(file);
      if (text !== undefined) screen.line(text);
    },
    made: (name) => screen.line(printable(name)),
    deleted: (name) => screen.line(`deleting ${printable(name)}`),
    failed(name, error) {
      if (name !== undefined) ended(name);
      screen.error(fileMessageOf(name, error));
    },
    summary(summary) {
      screen.close();
      const text = lines.summary(summary);
      if (text !== undefined) screen.line(text);
    },
  };
}

/** One of the lines of `sha256sum`, which `sha256sum --check` reads. */
export function sha256sumLine(sha256: string, path: string): string {
  if (!/[\\\n\r]/.test(path)) return `${sha256}  ${path}`;
  const escaped = path.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\r", "\\r");
  return `\\${sha256}  ${escaped}`;
}

/** What came over the wire, and how fast. */
export function paceLine({ arrived, seconds }: Summary): string {
  if (arrived === 0) return "nothing received";
  const rate = arrived / seconds;
  return `${sizeText(arrived)} received in ${seconds < 60 ? `${seconds.toFixed(1)} s` : durationText(seconds)}, ${sizeText(rate)}/s`;
}

/** "1 file", "2 files". */
export function filesText(count: number): string {
  return `${count} ${count === 1 ? "file" : "files"}`;
}
