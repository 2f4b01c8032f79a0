// Imported by what is preloaded into a process: has its threads preload it too. Ours ask for none of Node's options.

import { createRequire, syncBuiltinESMExports } from "node:module";
import type { WorkerOptions } from "node:worker_threads";

const threads = createRequire(import.meta.url)("node:worker_threads") as typeof import("node:worker_threads");
const { Worker } = threads;
threads.Worker = class extends Worker {
  constructor(script: string | URL, { execArgv: _, ...options }: WorkerOptions = {}) {
    super(script, options);
  }
};
syncBuiltinESMExports();
