// Names as peers know them (str) and as a folder has them (bytes), and which of them can be meant.
//
// A file system's names are bytes. What of them is no UTF-8 travels as lone surrogates, one for each byte, as Python's
// `surrogateescape` has it (PEP 383): so each name goes back to the bytes that it was read from.

import { sep } from "node:path";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What Buffer puts in the place of bytes that are no UTF-8. */
export const REPLACEMENT = "\uFFFD";

/** The most common names: of a file in the folder itself, and nothing about them to be looked at. */
const commonName = /^\w[\w. -]*$/;

/** Whether a name is that of a file in the folder itself, and the same text as its bytes. Few that are not of that kind are. */
export function isCommonName(name: string): boolean {
  return commonName.test(name);
}

/**
 * Names under which a client keeps a download that is under way. In any case of letters, as there are folders in which that
 * makes no difference.
 */
const download = /(?:^|\/)\.fileshare-[0-9a-f]{16}(?:-a(?:\u00e9|e\u0301))?\.(?:part|log)(?:\/|$)/i;

/** Whether a name is that of what a client is about to make, which is no file yet; or leads through a folder of such a name. */
export function isDownload(name: string): boolean {
  return name.includes(".") && download.test(name);
}

/** A byte 0x80 is the surrogate U+DC80, and so on. */
const ESCAPE = 0xdc00;

/** The name that stands for the bytes of a file's name. */
export function nameOf(bytes: Buffer): string {
  const name = bytes.toString("utf8");
  // The replacement character may as well be in the name itself.
  if (!name.includes(REPLACEMENT) || Buffer.from(name).equals(bytes)) return name;
  let escaped = "";
  for (let at = 0; at < bytes.length; ) {
    const character = characterAt(bytes, at);
    escaped += character ?? String.fromCharCode(ESCAPE + (bytes[at] as number));
    at += character === undefined ? 1 : Buffer.byteLength(character);
  }
  return escaped;
}

/**
 * The bytes that a name stands for; undefined for a name that no file in a folder can have: one with an empty component,
 * with `.` or `..`, with a NUL, or with surrogates that stand for nothing; and for one of a download under way.
 */
export function pathOf(name: string): Buffer | undefined {
  if (isDownload(name) || name.includes("\0") || (sep !== "/" && name.includes(sep))) return undefined;
  if (name.split("/").some((component) => component === "" || component === "." || component === ".."))
    return undefined;
  const path = rawPathOf(name);
  // Bytes that are text have been written otherwise than as text: there is one name for each file.
  return name.isWellFormed() || nameOf(path) === name ? path : undefined;
}

/** The bytes that a name stands for, which a folder has told. */
export function rawPathOf(name: string): Buffer {
  if (name.isWellFormed()) return Buffer.from(name);
  const parts: Buffer[] = [];
  for (const character of name) {
    const code = character.charCodeAt(0);
    const isEscaped = character.length === 1 && code >= ESCAPE + 0x80 && code <= ESCAPE + 0xff;
    parts.push(isEscaped ? Buffer.of(code - ESCAPE) : Buffer.from(character));
  }
  return Buffer.concat(parts);
}

/** The character whose UTF-8 begins there, if one does. */
function characterAt(bytes: Buffer, at: number): string | undefined {
  const first = bytes[at] as number;
  const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  try {
    return strict.decode(bytes.subarray(at, at + length));
  } catch {
    return undefined;
  }
}
