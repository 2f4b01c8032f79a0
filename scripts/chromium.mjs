// `node scripts/chromium.mjs`: where a Chromium stands on this machine, as the one line of stdout. Where there is none, it
// is installed with apt-get, if this is root on a Debian. Ends with 1, and says why on stderr, where none can be had.

import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const commands = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function find() {
  const named = process.env.CHROMIUM_PATH;
  if (named) return isExecutable(named) ? named : undefined;
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/bin"];
  return commands
    .flatMap((command) => folders.map((folder) => join(folder || ".", command)))
    .find(isExecutable);
}

/** Why it was not installed; undefined when it was. */
function install() {
  if (process.env.CHROMIUM_PATH) return "CHROMIUM_PATH names no program";
  if (process.getuid?.() !== 0) return "no Chromium on PATH, and only root can install it";
  for (const args of [
    ["update"],
    ["install", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core"],
  ]) {
    const { status, error } = spawnSync("apt-get", ["-o", "DPkg::Lock::Timeout=120", ...args], {
      stdio: ["ignore", 2, 2],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
    if (error) return `no Chromium on PATH, and no apt-get to install it: ${error.message}`;
    // An update that fails for one source still may have found the package.
    if (status !== 0 && args[0] === "install") return `apt-get install chromium ended with ${status}`;
  }
  return undefined;
}

const reason = find() ? undefined : install();
const path = find();
if (path) {
  console.log(path);
} else {
  console.error(`chromium: ${reason ?? "it was installed, but not found"}`);
  process.exitCode = 1;
}
