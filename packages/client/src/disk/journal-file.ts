// A journal on the disk, and who may write to it.

import fs from "node:fs";
import { promisify } from "node:util";
import { encodeLine, Journal, type Line } from "./journal.js";
import { isHeld, self } from "./owner.js";
import { type Names, native } from "./paths.js";
import { openOwn, readUpTo, writeAll } from "./whole.js";

const fdatasync = promisify(fs.fdatasync);

/** More than this is no journal: that of a file of 1 TB, in segments of 2 MiB, is half as long. */
const MAX_JOURNAL_BYTES = 64 * 1024 * 1024;

/** How often a journal may go away under our hands before it is left alone. */
const ATTEMPTS = 5;

/** The journal of a download that is ours until it is released or removed. */
export class JournalFile {
  /** What it told when it was taken up. */
  readonly known: Journal;
  readonly #path: string;
  readonly #fd: number;
  #length: number;
  #torn: boolean;

  private constructor(path: string, fd: number, known: Journal, length: number) {
    this.#path = path;
    this.#fd = fd;
    this.known = known;
    this.#length = length;
    this.#torn = false;
  }

  /**
   * Takes up the journal of a part, which is made if need be.
   *
   * @returns nothing where somebody else is at work with it, it is another user's, or something else stands there
   */
  static take({ log: path, part }: Names): JournalFile | undefined {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { O_RDWR, O_CREAT, O_APPEND } = fs.constants;
      const fd = openOwn(path, O_RDWR | O_CREAT | O_APPEND);
      if (fd === undefined) return undefined;
      try {
        const taken = JournalFile.#takeOpened(path, fd, part);
        if (taken !== "again") {
          if (taken === undefined) fs.closeSync(fd);
          return taken;
        }
      } catch (error) {
        fs.closeSync(fd);
        throw error;
      }
      fs.closeSync(fd);
    }
    return undefined;
  }

  static #takeOpened(path: string, fd: number, part: string): JournalFile | undefined | "again" {
    const before = fs.fstatSync(fd).size;
    if (before > MAX_JOURNAL_BYTES) {
      fs.unlinkSync(native(path));
      return "again";
    }
    const bytes = readUpTo(fd, before, 0);
    const known = new Journal();
    known.read(bytes, 0);
    if (known.owner && isHeld(known.owner, fd, part)) return undefined;

    // Whoever takes it up adds a line that names the owner before. Lines are added one after another: where two do so
    // at once, both see whose came first. What is torn at the end is ended by the line break in front.
    const owner = self();
    try {
      writeAll(fd, Buffer.concat([Buffer.from("\n"), encodeLine(["own", owner, known.owner?.token ?? ""])]));
    } catch (error) {
      if (before === 0) fs.unlinkSync(native(path));
      throw error;
    }
    const length = fs.fstatSync(fd).size;
    known.read(readUpTo(fd, length - bytes.length, bytes.length), bytes.length);
    if (known.owner?.token !== owner.token) return undefined;
    // The owner before may have finished, and removed it, in the meantime.
    if (!isAt(path, fd)) return "again";
    return new JournalFile(path, fd, known, length);
  }

  /** How long it is: what is recorded from now on stands after that. */
  get length(): number {
    return this.#length;
  }

  /** Adds lines, all at once. */
  add(...lines: Line[]): void {
    const bytes = Buffer.concat(lines.map(encodeLine));
    try {
      writeAll(this.#fd, this.#torn ? Buffer.concat([Buffer.from("\n"), bytes]) : bytes);
    } catch (error) {
      this.#torn = true;
      throw error;
    }
    this.#torn = false;
    this.#length += bytes.length;
  }

  /** Waits until it is on the disk. */
  async sync(): Promise<void> {
    await fdatasync(this.#fd);
  }

  syncNow(): void {
    fs.fdatasyncSync(this.#fd);
  }

  /** Lets go of it; it stays for a later run. */
  release(): void {
    try {
      this.add(["own", self(0), this.known.owner?.token ?? ""]);
    } catch {
      // Where the disk is full, the process that comes next finds out that this one has it no longer open.
    } finally {
      fs.closeSync(this.#fd);
    }
  }

  remove(): void {
    try {
      if (isAt(this.#path, this.#fd)) fs.unlinkSync(native(this.#path));
    } finally {
      fs.closeSync(this.#fd);
    }
  }
}

/** Reads the journal at a path without taking it up. */
export function lookAt(path: string): Journal | undefined {
  const fd = openOwn(path, fs.constants.O_RDONLY);
  if (fd === undefined) return undefined;
  try {
    const { size } = fs.fstatSync(fd);
    const journal = new Journal();
    if (size <= MAX_JOURNAL_BYTES) journal.read(readUpTo(fd, size, 0), 0);
    return journal;
  } finally {
    fs.closeSync(fd);
  }
}

/** Whether what was opened is what stands at that path. */
export function isAt(path: string, fd: number): boolean {
  const there = fs.lstatSync(native(path), { bigint: true, throwIfNoEntry: false });
  const opened = fs.fstatSync(fd, { bigint: true });
  return there?.ino === opened.ino && there.dev === opened.dev;
}
