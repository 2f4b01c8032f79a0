import type { Options } from "tsup";

const options: Options = {
  entry: ["src/*.ts", "!src/*.test.ts"],
  format: ["esm"],
  platform: "node",
  target: "node20",
  removeNodeProtocol: false,
  dts: false,
  sourcemap: true,
  clean: true,
};

export default options;
