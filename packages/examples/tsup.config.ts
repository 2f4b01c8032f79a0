import type { Options } from "tsup";

const options: Options = {
  // These of the benchmark are programs too: it starts them as processes of their own.
  entry: [
    "src/*.ts",
    "src/bench/client.ts",
    "src/bench/no-checksums.ts",
    "src/bench/profiler.ts",
    "src/bench/least/*.ts",
  ],
  format: ["esm"],
  platform: "node",
  target: "node20",
  removeNodeProtocol: false,
  dts: false,
  sourcemap: true,
  clean: true,
};

export default options;
