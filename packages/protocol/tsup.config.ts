import type { Options } from "tsup";

const options: Options = {
  entry: [
    "src/index.ts",
    "src/pickle/index.ts",
    // No subpath, but what it does not need is so in other files: a bundler leaves all of them out with the rest.
    "src/pickle/encode.ts",
    "src/pickle/converters/index.ts",
    "src/node.ts",
    "src/inspect/index.ts",
    "src/cli/main.ts",
  ],
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
