// CPython as the reference: python/reference.py in a process of its own, asked for many inputs at a time.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { defaultPython } from "@fileshare/peers";
import type { FuzzInput } from "./input.js";

/** What became of an input; `tooComplex` is accepted as well. */
type Status = "refused" | "accepted" | "tooComplex";

const statuses: readonly Status[] = ["refused", "accepted", "tooComplex"];

/** How CPython read an input, with the start of a hash of its description. */
export interface Digest {
  readonly status: Status;
  readonly digest: string;
}

/** How CPython read an input, with its description, or why it refused it. */
export interface Report {
  readonly status: Status;
  readonly text: string;
}

/** CPython ended, or did not answer in time. */
class OracleError extends Error {}

/** One CPython, and the requests that it has not answered yet. Answers come in the order of the requests. */
export class Oracle {
  /** Which CPython it is. */
  readonly name: Promise<string>;
  readonly #process: ChildProcess;
  readonly #timeout: number;
  #chunks: Buffer[] = [];
  #length = 0;
  #wake = (): void => {};
  #ended = false;
  /** The end of what it wrote to stderr. It complains there of its own buffers, too. */
  #complaint = "";
  #last: Promise<unknown>;

  /**
   * @param script where reference.py stands
   * @param python the interpreter; default: python3
   * @param timeout in milliseconds, for one request
   */
  constructor(script: URL, python: string = defaultPython(), timeout = 120_000) {
    this.#timeout = timeout;
    this.#process = spawn(python, ["-W", "ignore", fileURLToPath(script)], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
    });
    this.#process.stdin?.on("error", () => {});
    this.#process.stdout?.on("data", (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      this.#wake();
    });
    this.#process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-2000);
    });
    this.#process.once("close", () => {
      this.#ended = true;
      this.#wake();
    });
    this.name = this.#line();
    this.name.catch(() => {});
    this.#last = this.name;
  }

  /** How it reads inputs, with hashes. */
  digests(inputs: readonly FuzzInput[]): Promise<Digest[]> {
    return this.#ask("D", inputs, (answer) =>
      inputs.map((_, i) => ({
        status: statuses[answer[i * 9] as number] as Status,
        digest: answer.toString("hex", i * 9 + 1, i * 9 + 9),
      })),
    );
  }

  /** How it reads inputs, with descriptions. */
  reports(inputs: readonly FuzzInput[]): Promise<Report[]> {
    return this.#ask("T", inputs, (answer) => {
      let at = 0;
      return inputs.map(() => {
        const start = at + 5;
        const status = statuses[answer[at] as number] as Status;
        at = start + answer.readUInt32LE(at + 1);
        return { status, text: answer.toString("latin1", start, at) };
      });
    });
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    this.#process.kill("SIGKILL");
    await once(this.#process, "close");
  }

  #ask<T>(mode: string, inputs: readonly FuzzInput[], read: (answer: Buffer) => T): Promise<T> {
    this.#process.stdin?.write(requestOf(mode, inputs));
    const answer = this.#last.then(async () => {
      const length = (await this.#exactly(4)).readUInt32LE();
      return read(await this.#exactly(length));
    });
    this.#last = answer;
    answer.catch(() => {});
    return answer;
  }

  async #line(): Promise<string> {
    for (;;) {
      const all = Buffer.concat(this.#chunks);
      const end = all.indexOf("\n");
      if (end >= 0) return (await this.#exactly(end + 1)).toString("utf8", 0, end);
      await this.#more(this.#timeout);
    }
  }

  async #exactly(length: number): Promise<Buffer> {
    const deadline = Date.now() + this.#timeout;
    while (this.#length < length) await this.#more(deadline - Date.now());
    const all = Buffer.concat(this.#chunks);
    this.#chunks = all.length === length ? [] : [all.subarray(length)];
    this.#length -= length;
    return all.subarray(0, length);
  }

  async #more(timeout: number): Promise<void> {
    if (this.#ended) throw new OracleError(`CPython ended: ${this.#complaint}`);
    let timer: NodeJS.Timeout | undefined;
    const late = await new Promise<boolean>((resolve) => {
      this.#wake = () => resolve(false);
      timer = setTimeout(() => resolve(true), Math.max(0, timeout));
    });
    clearTimeout(timer);
    if (late) throw new OracleError("CPython did not answer in time");
  }
}

function requestOf(mode: string, inputs: readonly FuzzInput[]): Buffer {
  let length = 1;
  for (const { bytes } of inputs) length += 5 + bytes.length;
  const request = Buffer.allocUnsafe(4 + length);
  request.writeUInt32LE(length);
  request.write(mode, 4);
  let at = 5;
  for (const { bytes, options } of inputs) {
    request[at] = options;
    request.writeUInt32LE(bytes.length, at + 1);
    request.set(bytes, at + 5);
    at += 5 + bytes.length;
  }
  return request;
}
