// Threads for the least programs.

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { LookCall, Looked } from "./look.js";

const script = new URL("dist/bench/least/look.js", import.meta.resolve("@fileshare/examples/package.json"));

/** A thread that looks at files. */
export class LookThread {
  readonly #worker = new Worker(script);

  async look(call: LookCall): Promise<Looked> {
    this.#worker.postMessage(call);
    const [looked] = (await once(this.#worker, "message")) as [Looked];
    return looked;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** Stops a program that was called otherwise than it must be. */
export function usage(text: string): never {
  console.error(`usage: node ${text}`);
  process.exit(2);
}
