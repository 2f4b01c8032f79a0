import type { ViteUserConfig } from "vitest/config";

const asked = process.env.NODE_MATRIX;

if (asked && !`${process.versions.node}.`.startsWith(`${asked}.`)) {
  throw new Error(`NODE_MATRIX asks for Node ${asked}, but this is Node ${process.versions.node}`);
}

/** Each Node reports into its own folder, so that the runs of several can be added up. */
const reports: string = asked ? `reports/node-${asked}` : "reports";

/**
 * What takes long and hardly depends on the Node: Python's own suite, inputs made up against Python, pages in a browser, the
 * Python peers by themselves, files of gigabytes, hundreds of broken connections and killed processes. Left out where
 * TEST_SHORT is set, as in CI's run on a second Node.
 */
const long = [
  "test/cpython/**",
  "test/{fuzz,bench,page,huge,faults,disk-processes}.test.ts",
  "src/peers.test.ts",
];

export const shared: ViteUserConfig = {
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    exclude: process.env.TEST_SHORT ? long : [],
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
