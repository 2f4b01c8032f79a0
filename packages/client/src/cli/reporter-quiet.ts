// For --quiet: errors, and nothing else.

import { fileMessageOf } from "./messages.js";
import { writeError } from "./output.js";
import type { Reporter } from "./reporter.js";

const nothing = (): void => {};

export const quietReporter: Reporter = {
  begin: nothing,
  progress: nothing,
  overall: nothing,
  event: nothing,
  done: nothing,
  skipped: nothing,
  made: nothing,
  deleted: nothing,
  failed: (name, error) => writeError(fileMessageOf(name, error)),
  summary: nothing,
};
