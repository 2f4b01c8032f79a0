import type { Options } from "tsup";

const shared: Options = {
  platform: "node",
  target: "node20",
  removeNodeProtocol: false,
  dts: false,
  sourcemap: true,
  // In full where it is used, as bundlers are to find it.
  define: { WORKER_FILE: '"./disk-worker.cjs"' },
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
    // There is none in CommonJS.
    define: { ...shared.define, "import.meta.url": "undefined" },
  },
];

export default options;
