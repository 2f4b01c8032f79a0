// Before the tests: finds a Chromium, or has it installed. Without one, the tests that want it are skipped.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    /** The program; undefined where there is none. */
    chromium: string | undefined;
  }
}

const script = fileURLToPath(new URL("../../../scripts/chromium.mjs", import.meta.url));

export default function setup({ provide }: TestProject): void {
  const { status, stdout } = spawnSync(process.execPath, [script], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) console.warn("No Chromium: the tests of the page are skipped");
  provide("chromium", status === 0 ? stdout.trim() : undefined);
}
