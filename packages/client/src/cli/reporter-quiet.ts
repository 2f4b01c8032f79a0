// For --quiet: errors, and nothing else.

import { messageOf } from "./messages.js";
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
  failed: (_name, error) => writeError(messageOf(error)),
  summary: nothing,
};
