// What is known of a download that is not finished: lines of text, each with its checksum, only ever added at the end.
//
//   ["own", owner, token]   somebody takes it up from the owner of that token, or lets go of it
//   ["file", file, dev, ino]   a download begins: of that file, into that part
//   ["seg", start, end, algorithm, checksum]   bytes that were written to the part and checked
//   ["lost", start]   the segment that began there turned out not to be there
//   ["mark", offset]   what was recorded before that offset of the journal is on the disk, not only in the system's memory

import { crc32 } from "node:zlib";
import type { Owner } from "./owner.js";
import { overlap, type Range } from "./ranges.js";

/** What the server said of a file. */
export interface RemoteFile {
  readonly name: string;
  readonly version: string;
  /** In bytes. */
  readonly size: number;
  /** When its content was last changed: seconds since 1970, with a fraction. */
  readonly modified: number;
}

/** A segment that was recorded. */
export interface Recorded extends Range {
  readonly algorithm: string;
  readonly checksum: string;
  /** Where in the journal it stands. */
  readonly at: number;
  /** Who recorded it. */
  readonly by: Owner;
}

export type Line =
  | readonly ["own", owner: Owner, from: string]
  | readonly ["file", file: RemoteFile, dev: string, ino: string]
  | readonly ["seg", start: number, end: number, algorithm: string, checksum: string]
  | readonly ["lost", start: number]
  | readonly ["mark", offset: number];

/** A line as it stands in the journal. */
export function encodeLine(line: Line): Buffer {
  // JSON escapes what is not well-formed, and has no line breaks.
  const text = Buffer.from(JSON.stringify(line));
  return Buffer.concat([
    Buffer.from(`${crc32(text).toString(16).padStart(8, "0")} `),
    text,
    Buffer.from("\n"),
  ]);
}

/** What follows from a journal. Lines that are torn, damaged or make no sense count as not there. */
export class Journal {
  /** Who took it up last. */
  owner: Owner | undefined;
  file: RemoteFile | undefined;
  /** Which file the part was, as the system numbers them. */
  part: { readonly dev: string; readonly ino: string } | undefined;
  /** Whether it tells of segments that overlap, which no download records: none of it is to be believed. */
  damaged = false;
  #segments = new Map<number, Recorded>();
  #last: Recorded | undefined;
  #synced = 0;

  /** Recorded segments by their start, which do not overlap. */
  get segments(): readonly Recorded[] {
    return [...this.#segments.values()].sort((a, b) => a.start - b.start);
  }

  /** The segment that was recorded last, if it was not lost. */
  get last(): Recorded | undefined {
    return this.#last;
  }

  /** Whether a segment was on the disk at a mark. */
  isSynced(segment: Recorded): boolean {
    return segment.at < this.#synced;
  }

  /** Takes in bytes of the journal, which begin at that offset of it. */
  read(bytes: Buffer, offset: number): void {
    for (let from = 0; from < bytes.length; ) {
      const newline = bytes.indexOf(10, from);
      const end = newline < 0 ? bytes.length : newline;
      if (end - from > 9) this.#readLine(bytes.subarray(from, end), offset + from);
      from = end + 1;
    }
    if (overlap(this.#segments.values())) this.damaged = true;
  }

  #readLine(bytes: Buffer, at: number): void {
    const text = bytes.subarray(9);
    if (bytes.toString("latin1", 0, 9) !== `${crc32(text).toString(16).padStart(8, "0")} `) return;
    let line: unknown;
    try {
      line = JSON.parse(text.toString());
    } catch {
      return;
    }
    if (Array.isArray(line)) this.add(line as unknown as Line, at);
  }

  /** Adds what a line tells that stands at that offset. */
  add(line: Line, at: number): void {
    switch (line[0]) {
      case "own":
        // Of two that took it up from the same owner at once, the first has it.
        if (isOwner(line[1]) && line[2] === (this.owner?.token ?? "")) this.owner = line[1];
        return;
      case "file":
        if (!isFile(line[1])) return;
        this.file = line[1];
        this.part = { dev: String(line[2]), ino: String(line[3]) };
        this.damaged = false;
        this.#segments.clear();
        this.#last = undefined;
        return;
      case "seg":
        this.#addSegment(line[1], line[2], line[3], line[4], at);
        return;
      case "lost":
        if (this.#last?.start === line[1]) this.#last = undefined;
        this.#segments.delete(line[1]);
        return;
      case "mark":
        if (Number.isSafeInteger(line[1])) this.#synced = Math.max(this.#synced, Math.min(line[1], at));
        return;
    }
  }

  #addSegment(start: number, end: number, algorithm: string, checksum: string, at: number): void {
    if (!this.file || !this.owner || !isOffset(start) || !isOffset(end)) return;
    if (start >= end || end > this.file.size || typeof algorithm !== "string") return;
    if (this.#segments.has(start)) this.damaged = true;
    this.#last = { start, end, algorithm, checksum, at, by: this.owner };
    this.#segments.set(start, this.#last);
  }
}

const isOffset = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

function isOwner(value: unknown): value is Owner {
  const owner = value as Owner | null;
  if (typeof owner !== "object" || owner === null) return false;
  return isOffset(owner.pid) && [owner.token, owner.host, owner.boot, owner.space].every(isString);
}

function isFile(value: unknown): value is RemoteFile {
  const file = value as RemoteFile | null;
  if (typeof file !== "object" || file === null) return false;
  return (
    isString(file.name) && isString(file.version) && isOffset(file.size) && Number.isFinite(file.modified)
  );
}

const isString = (value: unknown): boolean => typeof value === "string";
