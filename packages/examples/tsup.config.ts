import type { Options } from "tsup";

const options: Options = {
  // bench/client.ts is a program too: the benchmark starts it as a process of its own.
  entry: ["src/*.ts", "src/bench/client.ts"],
  format: ["esm"],
  platform: "node",
  target: "node20",
  removeNodeProtocol: false,
  dts: false,
  sourcemap: true,
  clean: true,
};

export default options;
