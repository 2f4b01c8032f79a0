import type { ViteUserConfig } from "vitest/config";
import { shared } from "../../vitest.shared.ts";

/** Node starts a worker from a file that is JavaScript: sources under test start the one that was built. */
const builtWorkers: NonNullable<ViteUserConfig["plugins"]>[number] = {
  name: "built-workers",
  transform: (code) =>
    code.replace(
      /new URL\("\.\/([\w-]+-worker\.cjs)", import\.meta\.url\)/g,
      (_, file) => `new URL(${JSON.stringify(new URL(`dist/${file}`, import.meta.url).href)})`,
    ),
};

const config: ViteUserConfig = { ...shared, plugins: [builtWorkers] };

export default config;
