// Paths as strings, and as what the file system takes.

import { basename, dirname, join, sep } from "node:path";
import { TargetError } from "../errors.js";
import { anyHex, crypto } from "./crypto.js";

/**
 * What names of files that are on their way look like, also where the file system ignores case. A folder's contents are told
 * without them.
 */
export const temporaryName: RegExp = /^\.fileshare-[0-9a-f]{16}(-a(\u00e9|e\u0301))?\.(part|log)$/i;

/** The end of the name of a file by which it is found out what is the same name where it stands. */
export const PROBE = "-a\u00e9.part";

/**
 * A path for the file system. Lone surrogates U+DC80 to U+DCFF become the bytes that they stand for (PROTOCOL.md 6.4).
 *
 * @throws {TargetError} `BAD_NAME` where the string stands for no path of this system
 */
export function native(path: string): string | Buffer {
  if (path.includes("\0")) throw new TargetError("BAD_NAME", path, "the name holds a NUL character");
  if (path.isWellFormed()) return path;
  if (process.platform === "win32") throw new TargetError("BAD_NAME", path, "the name is not valid Unicode");
  const bytes = escapedBytes(path);
  // What is valid once it is bytes had another name all along: two names would be one file.
  if (!bytes || textOf(bytes) !== path)
    throw new TargetError("BAD_NAME", path, "the name stands for no bytes");
  return bytes;
}

function escapedBytes(text: string): Buffer | undefined {
  const parts: Buffer[] = [];
  for (const run of text.split(/([\udc80-\udcff])/u)) {
    const unit = run.charCodeAt(0);
    if (run.length === 1 && unit >= 0xdc80 && unit <= 0xdcff) parts.push(Buffer.of(unit - 0xdc00));
    else if (run.isWellFormed()) parts.push(Buffer.from(run));
    else return undefined;
  }
  return Buffer.concat(parts);
}

/** Bytes as text; each that is not part of valid UTF-8 as a lone surrogate. */
export function textOf(bytes: Buffer): string {
  let text = "";
  let from = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    if (length === 0) {
      text += bytes.toString("utf8", from, at) + String.fromCharCode(0xdc00 + (bytes[at] as number));
      from = at + 1;
    }
    at += length || 1;
  }
  return text + bytes.toString("utf8", from);
}

/** How many bytes the character at that place has, 0 where there is none. */
function sequenceLength(bytes: Buffer, at: number): number {
  const lead = bytes[at] as number;
  if (lead < 0x80) return 1;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || at + length > bytes.length) return 0;
  for (let i = 1; i < length; i++) if (((bytes[at + i] as number) & 0xc0) !== 0x80) return 0;
  // Characters written longer than need be, halves of surrogate pairs, and what is beyond Unicode.
  const second = bytes[at + 1] as number;
  if (lead === 0xe0 && second < 0xa0) return 0;
  if (lead === 0xed && second > 0x9f) return 0;
  if (lead === 0xf0 && second < 0x90) return 0;
  if (lead === 0xf4 && second > 0x8f) return 0;
  return length;
}

/** The two files of a download that can be resumed. */
export interface Names {
  readonly part: string;
  readonly log: string;
}

/** Where a download to that target is kept while it lasts, the same in every run. */
export function resumableNames(target: string): Names {
  // The name's code units, as a string that is not well-formed has no UTF-8.
  const name = crypto()
    .hash("sha256", Buffer.from(basename(target), "utf16le"))
    .slice(0, 16);
  const stem = join(dirname(target), `.fileshare-${name}`);
  return { part: `${stem}.part`, log: `${stem}.log` };
}

const run = anyHex(8);
let made = 0;

/** A name beside the target that no other file has. */
export function temporaryPath(target: string): string {
  made = (made + 1) >>> 0;
  // What is beside it begins as it does, up to the last separator: to take paths apart takes longer.
  const folder = target.slice(0, target.lastIndexOf(sep) + 1);
  return `${folder}.fileshare-${run}${made.toString(16).padStart(8, "0")}.part`;
}
