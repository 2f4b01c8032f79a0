// For programs: one JSON object a line on stdout. The README has the events and their fields as a table.

import { codeOf, fileMessageOf, messageOf } from "./messages.js";
import { writeError, writeJson } from "./output.js";
import type { Reporter } from "./reporter.js";
import type { Tally } from "./tally.js";

/** How often progress is told, of each file. */
const PROGRESS_MS = 500;

/** @param options.dryRun what is told is not done */
export function jsonReporter(
  tally: Tally,
  { dryRun = false }: { readonly dryRun?: boolean | undefined } = {},
): Reporter {
  const told = new Map<string, number>();
  let toldOverall = performance.now();
  const isTime = (last: number): boolean => performance.now() - last >= PROGRESS_MS;
  const dry = dryRun ? { dryRun } : {};
  return {
    begin(name, size) {
      told.set(name, performance.now());
      writeJson({ event: "begin", name, size });
    },
    progress(name, received, total) {
      if (!isTime(told.get(name) ?? 0)) return;
      told.set(name, performance.now());
      writeJson({ event: "progress", name, received, total, ...pace(tally) });
    },
    overall() {
      if (!isTime(toldOverall)) return;
      toldOverall = performance.now();
      const { files, finished, received, total } = tally;
      writeJson({ event: "progress", files, finished, received, total, ...pace(tally) });
    },
    event(name, event) {
      if (event.type === "resumed") writeJson({ event: "resumed", name, bytes: event.bytes });
      else if (event.type === "restarted") writeJson({ event: "restarted", name });
      else {
        const { error, waitMs } = event;
        writeJson({ event: "retry", name, code: codeOf(error), message: messageOf(error), waitMs });
      }
    },
    done(file) {
      told.delete(file.name);
      writeJson({ event: "done", ...file, ...dry });
    },
    skipped(file) {
      told.delete(file.name);
      writeJson({ event: "skipped", ...file });
    },
    made: (name, path) => writeJson({ event: "folder", name, path, ...dry }),
    deleted: (name, path) => writeJson({ event: "deleted", name, path, ...dry }),
    failed(name, error, resumable) {
      if (name !== undefined) told.delete(name);
      const more = resumable ? { resumable } : {};
      writeJson({ event: "error", name, code: codeOf(error), message: messageOf(error), ...more });
      writeError(fileMessageOf(name, error));
    },
    summary: (summary) =>
      writeJson({ event: "summary", ...summary, seconds: Math.round(summary.seconds * 1000) / 1000 }),
  };
}

function pace(tally: Tally): object {
  const [rate, left] = [tally.bytesPerSecond, tally.secondsLeft];
  return {
    ...(rate !== undefined && { bytesPerSecond: Math.round(rate) }),
    ...(left !== undefined && { secondsLeft: Math.ceil(left) }),
  };
}
