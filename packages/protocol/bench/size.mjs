// How large the codec is in an app's bundle: decode, encode and both, minified by esbuild and compressed. Fails when one
// has grown past its ceiling.
//
//   npm run size -w @fileshare/protocol

import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";

/** The most bytes that each may have, compressed by brotli. */
const ceilings = [
  { names: "decode", brotli: 12_320 },
  { names: "encode", brotli: 7_070 },
  { names: "decode, encode", brotli: 17_900 },
];

console.log("| in the bundle | minified | gzip -9 | brotli | at most |\n| --- | ---: | ---: | ---: | ---: |");
for (const { names, brotli } of ceilings) {
  const { outputFiles } = await build({
    stdin: {
      contents: `export { ${names} } from "@fileshare/protocol/pickle";`,
      resolveDir: fileURLToPath(new URL(".", import.meta.url)),
    },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "neutral",
    target: "es2023",
    write: false,
    // It warns of imports that stand for nothing but the order of chunks.
    logLevel: "error",
  });
  const [{ contents }] = outputFiles;
  const sizes = [
    contents.length,
    gzipSync(contents, { level: 9 }).length,
    brotliCompressSync(contents).length,
  ];
  console.log(`| ${[names, ...sizes.map(bytes), bytes(brotli)].join(" | ")} |`);
  if (sizes[2] > brotli) {
    console.error(`size: ${names} has ${bytes(sizes[2] - brotli)} too many`);
    process.exitCode = 1;
  }
}

function bytes(count) {
  return count.toLocaleString("en-US");
}
