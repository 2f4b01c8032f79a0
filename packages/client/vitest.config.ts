import { availableParallelism } from "node:os";
import { mergeConfig, type ViteUserConfig } from "vitest/config";
import { shared } from "../../vitest.shared.ts";

/** Vitest leaves a CPU to itself, which would be one worker of two; but what these tests do most is wait. */
const maxWorkers = Math.max(2, availableParallelism() - 1);

const config: ViteUserConfig = mergeConfig(shared, {
  // Node runs no sources in a thread: these use what is built of them.
  define: { WORKER_FILE: '"../../dist/disk-worker.cjs"' },
  test: { maxWorkers },
});

export default config;
