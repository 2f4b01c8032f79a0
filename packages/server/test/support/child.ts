// The built server in a process of its own: the command, or a Servidor with options that the command has not.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const packageFolder = fileURLToPath(new URL("../..", import.meta.url));
const command = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child process, and what it has written. Killed at the end of the test. */
export class Child {
  readonly process: ChildProcess;
  stdout = "";
  stderr = "";
  /** Resolves when it is gone and all it wrote was read. */
  readonly ended: Promise<Ended>;
  #over = false;
  readonly #waiting = new Set<() => void>();

  constructor(executable: string, args: readonly string[], cwd: string) {
    this.process = spawn(executable, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    this.process.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
      this.#wake();
    });
    this.process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
      this.#wake();
    });
    this.ended = new Promise((resolve, reject) => {
      this.process.once("error", reject);
      this.process.once("close", (code, signal) => {
        this.#over = true;
        this.#wake();
        resolve({ code, signal });
      });
    });
    onTestFinished(async () => {
      this.process.kill("SIGKILL");
      await this.ended;
    });
  }

  get pid(): number {
    return this.process.pid ?? Number.NaN;
  }

  /** What there is of a value as soon as there is one; rejects when the process ends before. */
  async until<T>(look: (child: this) => T | undefined): Promise<T> {
    for (;;) {
      const found = look(this);
      if (found !== undefined) return found;
      if (this.#over) throw new Error(`It ended too early:\n${this.stdout}\n${this.stderr}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** The objects among the lines that it has written, one line each. */
  static json(text: string): unknown[] {
    const lines = text.split("\n").slice(0, -1);
    return lines.map((line): unknown => JSON.parse(line));
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

function built(): string {
  if (!existsSync(command)) throw new Error("There is no dist/cli.js: run npm run build first");
  return command;
}

/** Runs `fileshare-server` in a shell, with this behind its arguments: where its output goes, say. */
export function runInShell(folder: string, rest: string): Child {
  return new Child(
    "sh",
    ["-c", `exec "${process.execPath}" "${built()}" "${folder}" --port 0 ${rest}`],
    packageFolder,
  );
}

/** Runs `fileshare-server` with these arguments. */
export function runCommand(args: readonly string[], cwd: string = packageFolder): Child {
  return new Child(process.execPath, [built(), ...args], cwd);
}

export interface CommandServer {
  readonly child: Child;
  readonly port: number;
}

/** Runs `fileshare-server` on a free port, and waits until it listens. */
export async function serveCommand(folder: string, ...args: readonly string[]): Promise<CommandServer> {
  const child = runCommand([folder, "--port", "0", ...args]);
  return { child, port: await listeningPort(child) };
}

/** The port that the command says it listens on, as soon as it does. */
export async function listeningPort(child: Child): Promise<number> {
  return Number(
    await child.until(({ stdout }) => /^fileshare-server listening on .+:(\d+)\n/.exec(stdout)?.[1]),
  );
}

export interface OwnServer {
  readonly child: Child;
  readonly port: number;
  /** What has been told of so far: the event's name, and the code of its error. */
  readonly told: () => readonly (readonly [name: string, code?: string])[];
}

const program = `
  import { Servidor } from "@fileshare/server";
  const write = (line) => process.stdout.write(JSON.stringify(line) + "\\n");
  const servidor = new Servidor(JSON.parse(process.argv[1]));
  for (const name of ["connected", "dropped", "sent", "refused", "failed", "closed"])
    servidor.on(name, ({ error }) => write([name, error?.code]));
  const { port } = await servidor.bindListen();
  write(["listening", port]);
  await servidor.acceptConnections();
`;

/**
 * Serves with such options in a process of its own.
 *
 * @param maxOpenFiles how many files and sockets it may have open
 */
export async function serveApart(
  options: Readonly<Record<string, string | number>>,
  maxOpenFiles?: number,
): Promise<OwnServer> {
  built();
  const args = ["--input-type=module", "--eval", program, JSON.stringify({ port: 0, ...options })];
  const child =
    maxOpenFiles === undefined
      ? new Child(process.execPath, args, packageFolder)
      : new Child(
          "sh",
          ["-c", `ulimit -n ${maxOpenFiles}; exec "$@"`, "sh", process.execPath, ...args],
          packageFolder,
        );
  const told = (): [string, string?][] => Child.json(child.stdout) as [string, string?][];
  const port = await child.until(() => told().find(([name]) => name === "listening")?.[1]);
  return { child, port: Number(port), told };
}
