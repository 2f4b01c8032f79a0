// The other end of background.ts, in the worker.

import { parentPort } from "node:worker_threads";
import type { Calls, Outcome, PlainError, Results } from "./background.js";

/** Results with what of them is handed over instead of copied. */
export interface Answers<Result> {
  readonly results: readonly Outcome<Result>[];
  readonly transfer: readonly ArrayBuffer[];
}

/**
 * Answers the calls of the thread that has started this one.
 *
 * @param answer gives the outcomes of calls that came together, in their order
 */
export function answerCalls<Call, Result>(answer: (calls: readonly Call[]) => Answers<Result>): void {
  parentPort?.on("message", (calls: Calls<Call>) => {
    const { results, transfer } = answer(calls.map(([, call]) => call));
    const message: Results<Result> = { ids: calls.map(([id]) => id), outcomes: results };
    parentPort?.postMessage(message, transfer);
  });
}

/** What comes of a call. */
export function outcomeOf<Result>(act: () => Result): Outcome<Result> {
  try {
    return { result: act() };
  } catch (error) {
    return { error: plain(error) };
  }
}

function plain(error: unknown): PlainError {
  const { message, code, syscall } = error as NodeJS.ErrnoException;
  return { message, code, syscall };
}
