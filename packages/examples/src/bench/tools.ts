// The programs of others: where they are, and how they are installed.

import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Debian's package of each command. */
const PACKAGES: Readonly<Record<string, string>> = {
  nginx: "nginx-light",
  curl: "curl",
  rsync: "rsync",
  sshd: "openssh-server",
  sftp: "openssh-client",
  "ssh-keygen": "openssh-client",
  iperf3: "iperf3",
  python3: "python3",
};

/** Where servers stand that are not for everyone's PATH. */
const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** The path of a command; undefined where the machine has none. */
export function findTool(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(delimiter), ...SYSTEM_FOLDERS];
  return folders
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/** @throws Error when the machine has no such command */
export function toolPath(name: string): string {
  const path = findTool(name);
  if (path === undefined) throw new Error(`There is no ${name}`);
  return path;
}

/**
 * Installs what is missing with apt-get, as root of a Debian.
 *
 * @throws Error when that fails
 */
export function installTools(names: readonly string[]): void {
  const packages = new Set(names.filter((name) => !findTool(name)).map((name) => PACKAGES[name] ?? name));
  if (packages.size === 0) return;
  const commands = [
    ["apt-get", "update"],
    ["apt-get", "install", "-y", "--no-install-recommends", ...packages],
  ];
  for (const [command = "", ...args] of commands) {
    const { status, error } = spawnSync(command, args, {
      // The table alone goes to stdout.
      stdio: ["ignore", process.stderr, "inherit"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
    if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed: ${error?.message ?? status}`);
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
