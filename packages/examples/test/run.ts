// Runs a built example as a person would: a process of its own, judged by what it prints and how it ends.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const pathOf = (example: string): string => fileURLToPath(new URL(`../dist/${example}.js`, import.meta.url));

/** Runs an example to its end. */
export async function run(example: string, ...args: string[]): Promise<Ran> {
  const child = spawn(process.execPath, [pathOf(example), ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  return { code, stdout, stderr };
}

/** An example that runs until it is told to stop. */
export interface Started extends AsyncDisposable {
  readonly process: ChildProcess;
  /** Waits for the next line of its output that matches. */
  line(pattern: RegExp): Promise<RegExpExecArray>;
  /** Sends a signal, and gives the exit code and all of the output. */
  stop(signal: NodeJS.Signals): Promise<{ code: number | null; lines: readonly string[] }>;
}

/** Starts an example. Disposing of it kills it. */
export function start(example: string, ...args: string[]): Started {
  const child = spawn(process.execPath, [pathOf(example), ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const closed = once(child, "close");
  const output = createInterface({ input: child.stdout });
  const lines: string[] = [];
  output.on("line", (line) => lines.push(line));
  const ended = once(output, "close").then(() => {
    throw new Error(`${example} ended after\n${lines.join("\n")}`);
  });
  ended.catch(() => {});
  let looked = 0;
  return {
    process: child,
    async line(pattern) {
      for (;;) {
        while (looked < lines.length) {
          const match = pattern.exec(lines[looked++] as string);
          if (match) return match;
        }
        await Promise.race([once(output, "line"), ended]);
      }
    },
    async stop(signal) {
      child.kill(signal);
      const [code] = await closed;
      return { code, lines };
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await closed;
    },
  };
}

/** Runs a Python script given as text. */
export async function python(script: string, ...args: string[]): Promise<void> {
  const child = spawn("python3", ["-c", script, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, "close")]);
  if (code !== 0) throw new Error(`python3 exited with ${code}\n${stderr}`);
}
