import type { ViteUserConfig } from "vitest/config";

const asked = process.env.NODE_MATRIX;

if (asked && !`${process.versions.node}.`.startsWith(`${asked}.`)) {
  throw new Error(`NODE_MATRIX asks for Node ${asked}, but this is Node ${process.versions.node}`);
}

/** Each Node reports into its own folder, so that the runs of several can be added up. */
const reports: string = asked ? `reports/node-${asked}` : "reports";

export const shared: ViteUserConfig = {
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ["default", "json"],
    outputFile: { json: `${reports}/tests.json` },
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      exclude: ["src/**/*.test.ts", "src/**/*.test-d.ts"],
      reporter: ["text", "html"],
    },
  },
};
