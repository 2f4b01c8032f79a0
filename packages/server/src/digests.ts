// Digests of whole files: computed once for each version, beside the event loop, and remembered.

import { createHash } from "node:crypto";
import { Worker } from "node:worker_threads";
import { Background } from "./background.js";
import type { HashCall } from "./hash-worker.js";
import type { Storage, StoredFile } from "./storage/storage.js";

/** The algorithms there are. */
const ALGORITHMS: ReadonlySet<string> = new Set(["sha256"]);

/** How long an answer waits for a digest: a client is told in time that it has to ask again. */
const ANSWER_MS = 10_000;

/** How long a digest is computed that nobody asks for any more. */
const FORGET_MS = 5 * 60_000;

/** Files that are read for their digest at once, and that may wait for it; for more, a client has to ask again. */
const MAX_AT_ONCE = 2;
const MAX_JOBS = 64;

/** How many digests are remembered. */
const MAX_REMEMBERED = 4096;

interface Job {
  readonly result: Promise<string | null>;
  askedAt: number;
}

/** Computes digests of what a storage holds. */
export class Digests {
  readonly #storage: Storage;
  readonly #worker = new Background<HashCall, string | null>(
    () => new Worker(new URL("./hash-worker.js", import.meta.url), { execArgv: [] }),
  );
  /** By {@link keyOf}, the one asked for last at the end. */
  readonly #remembered = new Map<string, string>();
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
   */
  async of(name: string, file: StoredFile, algorithm: string, signal: AbortSignal): Promise<string | null> {
    const key = keyOf(name, file, algorithm);
    const known = this.#remembered.get(key);
    if (known !== undefined) {
      this.#remember(key, known);
      return known;
    }
    let job = this.#jobs.get(key);
    if (!job) {
      if (this.#closed || this.#jobs.size >= MAX_JOBS) return null;
      job = { result: this.#compute(name, file.version, algorithm, key), askedAt: Date.now() };
      this.#jobs.set(key, job);
    }
    job.askedAt = Date.now();
    return inTime(job.result, signal);
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const begin of this.#waiting.splice(0)) begin();
    await this.#worker.close();
    await Promise.all(Array.from(this.#jobs.values(), ({ result }) => result));
  }

  async #compute(name: string, version: string, algorithm: string, key: string): Promise<string | null> {
    if (this.#atOnce >= MAX_AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#atOnce += 1;
    this.#jobsSoFar += 1;
    const job = this.#jobsSoFar;
    let isBegun = false;
    try {
      if (!this.#isWanted(key)) return null;
      await using file = await this.#storage.open(name);
      if (file?.version !== version) return null;
      for await (const piece of file.read(0, file.size)) {
        if (!this.#isWanted(key)) return null;
        // The piece is the storage's own; its copy is the worker's.
        isBegun = true;
        const copy = new Uint8Array(piece);
        await this.#worker.call({ job, algorithm, piece: copy }, [copy.buffer]);
      }
      if (await file.changed?.()) return null;
      isBegun = false;
      const digits = await this.#worker.call({ job, algorithm, end: true });
      if (digits !== null) this.#remember(key, digits);
      return digits;
    } catch {
      // Who asks again hears what is wrong with the file, or begins anew.
      return null;
    } finally {
      this.#jobs.delete(key);
      if (isBegun && !this.#closed) this.#worker.call({ job, drop: true }).catch(() => {});
      const next = this.#waiting.shift();
      if (next) next();
      else this.#atOnce -= 1;
    }
  }

  #isWanted(key: string): boolean {
    const askedAt = this.#jobs.get(key)?.askedAt ?? Date.now();
    return !this.#closed && Date.now() - askedAt < FORGET_MS;
  }

  #remember(key: string, digits: string): void {
    this.#remembered.delete(key);
    this.#remembered.set(key, digits);
    if (this.#remembered.size <= MAX_REMEMBERED) return;
    const [oldest] = this.#remembered.keys();
    if (oldest !== undefined) this.#remembered.delete(oldest);
  }
}

function keyOf(name: string, { version }: StoredFile, algorithm: string): string {
  return `${algorithm}\0${version}\0${name}`;
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
