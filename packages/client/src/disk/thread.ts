// A thread of our own for what would block the app's: requests go there in batches, replies come back.

import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { TargetError, ThreadError } from "../errors.js";
import { fromFailure } from "./failure.js";
import { workerScript } from "./script.js";
import type { Bytes, Reply, Request, Work } from "./work.js";

/** A message holds no more than that, so that the thread begins while the rest is still gathered. */
const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;
const MAX_MESSAGE_REQUESTS = 512;

interface Pending {
  readonly path: string;
  readonly resolve: (value: never) => void;
  readonly reject: (reason: Error) => void;
}

/** What a piece of work gives. */
type Outcome<Name extends keyof Work> = Awaited<ReturnType<Work[Name]>>;

/** A request, and the bytes that its last argument is. */
interface Outgoing {
  readonly request: Request;
  readonly bytes: Uint8Array | undefined;
}

/** A running thread. It keeps the process alive only while something is asked of it. */
export class Thread {
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  readonly #pending = new Map<number, Pending>();
  readonly #memory = new SharedMemory((forget) => {
    if (!this.#dead) this.#worker.postMessage({ requests: [], forget });
  });
  #asked = 0;
  #outbox: Outgoing[] = [];
  #dead: Error | undefined;
  #isEnding = false;
  #hasAnswered = false;

  /** @throws {ThreadError} where that is known at once to be impossible */
  constructor() {
    this.#worker = startWorker();
    this.#worker.unref();
    this.#worker.on("message", (replies: Reply[]) => {
      this.#hasAnswered = true;
      for (const reply of replies) this.#settle(reply);
    });
    this.#worker.on("error", (error) => this.#die(error instanceof Error ? error : new Error(String(error))));
    this.#ended = new Promise((resolve) => {
      this.#worker.on("exit", (code) => {
        this.#die(new Error(`the thread for files ended with code ${code}`));
        resolve();
      });
    });
  }

  /** Whether it can still be asked. */
  get isAlive(): boolean {
    return !this.#dead;
  }

  /**
   * Has something done.
   *
   * @param path what it is about
   * @param args bytes stand last, and are not to be changed until it is done
   * @throws {TargetError} where the file system, or the thread, fails
   * @throws {ThreadError} where the thread could not be started
   */
  ask<Name extends keyof Work>(
    work: Name,
    path: string,
    ...args: Parameters<Work[Name]>
  ): Promise<Outcome<Name>> {
    if (this.#dead) return Promise.reject(gone(path, this.#dead));
    const id = ++this.#asked;
    const last: unknown = args.at(-1);
    const bytes = last instanceof Uint8Array ? last : undefined;
    const request = { id, work, path, args: bytes ? args.slice(0, -1) : args };
    // At the end of the tick, so that what is asked meanwhile travels along.
    if (this.#outbox.push({ request, bytes }) === 1) process.nextTick(() => this.#send());
    if (this.#pending.size === 0) this.#worker.ref();
    return new Promise((resolve, reject) => this.#pending.set(id, { path, resolve, reject }));
  }

  /** Ends it when all that was asked is done, and what was under way is kept. */
  async close(): Promise<void> {
    if (!this.#dead) await this.ask("close", "").catch(() => {});
    // What was asked and is not waited for may be answered yet: the process is to live until the thread has ended all the same.
    this.#isEnding = true;
    this.#worker.ref();
    await this.#worker.terminate();
    await this.#ended;
  }

  #send(): void {
    const outbox = this.#outbox;
    this.#outbox = [];
    for (let from = 0; from < outbox.length && !this.#dead; ) {
      let copied = 0;
      let to = from;
      while (to < outbox.length && to - from < MAX_MESSAGE_REQUESTS && copied < MAX_MESSAGE_BYTES) {
        const { bytes } = outbox[to++] as Outgoing;
        if (bytes && !(bytes.buffer instanceof SharedArrayBuffer)) copied += bytes.length;
      }
      this.#post(outbox.slice(from, to), copied);
      from = to;
    }
  }

  #post(outgoing: readonly Outgoing[], copied: number): void {
    const block = copied > 0 ? Buffer.allocUnsafeSlow(copied) : undefined;
    const shared = new Map<number, SharedArrayBuffer>();
    let at = 0;
    const place = (bytes: Uint8Array): Bytes => {
      const { buffer, byteOffset, length } = bytes;
      if (buffer instanceof SharedArrayBuffer) {
        return { shared: this.#memory.number(buffer, shared), from: byteOffset, length };
      }
      block?.set(bytes, at);
      at += length;
      return { shared: undefined, from: at - length, length };
    };
    const requests = outgoing.map(({ request, bytes }) =>
      bytes ? { ...request, bytes: place(bytes) } : request,
    );
    this.#worker.postMessage({ requests, block: block?.buffer, shared }, block ? [block.buffer] : []);
  }

  #settle(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (this.#pending.size === 0 && !this.#isEnding) this.#worker.unref();
    if ("failure" in reply) pending?.reject(fromFailure(reply.failure));
    else pending?.resolve(reply.value as never);
  }

  #die(reason: Error): void {
    this.#dead ??= this.#hasAnswered ? reason : notStarted(reason);
    for (const { path, reject } of this.#pending.values()) reject(gone(path, this.#dead));
    this.#pending.clear();
  }
}

function startWorker(): Worker {
  try {
    return new Worker(workerScript(), { name: "fileshare-disk", execArgv: [] });
  } catch (error) {
    throw notStarted(error as Error);
  }
}

function notStarted(cause: Error): ThreadError {
  return new ThreadError(whyNotStarted(cause), { cause });
}

/** In words that say what to do. */
function whyNotStarted(cause: Error): string {
  if ("permission" in cause && cause.permission === "WorkerThreads")
    return "Node's permission model forbids threads; --allow-worker allows them";
  const script = "code" in cause && cause.code === "MODULE_NOT_FOUND" ? workerScript() : undefined;
  if (script === undefined || existsSync(script)) return cause.message;
  return `there is no file ${JSON.stringify(script)}; a bundle needs a copy there of dist/disk-worker.cjs of @fileshare/client`;
}

function gone(path: string, cause: Error): TargetError | ThreadError {
  if (cause instanceof ThreadError) return cause;
  return new TargetError("NOT_WRITTEN", path, cause.message, { cause });
}

/** Names shared memory by number: to send it along with each request would take longer than to write what is in it. */
class SharedMemory {
  readonly #numbers = new WeakMap<SharedArrayBuffer, number>();
  readonly #unused: FinalizationRegistry<number>;
  #named = 0;

  /** @param onUnused told the number of memory that nothing here refers to any more */
  constructor(onUnused: (number: number) => void) {
    this.#unused = new FinalizationRegistry(onUnused);
  }

  /** The number of that memory, which is added to `fresh` where it is a new one. */
  number(buffer: SharedArrayBuffer, fresh: Map<number, SharedArrayBuffer>): number {
    const known = this.#numbers.get(buffer);
    if (known !== undefined) return known;
    const number = ++this.#named;
    this.#numbers.set(buffer, number);
    this.#unused.register(buffer, number);
    fresh.set(number, buffer);
    return number;
  }
}
