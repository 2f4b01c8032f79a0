// What a client knows of batches with its server: whether it gives them, and how much to ask for in one.

import { ConexionError } from "@fileshare/protocol";
import { BATCH_BYTES, BATCH_FILE_BYTES } from "./batch-wire.js";
import { Pace } from "./pace.js";

/** So many that are answered with something else in a row, with none that arrives, are as good as a server that gives none. */
const MOST_FAILURES = 3;

export class Batches {
  /** Of their own: where ranges get through batches need not, and the other way round. */
  readonly pace: Pace;
  #given: boolean | undefined;
  #failures = 0;
  #error: unknown;

  /** @param bytesPerSecond how fast they may come at the most */
  constructor(bytesPerSecond: number) {
    this.pace = new Pace(bytesPerSecond, BATCH_BYTES);
  }

  /** Whether the server may give several small files at once, as far as is known. */
  get given(): boolean {
    return this.#given !== false && this.#failures < MOST_FAILURES;
  }

  /** Notes how long a batch took to arrive, from the start of its reply. */
  arrived(bytes: number, ms: number): void {
    this.#given = true;
    this.#failures = 0;
    // One that had no room for another file was as long as it might be.
    const isFull = bytes + BATCH_FILE_BYTES > this.pace.bytes;
    this.pace.took(isFull ? Math.max(bytes, this.pace.bytes) : bytes, ms);
  }

  /** Notes why a batch did not arrive. All that were under way on a connection go with it for the same reason: it counts once. */
  lost(error: unknown): void {
    if (error === this.#error) return;
    this.#error = error;
    if (!(error instanceof ConexionError)) this.#failures += 1;
    this.pace.lost();
  }

  /** Notes that the server knows of no batches: one that has given some may refuse one, though. */
  refused(): void {
    this.#given ??= false;
  }
}
