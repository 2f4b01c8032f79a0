// How large the codec is in an app's bundle: decode and encode, minified by esbuild. Fails when that is too large.
//
//   npm run size -w @fileshare/protocol

import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";

const MAX_GZIP_BYTES = 10_000;

const { outputFiles } = await build({
  stdin: {
    contents: `export { decode, encode } from "@fileshare/protocol/pickle";`,
    resolveDir: fileURLToPath(new URL(".", import.meta.url)),
  },
  bundle: true,
  minify: true,
  format: "esm",
  platform: "neutral",
  target: "es2023",
  write: false,
});
const [{ contents }] = outputFiles;
const gzip = gzipSync(contents, { level: 9 }).length;
console.log(`decode and encode, minified: ${bytes(contents.length)}
gzip -9: ${bytes(gzip)} (at most ${bytes(MAX_GZIP_BYTES)})
brotli: ${bytes(brotliCompressSync(contents).length)}`);
if (gzip > MAX_GZIP_BYTES) {
  console.error(`size: ${bytes(gzip - MAX_GZIP_BYTES)} too many`);
  process.exitCode = 1;
}

function bytes(count) {
  return `${count.toLocaleString("en-US")} bytes`;
}
