// The other end of background.ts, in the worker.

import { parentPort } from "node:worker_threads";
import type { Calls, PlainError, Results } from "./background.js";

/** A result with what of it is handed over instead of copied. */
export interface Answer<Result> {
  readonly result: Result;
  readonly transfer?: readonly ArrayBuffer[];
}

/** Answers the calls of the thread that has started this one. */
export function answerCalls<Call, Result>(answer: (call: Call) => Answer<Result>): void {
  parentPort?.on("message", (calls: Calls<Call>) => {
    const transfers: ArrayBuffer[] = [];
    const results: Results<Result> = calls.map(([id, call]) => {
      try {
        const { result, transfer = [] } = answer(call);
        transfers.push(...transfer);
        return [id, { result }];
      } catch (error) {
        return [id, { error: plain(error) }];
      }
    });
    parentPort?.postMessage(results, transfers);
  });
}

function plain(error: unknown): PlainError {
  const { message, code, syscall } = error as NodeJS.ErrnoException;
  return { message, code, syscall };
}
