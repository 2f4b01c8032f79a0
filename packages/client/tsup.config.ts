import type { Options } from "tsup";

const shared: Options = {
  platform: "node",
  target: "node20",
  removeNodeProtocol: false,
  dts: false,
  sourcemap: true,
};

const options: Options[] = [
  {
    ...shared,
    entry: { index: "src/index.ts", cli: "src/cli.ts", disk: "src/disk/disk.ts" },
    format: ["esm"],
    clean: ["**/*", "!disk-worker.cjs*"],
  },
  // One file, and CommonJS: a thread of it starts sooner, which each client that saves something waits for.
  {
    ...shared,
    entry: { "disk-worker": "src/disk/worker.ts" },
    format: ["cjs"],
    clean: false,
    esbuildOptions(options) {
      // What it is there for, createRequire(), takes a path as well.
      options.define = { ...options.define, "import.meta.url": "__filename" };
    },
  },
];

export default options;
