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
    entry: { index: "src/index.ts", cli: "src/cli.ts" },
    format: ["esm"],
    clean: ["**/*", "!*-worker.cjs*"],
  },
  // One file each, so that an app that is bundled can take it along; and CommonJS: a thread of it starts sooner.
  {
    ...shared,
    entry: { "folder-worker": "src/storage/folder-worker.ts", "hash-worker": "src/hash-worker.ts" },
    format: ["cjs"],
    splitting: false,
    clean: false,
  },
];

export default options;
