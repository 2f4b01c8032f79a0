// Threads for the least programs.

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { ChangedFile, LookCall, Looked } from "./look.js";

const script = new URL("dist/bench/least/look.js", import.meta.resolve("@fileshare/examples/package.json"));

/** A thread that looks at files. It is asked one thing at a time. */
export class LookThread {
  readonly #worker = new Worker(script);

  look(folder: string, names?: readonly string[]): Promise<Looked> {
    return this.#ask({ what: "look", folder, ...(names && { names }) });
  }

  state(folder: string): Promise<string> {
    return this.#ask({ what: "state", folder });
  }

  compare(folder: string, state: string): Promise<ChangedFile[]> {
    return this.#ask({ what: "compare", folder, state });
  }

  save(folder: string, files: readonly ChangedFile[], bytes: Uint8Array): Promise<void> {
    return this.#ask({ what: "save", folder, files, bytes });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  async #ask<T>(call: LookCall): Promise<T> {
    this.#worker.postMessage(call);
    const [answer] = (await once(this.#worker, "message")) as [T];
    return answer;
  }
}

/** Stops a program that was called otherwise than it must be. */
export function usage(text: string): never {
  console.error(`usage: node ${text}`);
  process.exit(2);
}
