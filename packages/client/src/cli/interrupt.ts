// Ctrl-C and its like: the first ends what is under way in order, a second one at once. So does a time that is up.

import { exitCodes } from "./exit-codes.js";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The command has taken longer than `--max-time` lets it. */
export class TimeUpError extends Error {
  readonly code = "TIME_UP";

  constructor(maxSeconds: number) {
    super(`It has taken longer than ${maxSeconds} s`);
  }
}

/** Whether it was a person who ended it, and not the time that was up. */
export function isInterruption({ aborted, reason }: AbortSignal): boolean {
  return aborted && !(reason instanceof TimeUpError);
}

/**
 * A signal that aborts when the process is told to end.
 *
 * @param maxSeconds or when so much time has gone by
 */
export function interruptible(maxSeconds?: number): { signal: AbortSignal; isInterrupted: () => boolean } {
  const end = new AbortController();
  let isInterrupted = false;
  for (const name of SIGNALS) {
    // It stays: a package that gives the cursor back would end the process where it found itself alone.
    process.on(name, () => {
      if (isInterrupted) process.exit(exitCodes.interrupted);
      isInterrupted = true;
      end.abort(new Error("Interrupted"));
    });
  }
  if (maxSeconds !== undefined) {
    setTimeout(() => end.abort(new TimeUpError(maxSeconds)), maxSeconds * 1000).unref();
  }
  return { signal: end.signal, isInterrupted: () => isInterrupted };
}
