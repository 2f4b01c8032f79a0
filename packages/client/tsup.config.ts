import type { Options } from "tsup";

const options: Options = {
  entry: {
    index: "src/index.ts",
    cli: "src/cli.ts",
    disk: "src/disk/disk.ts",
    "disk-worker": "src/disk/worker.ts",
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
