/** A file of a faulty storage, and what its versions hold. */

import type { StoredFile } from "../../../server/src/storage/storage.ts";

/** Stands between the version of the file beneath and the number of its generation. */
const SEPARATOR = "+";

/**
 * The content of a version of a file, made from the original content.
 *
 * @param version as a faulty storage gave it, or its generation alone: how often the file had changed
 */
export function contentOf(original: Uint8Array, version: string | number): Uint8Array {
  const content = new Uint8Array(original);
  disguise(content, typeof version === "number" ? version : generationOf(version), 0);
  return content;
}

/** The generation of a version that a faulty storage gave: how often the file had changed. */
export function generationOf(version: string): number {
  return Number(version.slice(version.lastIndexOf(SEPARATOR) + 1));
}

/** The version of a generation of a file. */
export function versionOf(version: string, generation: number): string {
  return `${version}${SEPARATOR}${generation}`;
}

/** Makes original bytes those of a generation. Two that are fewer than 255 apart differ in every byte. */
function disguise(bytes: Uint8Array, generation: number, offset: number): void {
  if (generation === 0) return;
  // Counted along: a remainder for each byte would take most of the time of a run with large files.
  let step = (generation + offset) % 255;
  for (let index = 0; index < bytes.length; index++) {
    step += 1;
    bytes[index] = (bytes[index] as number) ^ step;
    if (step === 255) step = 0;
  }
}

/** What is to go wrong with an opened file, when the byte `at` is read for the first time. */
export interface PlannedFault {
  readonly fault: "readFails" | "shrinks" | "changesDuring";
  readonly at: number;
}

/** Who hears of it. */
export interface FileListener {
  /** Makes the error that reading rejects with. */
  failed(): Error;
  /** Gives the generation after the change. */
  changed(how: "changesDuring" | "shrinks"): number;
}

export class FaultyFile implements StoredFile {
  readonly size: number;
  readonly version: string;
  readonly modified: Date;
  readonly #file: StoredFile;
  readonly #listener: FileListener;
  /** Undefined when it has happened. */
  #planned: PlannedFault | undefined;
  /** Whose content is read now. */
  #generation: number;
  #hasChanged = false;
  /** Where it ends by now. */
  #end: number;

  constructor(
    file: StoredFile,
    generation: number,
    planned: PlannedFault | undefined,
    listener: FileListener,
  ) {
    this.size = file.size;
    this.version = versionOf(file.version, generation);
    this.modified = new Date(file.modified.getTime() + generation * 1000);
    this.#file = file;
    this.#generation = generation;
    this.#planned = planned;
    this.#listener = listener;
    this.#end = file.size;
  }

  async *read(start: number, end: number): AsyncGenerator<Uint8Array> {
    let offset = start;
    for await (const piece of this.#file.read(start, Math.max(start, Math.min(end, this.#end)))) {
      const at = this.#planned?.at ?? Number.POSITIVE_INFINITY;
      const sound = at >= offset && at < offset + piece.length ? at - offset : piece.length;
      if (sound > 0) yield this.#copy(piece.subarray(0, sound), offset);
      offset += sound;
      if (sound === piece.length) continue;
      this.#happen();
      if (offset >= this.#end) return;
      yield this.#copy(piece.subarray(sound), offset);
      offset += piece.length - sound;
    }
  }

  /** Whether the content is another one than when it was opened. */
  async changed(): Promise<boolean> {
    return this.#hasChanged || ((await (this.#file as MayChange).changed?.()) ?? false);
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #happen(): void {
    const planned = this.#planned;
    this.#planned = undefined;
    if (!planned) return;
    if (planned.fault === "readFails") throw this.#listener.failed();
    this.#generation = this.#listener.changed(planned.fault);
    this.#hasChanged = true;
    if (planned.fault === "shrinks") this.#end = planned.at;
  }

  #copy(piece: Uint8Array, offset: number): Uint8Array {
    // Not slice(): a Buffer's does not copy.
    const copy = new Uint8Array(piece);
    disguise(copy, this.#generation, offset);
    return copy;
  }
}

/** A file that knows whether it has changed. */
interface MayChange {
  changed?(): Promise<boolean>;
}
