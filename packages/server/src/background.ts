// A worker thread that answers calls: started when it is first needed, and ended when nobody needs it any more.

import type { Worker } from "node:worker_threads";
import { cannotStart } from "./start-worker.js";

/** What a worker is sent: calls, as many at once as have gathered. */
export type Calls<Call> = readonly (readonly [id: number, call: Call])[];

/** What comes of a call. */
export type Outcome<Result> = { readonly result: Result } | { readonly error: PlainError };

/** What a worker sends back. */
export interface Results<Result> {
  readonly ids: readonly number[];
  readonly outcomes: readonly Outcome<Result>[];
}

/** An error, as it is copied to another thread: a copy of the Error itself would have lost its code. */
export interface PlainError {
  readonly message: string;
  readonly code: string | undefined;
  readonly syscall: string | undefined;
}

interface Waiting<Result> {
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
}

/** Calls that are sent and not answered: further ones gather, and go out together. */
const MAX_MESSAGES_UNDER_WAY = 2;

/** How long a worker is kept that nobody asks. */
const IDLE_MS = 120_000;

/** Asks a worker. It keeps the process alive only while a call waits for its result. */
export class Background<Call, Result> {
  readonly #start: () => Worker;
  readonly #idleMs: number;
  #worker: Worker | undefined;
  #idle: ReturnType<typeof setTimeout> | undefined;
  /** Why no worker can be started here: none has ever answered. */
  #broken: { readonly reason: unknown } | undefined;
  #hasAnswered = false;
  #gathered: [id: number, call: Call][] = [];
  readonly #transfers: ArrayBuffer[] = [];
  #messagesUnderWay = 0;
  readonly #waiting = new Map<number, Waiting<Result>>();
  #calls = 0;

  /**
   * @param start starts the worker; called again where one was closed, or has failed
   * @param idleMs how long one is kept that nobody asks. Default two minutes; Infinity for until it is closed
   */
  constructor(start: () => Worker, idleMs: number = IDLE_MS) {
    this.#start = start;
    this.#idleMs = idleMs;
  }

  /** Starts the worker now, so that the first call need not wait for that. */
  warm(): void {
    if (this.#worker || this.#broken) return;
    try {
      this.#worker = this.#listenTo(this.#start());
      this.#rest(this.#worker);
    } catch (error) {
      this.#break(error as Error);
    }
  }

  /** @throws what the call throws in the worker, or why there is no worker (any more) */
  call(call: Call, transfer: readonly ArrayBuffer[] = []): Promise<Result> {
    if (this.#broken) return Promise.reject(this.#broken.reason);
    this.#calls += 1;
    const id = this.#calls;
    const result = new Promise<Result>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    });
    this.#gathered.push([id, call]);
    this.#transfers.push(...transfer);
    // What comes in the same turn of the event loop goes together: a message costs more than what is in it.
    if (this.#gathered.length === 1) setImmediate(() => this.#send());
    return result;
  }

  /** Ends the worker. Calls that wait are rejected; a further call starts another one. */
  async close(): Promise<void> {
    const worker = this.#worker;
    this.#fail(worker, new Error("The worker was ended"));
    await worker?.terminate();
  }

  #send(): void {
    if (this.#gathered.length === 0 || this.#messagesUnderWay >= MAX_MESSAGES_UNDER_WAY) return;
    try {
      this.#worker ??= this.#listenTo(this.#start());
    } catch (error) {
      this.#fail(undefined, this.#break(error as Error));
      return;
    }
    this.#messagesUnderWay += 1;
    clearTimeout(this.#idle);
    this.#worker.ref();
    this.#worker.postMessage(this.#gathered, this.#transfers.splice(0));
    this.#gathered = [];
  }

  #listenTo(worker: Worker): Worker {
    worker.on("message", ({ ids, outcomes }: Results<Result>) => {
      if (worker !== this.#worker) return;
      this.#hasAnswered = true;
      this.#messagesUnderWay -= 1;
      this.#send();
      if (this.#messagesUnderWay === 0) this.#rest(worker);
      for (const [i, outcome] of outcomes.entries()) {
        const id = ids[i] as number;
        const waiting = this.#waiting.get(id);
        this.#waiting.delete(id);
        if ("result" in outcome) waiting?.resolve(outcome.result);
        else waiting?.reject(errorOf(outcome.error));
      }
    });
    worker.on("error", (error) => {
      this.#fail(worker, this.#hasAnswered ? error : this.#break(error));
    });
    worker.on("exit", () => this.#fail(worker, new Error("The worker has ended")));
    return worker;
  }

  #break(cause: Error): Error {
    const reason = cannotStart(cause);
    this.#broken = { reason };
    return reason;
  }

  #rest(worker: Worker): void {
    worker.unref();
    if (this.#idleMs === Number.POSITIVE_INFINITY) return;
    this.#idle = setTimeout(() => void this.close(), this.#idleMs).unref();
  }

  #fail(worker: Worker | undefined, reason: unknown): void {
    if (worker !== this.#worker) return;
    clearTimeout(this.#idle);
    this.#worker = undefined;
    this.#gathered = [];
    this.#transfers.length = 0;
    this.#messagesUnderWay = 0;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(reason);
  }
}

function errorOf({ message, ...fields }: PlainError): Error {
  return Object.assign(new Error(message), fields);
}
