// Trying again what failed for no lasting reason: a connection that was lost, bytes that arrived damaged.

import { setTimeout as sleep } from "node:timers/promises";
import { ConexionError } from "@fileshare/protocol";
import { ChecksumError, RefusedError, ReplyError } from "../errors.js";

/** How long the first wait is, and the longest, in milliseconds. */
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 10_000;

/** How often in a row it may fail where nothing else is said. */
export const DEFAULT_RETRIES = 5;

/** And how often where a server has never been heard, and lets a request wait for too long: it may be none. */
export const UNHEARD_RETRIES = 1;

/** What has failed so often in a row may be what breaks the connection: it is asked for with nothing else under way there. */
export const ALONE_AFTER = 2;

/** Something failed, and is tried again in so many milliseconds. */
export interface RetryEvent {
  readonly type: "retry";
  readonly error: unknown;
  readonly waitMs: number;
}

/** What trying again may be told. */
export interface RetryOptions {
  /** How often in a row it may fail before it is given up, when nothing has come forward meanwhile. */
  readonly retries: () => number;
  readonly signal: AbortSignal;
  /** How far the work has come: it counts as another first try where that has grown. */
  readonly progress: () => number;
  /** Whether an error may not be there the next time. Default: as {@link isPassing} has it. */
  readonly mayPass?: ((error: unknown) => boolean) | undefined;
  /** Told of each failure after which it is tried again, in how many milliseconds, and how many there were in a row. */
  readonly onRetry: (error: unknown, waitMs: number, failures: number) => void;
}

/**
 * Does something that may fail, again and again. Waits between tries, twice as long each time, and a random part less, so
 * that the clients of a server that comes back do not all come back at once.
 *
 * @throws what the last try threw
 * @throws the signal's reason when it aborts
 */
export async function retrying<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { retries, signal, progress, mayPass = isPassing, onRetry } = options;
  let failures = 0;
  for (;;) {
    const before = progress();
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (!mayPass(error)) throw error;
      if (progress() > before) failures = 0;
      failures += 1;
      if (failures > retries()) throw error;
      const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1));
      const waitMs = Math.round(longest * (0.5 + Math.random() / 2));
      onRetry(error, waitMs, failures);
      await sleep(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

/** Whether nothing came for too long. */
export function isStalled(error: unknown): boolean {
  return error instanceof ConexionError && error.code === "STALLED";
}

/** Whether an error may not be there the next time. */
export function isPassing(error: unknown): boolean {
  if (error instanceof RefusedError) return error.reason === "FAILED";
  return error instanceof ConexionError || error instanceof ReplyError || error instanceof ChecksumError;
}
