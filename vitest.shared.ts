import type { ViteUserConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const asked = process.env.NODE_MATRIX;

if (asked && !`${process.versions.node}.`.startsWith(`${asked}.`)) {
  throw new Error(`NODE_MATRIX asks for Node ${asked}, but this is Node ${process.versions.node}`);
}

/** Each Node reports into its own folder, so that the runs of several can be added up. */
const reports: string = asked ? `reports/node-${asked}` : "reports";

/** What takes long by itself. */
const long = [
  ...["pickletester", "fuzz", "bench", "page", "huge", "faults", "disk-processes", "peers", "install"],
  ...["vanished-server", "batches", "cli-get", "limits", "python-client"],
];

/**
 * What is left out where TEST_SHORT is set, as in CI's run on a second Node: what takes long and hardly depends on the Node, as
 * Python's own suite, inputs made up against Python, pages in a browser, files of gigabytes, hundreds of broken connections
 * and killed processes; what a command prints, but for its main test; and what is decided by our own code alone: whether a
 * peer may say something, and what a pickle is turned into.
 */
const leftOut = [
  ...[...long, "cli-options", "cli-completion", "cli-messages", "cli-sync", "cli-terminal", "cli-folders"],
  ...["abort", "hostile", "hostile-server", "hostile-listing", "listing", "left-parts", "late-attributes"],
  ...["converters/**/*", "inspect/*"],
];

/** Begins with what takes long, so that not one worker is at it in the end while the others have nothing to do. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): boolean =>
      long.some((name) => moduleId.endsWith(`/${name}.test.ts`));
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export const shared: ViteUserConfig = {
  // Of its own too: what one Node has transformed another may not be able to run.
  cacheDir: `node_modules/.vite/node-${process.versions.node.split(".")[0]}`,
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    exclude: process.env.TEST_SHORT ? leftOut.map((name) => `**/${name}.test.ts`) : [],
    sequence: { sequencer: LongestFirst },
    // Far more than a test takes that does not hang: many processes may go on beside it.
    testTimeout: 60_000,
    hookTimeout: 60_000,
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
