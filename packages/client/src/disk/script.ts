// Where the file of the thread for files stands.

import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The way there from this file, which the build writes in; tests of the sources have the built file run too. */
declare const WORKER_FILE: string;

/**
 * The thread's file: beside the built files, or the bundle that they are in. Webpack copies it there, as it finds its name in a
 * `new URL`. What is built as CommonJS may have no `import.meta.url`.
 */
export function workerScript(): string {
  if (import.meta.url === undefined) return join(__dirname, "disk-worker.cjs");
  return fileURLToPath(new URL(WORKER_FILE, import.meta.url));
}
