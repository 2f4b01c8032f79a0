// Worker threads start from a file of their own, which has to be found, and allowed.

import { pathToFileURL } from "node:url";
import { Worker, type WorkerOptions } from "node:worker_threads";

/**
 * Starts a worker.
 *
 * @param file the name of its file, which stands beside the one that this is part of
 * @param place the same as `new URL("./file", import.meta.url)`: bundlers know it where it is written out so
 */
export function startWorker(file: string, place: () => URL, options: WorkerOptions = {}): Worker {
  // The options of this process's own command line are not for a file.
  return new Worker(placeOf(file, place), { ...options, execArgv: [] });
}

function placeOf(file: string, place: () => URL): URL {
  try {
    return place();
  } catch (error) {
    // In a bundle that is CommonJS, import.meta is empty.
    if (typeof __filename !== "string") throw error;
    return new URL(file, pathToFileURL(__filename));
  }
}

/** Errors which mean that there is no file to start from. */
const NO_FILE: ReadonlySet<string | undefined> = new Set([
  "MODULE_NOT_FOUND",
  "ERR_MODULE_NOT_FOUND",
  "ERR_INVALID_URL",
]);

/** Why no worker can be started, and what is to be done about it. */
export function cannotStart(cause: Error): Error {
  return new Error(`Cannot start a worker thread: ${reasonOf(cause)}`, { cause });
}

function reasonOf({ message, code, permission }: NodeJS.ErrnoException & { permission?: string }): string {
  if (permission === "WorkerThreads") return `Node wants --allow-worker for that (${message})`;
  if (!NO_FILE.has(code)) return message;
  return `a bundle wants folder-worker.cjs and hash-worker.cjs of @fileshare/server beside it (${message})`;
}
