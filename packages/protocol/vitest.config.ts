import { mergeConfig, type ViteUserConfig } from "vitest/config";
import { shared } from "../../vitest.shared.ts";

// All that these tests share is the codec, which keeps nothing but caches: it is loaded once for each worker, not for each file.
const config: ViteUserConfig = mergeConfig(shared, { test: { isolate: false } });

export default config;
