// A file while it is on its way: its bytes where they will be in the end, under a name beside the final one.

import fs from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { ChecksumError, TargetError } from "../errors.js";
import { type Checksum, type Hasher, hasherFor, ownHasher } from "./checksum.js";
import { isFolder, systemCode } from "./failure.js";
import { removeInterrupted } from "./interrupted.js";
import type { RemoteFile } from "./journal.js";
import { isAt, type JournalFile } from "./journal-file.js";
import { type Opened, openPrivate, openResumable } from "./part-open.js";
import { native } from "./paths.js";
import { type Range, total } from "./ranges.js";
import { hashStretch, setModified, syncFolder, takePermissions, writeAll } from "./whole.js";

const fsync = promisify(fs.fsync);
const fdatasync = promisify(fs.fdatasync);

/** How long a download goes on before what it recorded is made to outlast a power cut: short ones never wait for a disk. */
const MARK_MS = 30_000;

interface OpenSegment extends Range {
  readonly hasher: Hasher;
  at: number;
}

/** One download to one target, as the worker sees it. */
export class PartFile {
  readonly #target: string;
  readonly #file: RemoteFile;
  readonly #path: string;
  /** None where the download cannot be resumed: another is at work on the same target, say. */
  readonly #journal: JournalFile | undefined;
  readonly #open = new Map<number, OpenSegment>();
  #fd: number | undefined;
  readonly #recorded: Range[];
  #marked = Date.now();
  #marking: Promise<void> | undefined;
  #markFailed: unknown;
  /** What ends it is done one after the other, and nothing more once it is over. */
  #ending: Promise<void> = Promise.resolve();
  #over = false;

  private constructor(target: string, file: RemoteFile, opened: Opened) {
    this.#target = target;
    this.#file = file;
    this.#path = opened.path;
    this.#fd = opened.fd;
    this.#journal = opened.journal;
    this.#recorded = [...opened.have];
  }

  /** Begins a download, or picks it up where `resume` allows that. */
  static begin(
    target: string,
    file: RemoteFile,
    resume: boolean,
  ): { part: PartFile; have: Range[]; startedOver: boolean } {
    if (isFolder(target)) throw new TargetError("IS_FOLDER", target, "a folder of that name stands there");
    // The name must be one that the file system takes before anything is downloaded.
    fs.lstatSync(native(target), { throwIfNoEntry: false });
    const opened =
      (resume && file.version !== "" && openResumable(target, file)) || openPrivate(target, file);
    const { have, startedOver } = opened;
    return { part: new PartFile(target, file, opened), have, startedOver };
  }

  /** Begins a segment, under a number by which it is named from then on. */
  open(id: number, start: number, end: number, algorithm: string | undefined): void {
    const hasher = (algorithm !== undefined && hasherFor(algorithm)) || ownHasher();
    this.#open.set(id, { start, end, at: start, hasher });
  }

  write(id: number, bytes: Uint8Array): void {
    const segment = this.#segment(id);
    if (segment.at + bytes.length > segment.end) {
      throw new RangeError(
        `${bytes.length} bytes at ${segment.at} reach beyond the segment's end, ${segment.end}`,
      );
    }
    this.#writeAt(segment.at, bytes);
    segment.hasher.update(bytes);
    segment.at += bytes.length;
  }

  /** Compares a segment with what the server said of it, and records it. */
  end(id: number, checksum: Checksum | undefined): void {
    const { start, end, at, hasher } = this.#segment(id);
    this.#open.delete(id);
    if (at !== end) throw new RangeError(`the segment has ${at - start} bytes of ${end - start}`);
    const own = { algorithm: hasher.algorithm, value: hasher.value() };
    this.#compare(start, end, own, checksum);
    // Where the folder has been removed, say, all that is still to come would be fetched for nothing.
    this.#checkPlace();
    if (start === end) return;
    this.#journal?.add(["seg", start, end, own.algorithm, own.value]);
    this.#recorded.push({ start, end });
    this.#markNowAndThen();
  }

  /** Where the disk is full, what cannot be completed is gone before anything else is written that has room then. */
  #writeAt(at: number, bytes: Uint8Array): void {
    try {
      writeAll(this.#descriptor(), bytes, at);
    } catch (error) {
      if (["ENOSPC", "EDQUOT"].includes(systemCode(error)) && !this.#marking) this.#discard();
      throw error;
    }
  }

  #compare(start: number, end: number, own: Checksum, said: Checksum | undefined): void {
    if (!said) return;
    let { value } = own;
    if (said.algorithm !== own.algorithm) {
      const hasher = hasherFor(said.algorithm);
      // One that was never asked for tells us nothing.
      if (!hasher) return;
      value = hashStretch(this.#descriptor(), start, end, hasher);
    }
    if (value === said.value) return;
    const reason = `bytes ${start} to ${end} have the ${said.algorithm} ${value}, the server says ${said.value}`;
    throw new ChecksumError(this.#target, reason);
  }

  abandon(id: number): void {
    this.#open.delete(id);
  }

  /** Gives the file its name, in place of one that has it. Where it fails, it is still to be kept or discarded. */
  finish(durable: boolean): Promise<void> {
    return this.#end(() => {
      if (this.#over) throw new Error("the part is over");
      return this.#finish(durable);
    });
  }

  /** Stops. What was recorded stays, if it is of use to a later run. */
  keep(): Promise<void> {
    return this.#end(() => {
      if (this.#over) return;
      if (this.#journal && this.#recorded.length > 0) this.#keep(this.#journal);
      else this.#discard();
    });
  }

  /** Removes what there is. */
  discard(): Promise<void> {
    return this.#end(() => {
      if (!this.#over) this.#discard();
    });
  }

  #end(how: () => void | Promise<void>): Promise<void> {
    const end = this.#ending.then(async () => {
      await this.#marking;
      await how();
    });
    this.#ending = end.catch(() => {});
    return end;
  }

  async #finish(durable: boolean): Promise<void> {
    const { size, modified } = this.#file;
    const there = total(this.#recorded);
    if (there !== size) throw new RangeError(`${size - there} bytes of ${size} are missing`);
    if (this.#markFailed) throw this.#markFailed;
    const fd = this.#descriptor();
    this.#checkPlace();
    takePermissions(fd, this.#target);
    setModified(fd, modified);
    if (durable) await fsync(fd);
    // Windows does not rename a file that is open.
    this.#close();
    fs.renameSync(native(this.#path), native(this.#target));
    this.#over = true;
    // Not before: the part is nothing without its journal.
    if (this.#journal) this.#journal.remove();
    else removeInterrupted(this.#target);
    if (durable) await syncFolder(dirname(this.#target));
  }

  #checkPlace(): void {
    if (isAt(this.#path, this.#descriptor())) return;
    const reason = `${JSON.stringify(this.#path)} is gone, or another file`;
    throw new TargetError("NOT_WRITTEN", this.#target, reason);
  }

  #keep(journal: JournalFile): void {
    this.#over = true;
    this.#close();
    journal.release();
  }

  #discard(): void {
    this.#over = true;
    try {
      let ours = true;
      try {
        if (this.#fd !== undefined) ours = isAt(this.#path, this.#fd);
      } finally {
        // Windows does not remove a file that is open.
        this.#close();
      }
      if (ours) fs.rmSync(native(this.#path), { force: true });
    } finally {
      this.#journal?.remove();
    }
  }

  #close(): void {
    if (this.#fd === undefined) return;
    fs.closeSync(this.#fd);
    this.#fd = undefined;
  }

  #segment(id: number): OpenSegment {
    if (this.#markFailed) throw this.#markFailed;
    const segment = this.#open.get(id);
    if (!segment) throw new Error("the segment is not open");
    return segment;
  }

  #descriptor(): number {
    if (this.#fd === undefined) throw new Error("the part is closed");
    return this.#fd;
  }

  /** Makes what is recorded outlast a power cut, once in a while. Writing goes on meanwhile. */
  #markNowAndThen(): void {
    if (!this.#journal || this.#marking || Date.now() - this.#marked < MARK_MS) return;
    this.#marking = this.#mark(this.#journal, this.#descriptor())
      .catch((error) => {
        this.#markFailed = error;
      })
      .finally(() => {
        this.#marking = undefined;
        this.#marked = Date.now();
      });
  }

  async #mark(journal: JournalFile, fd: number): Promise<void> {
    const { length } = journal;
    await fdatasync(fd);
    journal.add(["mark", length]);
    await journal.sync();
  }
}
