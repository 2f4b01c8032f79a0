// Digests of whole files: computed once for each version, beside the event loop, and remembered.

import { createHash } from "node:crypto";
import type { Worker } from "node:worker_threads";
import { Background } from "./background.js";
import type { HashCall } from "./hash-worker.js";
import { changedError } from "./operations/file-reply.js";
import { RefusedError } from "./operations/handler.js";
import { startWorker } from "./start-worker.js";
import { letGo, piecesOf, ShorterError } from "./storage/pieces.js";
import type { Storage, StoredFile } from "./storage/storage.js";

/** The algorithms there are. */
const ALGORITHMS: ReadonlySet<string> = new Set(["sha256"]);

/** How long an answer waits for a digest: a client is told in time that it has to ask again. */
const ANSWER_MS = 10_000;

/** How long a digest is computed that nobody asks for any more. */
const FORGET_MS = 5 * 60_000;

/** How long after an answer that there is none yet a client is taken to ask again. */
const ASKS_AGAIN_MS = 5000;

/** Files that are read for their digest at once, and that may wait for it; for more, a client has to ask again. */
const MAX_AT_ONCE = 2;
const MAX_JOBS = 64;

/** How many digests are remembered. */
const MAX_REMEMBERED = 4096;

/** A computation, which ends with a digest, with null where nobody wants it any more, or with why there is none. */
interface Job {
  readonly version: string;
  readonly result: Promise<string | null>;
  /** Ends it for those who wait, as the file is another one by now. */
  readonly giveUp: (reason: RefusedError) => void;
  /** When it was asked for, or an answer was given that it is not there yet. */
  askedAt: number;
  /** How many wait for it. */
  waiting: number;
  /** It has come to nothing. */
  failed: boolean;
}

/** Computes digests of what a storage holds. */
export class Digests {
  readonly #storage: Storage;
  readonly #worker = new Background<HashCall, string | null>(hashWorker);
  /** By {@link keyOf} and version, the one asked for last at the end. */
  readonly #remembered = new Map<string, string>();
  /** By {@link keyOf}: of a file that changes there is one. */
  readonly #jobs = new Map<string, Job>();
  readonly #waiting: (() => void)[] = [];
  #atOnce = 0;
  #jobsSoFar = 0;
  #closed = false;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /** Whether there is such an algorithm. */
  static has(algorithm: string): boolean {
    return ALGORITHMS.has(algorithm);
  }

  /** The digest of what is in memory, and short. */
  static ofBytes(bytes: Uint8Array, algorithm: string): string {
    return createHash(algorithm).update(bytes).digest("hex");
  }

  /**
   * The digest of a file's content, in lower-case hexadecimal. Null while it is computed, which goes on: ask again.
   *
   * @param signal gives up waiting
   * @throws {RefusedError} `CHANGED` where the file has changed since its digest was begun to be computed, `FAILED` where it
   *   cannot be read: whoever goes on asking begins anew
   */
  async of(name: string, file: StoredFile, algorithm: string, signal: AbortSignal): Promise<string | null> {
    const key = keyOf(name, algorithm);
    const known = this.#remembered.get(`${key}\0${file.version}`);
    if (known !== undefined) {
      this.#remember(`${key}\0${file.version}`, known);
      return known;
    }
    const job = this.#resume(key, file) ?? this.#begin(name, file.version, algorithm, key);
    if (!job) return null;
    job.waiting += 1;
    try {
      return await inTime(job.result, signal);
    } finally {
      job.waiting -= 1;
      job.askedAt = Date.now();
      if (job.failed) this.#forget(key, job);
    }
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const begin of this.#waiting.splice(0)) begin();
    await this.#worker.close();
    await Promise.allSettled(Array.from(this.#jobs.values(), ({ result }) => result));
  }

  /** The computation that is under way, or has come to nothing since it was asked for last. */
  #resume(key: string, file: StoredFile): Job | undefined {
    const job = this.#jobs.get(key);
    if (!job) return undefined;
    const isAskedAgain = Date.now() - job.askedAt < ASKS_AGAIN_MS;
    if (job.version === file.version && (!job.failed || isAskedAgain)) return job;
    // It is of no use any more. Who waits for it, or has asked for it just now, must not go on asking: the file may change
    // for ever. Whoever asks anew gets another one.
    this.#forget(key, job);
    job.giveUp(changedError(file));
    if (job.waiting === 0 && isAskedAgain) throw changedError(file);
    return undefined;
  }

  #begin(name: string, version: string, algorithm: string, key: string): Job | undefined {
    for (const [each, { failed, askedAt }] of this.#jobs)
      if (failed && Date.now() - askedAt >= ASKS_AGAIN_MS) this.#jobs.delete(each);
    if (this.#closed || this.#jobs.size >= MAX_JOBS) return undefined;
    let end = (_digits: string | null): void => {};
    let giveUp = (_reason: unknown): void => {};
    const result = new Promise<string | null>((resolve, reject) => {
      end = resolve;
      giveUp = reject;
    });
    // Maybe nobody waits when it fails.
    result.catch(() => {});
    const job: Job = { version, result, giveUp, askedAt: Date.now(), waiting: 0, failed: false };
    this.#jobs.set(key, job);
    this.#compute(name, algorithm, key, job).then(end, giveUp);
    return job;
  }

  #forget(key: string, job: Job): void {
    if (this.#jobs.get(key) === job) this.#jobs.delete(key);
  }

  async #compute(name: string, algorithm: string, key: string, job: Job): Promise<string | null> {
    if (this.#atOnce >= MAX_AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#atOnce += 1;
    try {
      return this.#isWanted(key, job) ? await this.#digestOf(name, algorithm, key, job) : null;
    } catch (cause) {
      if (this.#closed) return null;
      job.failed = true;
      if (cause instanceof RefusedError) throw cause;
      if (cause instanceof ShorterError) throw changedError(undefined, { cause });
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new RefusedError(`The digest cannot be computed: ${reason}`, { cause, reason: "FAILED" });
    } finally {
      // What has come to nothing is told to who asks next, where nobody has waited for it.
      if (!job.failed || job.waiting > 0) this.#forget(key, job);
      const next = this.#waiting.shift();
      if (next) next();
      else this.#atOnce -= 1;
    }
  }

  /** Has the worker read a file; null where nobody wants that any more. */
  async #digestOf(name: string, algorithm: string, key: string, job: Job): Promise<string | null> {
    this.#jobsSoFar += 1;
    const number = this.#jobsSoFar;
    const file = await this.#storage.open(name);
    if (!file) throw changedError(undefined);
    let isBegun = false;
    try {
      if (file.version !== job.version) throw changedError(file);
      for await (const piece of piecesOf(file, 0, file.size)) {
        if (!this.#isWanted(key, job)) return null;
        // The piece is the storage's own; its copy is the worker's.
        isBegun = true;
        const copy = new Uint8Array(piece);
        await this.#worker.call({ job: number, algorithm, piece: copy }, [copy.buffer]);
      }
      if (await file.changed?.()) throw changedError(undefined);
      isBegun = false;
      const digits = await this.#worker.call({ job: number, algorithm, end: true });
      if (digits !== null) this.#remember(`${key}\0${job.version}`, digits);
      return digits;
    } finally {
      if (isBegun && !this.#closed) this.#worker.call({ job: number, drop: true }).catch(() => {});
      await letGo(file);
    }
  }

  #isWanted(key: string, job: Job): boolean {
    return !this.#closed && this.#jobs.get(key) === job && Date.now() - job.askedAt < FORGET_MS;
  }

  #remember(key: string, digits: string): void {
    this.#remembered.delete(key);
    this.#remembered.set(key, digits);
    if (this.#remembered.size <= MAX_REMEMBERED) return;
    const [oldest] = this.#remembered.keys();
    if (oldest !== undefined) this.#remembered.delete(oldest);
  }
}

function hashWorker(): Worker {
  return startWorker("hash-worker.cjs", () => new URL("./hash-worker.cjs", import.meta.url));
}

function keyOf(name: string, algorithm: string): string {
  return `${algorithm}\0${name}`;
}

/** What a promise gives, or null when it takes too long. */
async function inTime(result: Promise<string | null>, signal: AbortSignal): Promise<string | null> {
  if (signal.aborted) return null;
  let stop = (): void => {};
  const enough = new Promise<null>((resolve) => {
    const timer = setTimeout(resolve, ANSWER_MS, null);
    const onAbort = (): void => resolve(null);
    signal.addEventListener("abort", onAbort, { once: true });
    stop = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    };
  });
  try {
    return await Promise.race([result, enough]);
  } finally {
    stop();
  }
}
