// A file while it is being downloaded: under a name of its own, beside the one it will get.

import { randomBytes } from "node:crypto";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

/** How much is gathered before it is written. Two such buffers are held for a large file: one fills, one is written. */
const WRITE_BYTES = 1024 * 1024;

/** Writes a file that appears under its final name when it is complete, and not before. */
export class PartFile {
  readonly #path: string;
  readonly #target: string;
  readonly #handle: FileHandle;
  readonly #length: number;
  #filling: Buffer;
  #spare: Buffer | undefined;
  #filled = 0;
  #written = 0;
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, target: string, handle: FileHandle, length: number) {
    this.#path = path;
    this.#target = target;
    this.#handle = handle;
    this.#length = length;
    this.#filling = Buffer.allocUnsafeSlow(Math.min(WRITE_BYTES, length));
  }

  /**
   * Begins a file.
   *
   * @param target the final path
   * @param length how many bytes it will have
   */
  static async create(target: string, length: number): Promise<PartFile> {
    // A short name of its own: the target's may be as long as names can be, and two downloads may go to one target.
    // Absolute, so that it is found again where the app changes its working directory.
    const final = resolve(target);
    const path = join(dirname(final), `.fileshare-${randomBytes(6).toString("hex")}.part`);
    const handle = await open(path, "wx");
    return new PartFile(path, final, handle, length);
  }

  /** Adds bytes at the end. They are copied. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let from = 0; from < bytes.length; ) {
      if (this.#filled === this.#filling.length) {
        const spare = this.#spare ?? Buffer.allocUnsafeSlow(WRITE_BYTES);
        this.#spare = this.#filling;
        await this.#flush();
        this.#filling = spare;
      }
      const take = Math.min(bytes.length - from, this.#filling.length - this.#filled);
      this.#filling.set(bytes.subarray(from, from + take), this.#filled);
      this.#filled += take;
      from += take;
    }
  }

  /** Gives the file its final name, in place of one that has it. */
  async finish(): Promise<void> {
    await this.#flush();
    await this.#writing;
    const { size } = await this.#handle.stat();
    if (size !== this.#length) throw new RangeError(`${size} bytes were written of ${this.#length}`);
    await this.#handle.close();
    await rename(this.#path, this.#target);
  }

  /** Removes what was written. */
  async discard(): Promise<void> {
    await this.#writing.catch(() => {});
    await this.#handle.close().catch(() => {});
    await rm(this.#path, { force: true });
  }

  /** Begins to write out what was gathered, once the write before it is done. */
  async #flush(): Promise<void> {
    await this.#writing;
    const full = this.#filling.subarray(0, this.#filled);
    this.#writing = writeWhole(this.#handle, full, this.#written);
    // Whoever flushes next, or finishes, gets the error; until then it is not unhandled.
    this.#writing.catch(() => {});
    this.#written += full.length;
    this.#filled = 0;
  }
}

async function writeWhole(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let from = 0; from < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, from, bytes.length - from, position + from);
    from += bytesWritten;
  }
}
