// The real commands, as a shell would find them: the `bin` of each package, run by the Node that runs this.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** The script that a command runs. */
export function commandPath(name: string, packageName: string): string {
  const manifest = new URL(import.meta.resolve(`${packageName}/package.json`));
  const { bin } = JSON.parse(readFileSync(manifest, "utf8")) as { bin: Record<string, string> };
  const script = bin[name];
  if (script === undefined) throw new Error(`${packageName} has no command ${name}`);
  return fileURLToPath(new URL(script, manifest));
}

/** A server that was started as a process of its own, and has said where it listens. */
export interface RunningServer {
  readonly process: ChildProcess;
  /** Its first line of output. */
  readonly line: string;
  readonly port: string;
  /** Asks it to stop, and waits until it is gone. Gives its exit code, or the signal that ended it. */
  stop(): Promise<number | string>;
}

/**
 * Starts a server whose first line ends in its port. Its stdin ends with this process.
 *
 * @param log where its stderr goes
 */
export async function startServer(
  command: string,
  args: readonly string[],
  log: "inherit" | "ignore" = "inherit",
): Promise<RunningServer> {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", log] });
  const closed = once(child, "close");
  const lines = createInterface({ input: child.stdout });
  const first = once(lines, "line").then(([line]) => String(line));
  const line = await Promise.race([first, closed.then(() => "")]);
  lines.close();
  child.stdout.resume();
  const stop = async (): Promise<number | string> => {
    child.kill("SIGTERM");
    const [code, signal] = await closed;
    return code ?? signal;
  };
  const port = /:(\d+)$/.exec(line)?.[1];
  if (port !== undefined) return { process: child, line, port, stop };
  await stop();
  throw new Error(`${command} ${args.join(" ")} did not say where it listens`);
}
