import type { Options } from "tsup";

const options: Options = {
  entry: ["src/index.ts", "src/pickle/index.ts", "src/node.ts"],
  format: ["esm"],
  platform: "neutral",
  target: "node20",
  external: [/^node:/],
  removeNodeProtocol: false,
  dts: false,
  sourcemap: true,
  clean: true,
};

export default options;
