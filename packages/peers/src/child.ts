/** One Python script as a child process: how it is spawned, how its output is read, how it ends. */

import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { defaultPython, type Python } from "./pythons.ts";

export interface ScriptOptions {
  readonly python?: Python | string | undefined;
  readonly cwd?: string | undefined;
  /** Whether the script reads stdin, or gets an empty one. */
  readonly stdin: boolean;
}

export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** stdio: stdin, stdout, stderr, and fd 3, where peak.py writes the peak memory. */
const PEAK_RSS_FD = 3;

export class Script {
  readonly name: string;
  readonly process: ChildProcess;
  readonly stdout: Readable;
  readonly stderr: Text;
  readonly peak: Text;
  /** Settles, never rejects, when the process is gone and its pipes are closed. */
  readonly ended: Promise<Ended>;

  constructor(name: string, args: readonly string[], options: ScriptOptions) {
    const { python = defaultPython(), cwd, stdin } = options;
    const path = fileURLToPath(new URL(`../python/${name}.py`, import.meta.url));
    this.name = name;
    this.process = spawn(typeof python === "string" ? python : python.path, [path, ...args], {
      ...(cwd === undefined ? {} : { cwd }),
      stdio: [stdin ? "pipe" : "ignore", "pipe", "pipe", "pipe"],
      env: {
        ...process.env,
        // File names are UTF-8 whatever the locale of the test run is, Python 3.6 included.
        LC_ALL: "C.UTF-8",
        PYTHONIOENCODING: "utf-8",
        // No __pycache__ beside the scripts.
        PYTHONDONTWRITEBYTECODE: "1",
        PEERS_PEAK_RSS_FD: String(PEAK_RSS_FD),
      },
    });
    this.stdout = this.#output(1);
    this.stderr = new Text(this.#output(2));
    this.peak = new Text(this.#output(PEAK_RSS_FD));
    // A script that ends before it read its stdin: `ended` tells it, EPIPE adds nothing.
    this.process.stdin?.on("error", () => {});
    this.ended = new Promise((resolve) => {
      this.process.once("error", () => resolve({ code: null, signal: null }));
      this.process.once("close", (code, signal) => resolve({ code, signal }));
    });
  }

  /** Kills it if it still runs; resolves when it is gone. */
  async kill(): Promise<void> {
    this.process.kill("SIGKILL");
    await this.ended;
  }

  /** "Python client.py exited with 1", with what it wrote to stderr. */
  failure(what: string): Error {
    return new Error(
      `Python ${this.name}.py ${what}${this.stderr.text === "" ? "" : `\n${this.stderr.text}`}`,
    );
  }

  #output(fd: number): Readable {
    return this.process.stdio[fd] as Readable;
  }
}

/** A stream collected as UTF-8 text, with a way to wait for more of it. */
export class Text {
  text = "";
  #ended = false;
  #waiting = new Set<() => void>();

  constructor(stream: Readable) {
    stream.setEncoding("utf8");
    stream.on("data", (chunk: string) => {
      this.text += chunk;
      this.#wake();
    });
    stream.once("close", () => {
      this.#ended = true;
      this.#wake();
    });
  }

  /** The complete lines so far. */
  lines(): string[] {
    return this.text.split("\n").slice(0, -1);
  }

  /** Resolves with true once `ready` holds, with false when the stream ended or the time was over before that. */
  async until(ready: () => boolean, timeoutMs: number): Promise<boolean> {
    let late = false;
    let wake = (): void => {};
    const timer = setTimeout(() => {
      late = true;
      wake();
    }, timeoutMs);
    try {
      while (!ready()) {
        if (this.#ended || late) return false;
        await new Promise<void>((resolve) => {
          wake = resolve;
          this.#waiting.add(resolve);
        });
        this.#waiting.delete(wake);
      }
      return true;
    } finally {
      clearTimeout(timer);
    }
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}
