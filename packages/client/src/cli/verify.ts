// Whether a file that was saved is the server's: both compute the SHA-256 of the whole of it.

import type { Cliente } from "../cliente.js";
import { Disk } from "../disk/disk.js";

/** Compares files that were saved, and tells what is left of those that were not. */
export class Verifier {
  readonly #disk = new Disk();

  /**
   * The SHA-256 that both have, in lower-case hexadecimal; undefined where they differ.
   *
   * @throws {NoDigestError} when the server gives none
   */
  async common(
    cliente: Cliente,
    name: string,
    path: string,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const ours = this.#disk.digest(path, signal);
    ours.catch(() => {});
    const theirs = await cliente.pedirDigest(name, { signal });
    return theirs === (await ours) ? theirs : undefined;
  }

  /** Whether something is kept of a download to that path, for the next run to go on from. */
  async isResumable(path: string): Promise<boolean> {
    const pending = await this.#disk.pending(path).catch(() => undefined);
    return pending !== undefined && pending.have.length > 0;
  }

  close(): Promise<void> {
    return this.#disk.close();
  }
}

/** A file that was saved is not the server's. */
export class DiffersError extends Error {
  readonly code = "CHECKSUM";

  constructor(path: string) {
    super(`The SHA-256 of ${JSON.stringify(path)} is not that of the server's file`);
  }
}
