// What the thread can be asked to do, and what goes between it and the app's.

import fs from "node:fs";
import { dirname, sep } from "node:path";
import type { Checksum } from "./checksum.js";
import { sha256Of } from "./digest.js";
import type { Failure, NthFailure } from "./failure.js";
import {
  type FileStats,
  filesWithin,
  journalsIn,
  type LocalTree,
  makeFolders,
  namesIn,
  type Removal,
  removeAll,
  removeEmptied,
  type Stats,
  statAll,
  tidy,
  walk,
} from "./folders.js";
import { type Folding, foldingAt, seenFolding } from "./folding.js";
import { dropInterrupted, type Interrupted, interrupted, pending, removeInterrupted } from "./interrupted.js";
import type { RemoteFile } from "./journal.js";
import { PartFile } from "./part-file.js";
import { checkPlace } from "./place.js";
import { type Prepared, prepareFolder } from "./prepare.js";
import type { Range } from "./ranges.js";
import { type NotSaved, type PackedColumns, saveAll } from "./save-all.js";
import { saveFile } from "./save-file.js";
import { openRegular, setModified } from "./whole.js";

/** Where the bytes of a request are: in shared memory of that number, or without one in the block that came along. */
export interface Bytes {
  readonly shared: number | undefined;
  readonly from: number;
  readonly length: number;
}

/** One thing to be done; `path` is what an error is about. */
export interface Request {
  readonly id: number;
  readonly work: keyof Work;
  readonly path: string;
  readonly args: readonly unknown[];
  /** One more argument. */
  readonly bytes?: Bytes | undefined;
}

/** Things to be done in their order. */
export interface Requests {
  readonly requests: readonly Request[];
  /** The bytes of those whose bytes are not in shared memory. */
  readonly block?: ArrayBuffer | undefined;
  /** Shared memory that was not named before. */
  readonly shared?: ReadonlyMap<number, SharedArrayBuffer> | undefined;
  /** Shared memory that is not named again. */
  readonly forget?: number | undefined;
}

/** What became of a request. */
export type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failure: Failure };

export interface Begun {
  readonly part: number;
  readonly have: readonly Range[];
  readonly startedOver: boolean;
}

/** All that the thread does. What gives no promise is done when the next is begun. */
export class Work {
  readonly #parts = new Map<number, PartFile>();
  readonly #saving = new Set<Promise<unknown>>();
  /** Numbers of what takes long and was not dropped. */
  readonly #wanted = new Set<number>();
  readonly #tidied = new Set<string>();
  #begun = 0;

  begin(target: string, file: RemoteFile, resume: boolean): Begun {
    const { part, have, startedOver } = PartFile.begin(target, file, resume);
    const id = ++this.#begun;
    this.#parts.set(id, part);
    return { part: id, have, startedOver };
  }

  open(part: number, segment: number, start: number, end: number, algorithm: string | undefined): void {
    this.#part(part).open(segment, start, end, algorithm);
  }

  write(part: number, segment: number, bytes: Uint8Array): void {
    this.#part(part).write(segment, bytes);
  }

  end(part: number, segment: number, checksum: Checksum | undefined): void {
    this.#part(part).end(segment, checksum);
  }

  abandon(part: number, segment: number): void {
    this.#parts.get(part)?.abandon(segment);
  }

  async finish(part: number, durable: boolean): Promise<void> {
    await this.#part(part).finish(durable);
    this.#parts.delete(part);
  }

  async keep(part: number): Promise<void> {
    await this.#parts.get(part)?.keep();
    this.#parts.delete(part);
  }

  async discard(part: number): Promise<void> {
    await this.#parts.get(part)?.discard();
    this.#parts.delete(part);
  }

  save(
    target: string,
    file: RemoteFile,
    checksum: Checksum | undefined,
    durable: boolean,
    bytes: Uint8Array,
  ): void | Promise<void> {
    return this.#awaited(saveFile(target, file, bytes, checksum, durable));
  }

  saveAll(
    files: PackedColumns,
    checksum: Checksum,
    durable: boolean,
    number: number,
    bytes: Uint8Array,
  ): NotSaved[] | Promise<NotSaved[]> {
    this.#wanted.add(number);
    try {
      return this.#awaited(
        saveAll(files, bytes, checksum, durable, () => this.#wanted.has(number)),
        number,
      );
    } catch (error) {
      this.#wanted.delete(number);
      throw error;
    }
  }

  journals(folders: readonly string[]): string[] {
    return journalsIn(folders);
  }

  /** Once: what is left by others meanwhile is theirs to tidy. */
  tidy(folder: string): void {
    if (this.#tidied.has(folder)) return;
    this.#tidied.add(folder);
    tidy(folder);
  }

  /** There is no such file any more. */
  forget(target: string, name: string): void {
    if (pending(target)?.file.name === name) removeInterrupted(target);
  }

  pending(target: string): ReturnType<typeof pending> {
    return pending(target);
  }

  stat(paths: readonly string[]): Stats {
    return statAll(paths);
  }

  /** Names have a NUL between. */
  filesWithin(folder: string, names: string): FileStats {
    return filesWithin(folder.endsWith(sep) ? folder : folder + sep, names === "" ? [] : names.split("\0"));
  }

  namesIn(folders: readonly string[]): (string[] | undefined)[] {
    return namesIn(folders);
  }

  prepare(folder: string): Prepared {
    return prepareFolder(folder);
  }

  folding(folder: string): Folding {
    return foldingAt(folder);
  }

  seenFolding(folder: string): Folding {
    return seenFolding(folder);
  }

  makeFolders(top: string, paths: readonly string[]): NthFailure[] {
    return makeFolders(top, paths);
  }

  walk(folder: string, tidies: boolean): LocalTree {
    return walk(folder, tidies);
  }

  remove(top: string, removal: Removal): NthFailure[] {
    return removeAll(top, removal);
  }

  interrupted(journals: readonly string[]): Interrupted[] {
    return journals.flatMap((path) => interrupted(path) ?? []);
  }

  checkPlace(folder: string, place: string): void {
    checkPlace(folder, place);
  }

  dropInterrupted(
    top: string,
    all: readonly Interrupted[],
    { kept = [], place }: Pick<Removal, "kept" | "place">,
  ): void {
    if (place !== undefined) checkPlace(top, place);
    for (const each of all) dropInterrupted(each);
    removeEmptied(
      all.map(({ journal }) => dirname(journal)),
      top,
      kept,
    );
  }

  setModified(path: string, modified: number): void {
    const fd = openRegular(path, fs.constants.O_RDONLY);
    if (fd === undefined) return;
    try {
      setModified(fd, modified);
    } finally {
      fs.closeSync(fd);
    }
  }

  /** The number is for `drop`. */
  async digest(path: string, number: number): Promise<string> {
    this.#wanted.add(number);
    try {
      return await sha256Of(path, () => this.#wanted.has(number));
    } finally {
      this.#wanted.delete(number);
    }
  }

  /** What was asked for under that number is not wanted any more. */
  drop(number: number): void {
    this.#wanted.delete(number);
  }

  /** Waits for files that are being saved, drops those that wait for their turn, and keeps what is under way for a later run. */
  async close(): Promise<void> {
    this.#wanted.clear();
    await Promise.allSettled([...this.#saving, ...[...this.#parts.keys()].map((part) => this.keep(part))]);
    // The replies to what was waited for go out before this one.
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Notes what waits for the disk, and ends its being wanted. */
  #awaited<T>(saving: T | Promise<T>, number = 0): T | Promise<T> {
    if (!(saving instanceof Promise)) {
      this.#wanted.delete(number);
      return saving;
    }
    this.#saving.add(saving);
    return saving.finally(() => {
      this.#wanted.delete(number);
      this.#saving.delete(saving);
    });
  }

  #part(id: number): PartFile {
    const part = this.#parts.get(id);
    if (!part) throw new Error("the part is finished, kept or discarded");
    return part;
  }
}
