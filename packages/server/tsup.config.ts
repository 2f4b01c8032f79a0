import type { Options } from "tsup";

const options: Options = {
  // A worker starts from a file of its own, beside the one that starts it.
  entry: {
    index: "src/index.ts",
    cli: "src/cli.ts",
    "folder-worker": "src/storage/folder-worker.ts",
    "hash-worker": "src/hash-worker.ts",
  },
  format: ["esm"],
  platform: "node",
  target: "node20",
  removeNodeProtocol: false,
  dts: false,
  sourcemap: true,
  clean: true,
};

export default options;
