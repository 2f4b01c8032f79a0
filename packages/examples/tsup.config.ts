import type { Options } from "tsup";

const options: Options = {
  // Programs too: the benchmark starts them as processes of their own.
  entry: ["src/*.ts", "src/bench/client.ts", "src/bench/least/{listing,look,unchanged}.ts"],
  format: ["esm"],
  platform: "node",
  target: "node20",
  removeNodeProtocol: false,
  dts: false,
  sourcemap: true,
  clean: true,
};

export default options;
