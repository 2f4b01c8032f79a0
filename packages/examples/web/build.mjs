// Builds the page: one HTML file with its style and script in it, so that it works from a folder as well as from a server.
// Its content security policy lets nothing in but these two, by their hashes, and nothing out.

import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const here = (path) => new URL(path, import.meta.url);

async function bundle(entry) {
  const { outputFiles } = await build({
    entryPoints: [here(entry).pathname],
    absWorkingDir: here(".").pathname,
    bundle: true,
    minify: true,
    format: "iife",
    target: ["es2023", "chrome119", "firefox117", "safari17"],
    legalComments: "none",
    // Of the packages that are bundled, only what is used is wanted.
    logOverride: { "ignored-bare-import": "silent" },
    charset: "ascii",
    write: false,
  });
  return outputFiles[0].text.trim();
}

const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

const [html, script, style] = await Promise.all([
  readFile(here("index.html"), "utf8"),
  bundle("main.ts"),
  bundle("style.css"),
]);
const policy = [
  "default-src 'none'",
  `script-src ${hash(script)}`,
  `style-src ${hash(style)}`,
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");
const parts = {
  "content security policy": `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
  style: `<style>${style}</style>`,
  script: `<script>${script}</script>`,
};
const page = html.replace(/<!-- ([a-z ]+) -->/g, (comment, name) => parts[name] ?? comment);
await mkdir(here("../dist/web/"), { recursive: true });
await writeFile(here("../dist/web/index.html"), page);
