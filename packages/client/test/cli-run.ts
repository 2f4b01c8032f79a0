// The built command as a process of its own: through pipes, and at a terminal.

import { type ChildProcessWithoutNullStreams, type SpawnOptions, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Operaciones } from "@fileshare/protocol";
import { Servidor, type ServidorOptions } from "@fileshare/server";
import { expect, onTestFinished } from "vitest";
import { type Files, folder, host, listening, type Served } from "./served.js";

export const KiB: number = 1024;
export const MiB: number = 1024 * 1024;
export const cli: string = fileURLToPath(new URL("../dist/cli.js", import.meta.url));

export interface Run {
  readonly child: ChildProcessWithoutNullStreams;
  /** What it has written so far. */
  stdout(): string;
  stderr(): string;
  /** How it ended; of stdout without what has arrived of a file so far, which is told where the machine is slow. */
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
  /** Waits until it has written that to stdout. */
  waitFor(text: string | RegExp): Promise<void>;
}

/** A line such as `grande.bin: 1.05 MB of 2.10 MB`. */
const soFar = /^.+: [\d.]+ \w?B of [\d.]+ \w?B\n/gm;

/** Runs a command; it is killed when the test ends before it. */
export function start(command: string, args: readonly string[], options: SpawnOptions = {}): Run {
  const child = spawn(command, args, { ...options, stdio: "pipe" });
  onTestFinished(() => void child.kill("SIGKILL"));
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  const closed = once(child, "close");
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    ended: closed.then(([code]) => ({
      code: code as number | null,
      stdout: stdout.replace(soFar, ""),
      stderr,
    })),
    async waitFor(text) {
      while (stdout.search(text) < 0) await once(child.stdout, "data");
    },
  };
}

export function fileshare(args: readonly string[], options?: SpawnOptions): Run {
  return start(process.execPath, [cli, ...args], options);
}

export const at = ({ port }: { readonly port: number }): string => `${host}:${port}`;

/** What each line says. */
export function jsonLines(stdout: string): Record<string, unknown>[] {
  expect(stdout === "" || stdout.endsWith("\n")).toBe(true);
  return stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

const script = "/usr/bin/script";
export const hasTerminal: boolean = /util-linux/.test(
  spawnSync(script, ["--version"], { encoding: "utf8" }).stdout ?? "",
);
export const terminalNote: string = hasTerminal
  ? ""
  : " (skipped: util-linux's script is not on this machine)";

/** Runs the command at a terminal of its own; stdout is all that the terminal gets. */
export function atTerminal(
  args: readonly string[],
  { columns = 100, rows = 24, env = {} }: { columns?: number; rows?: number; env?: NodeJS.ProcessEnv } = {},
): Run {
  const quoted = [process.execPath, cli, ...args].map((arg) => `'${arg.replaceAll("'", "'\\''")}'`);
  return start(script, ["-qec", `stty cols ${columns} rows ${rows}; ${quoted.join(" ")}`, "/dev/null"], {
    env: { ...process.env, TERM: "xterm", ...env },
  });
}

export const showCursor = "\u001b[?25h";
export const hideCursor = "\u001b[?25l";

/** Serves files, in folders too. */
export async function servedTree(
  files: Files,
  options: ServidorOptions<Operaciones> = {},
): Promise<Served & { readonly path: string }> {
  const path = await folder();
  await writeTree(path, files);
  return { ...(await listening(new Servidor({ folder: path, host, port: 0, ...options }))), path };
}

/** Writes files into a folder, and folders for them. */
export async function writeTree(path: string, files: Files): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), content);
  }
}

/** The events of that kind. */
export function eventsOf(stdout: string, event: string): Record<string, unknown>[] {
  return jsonLines(stdout).filter((line) => line.event === event);
}
