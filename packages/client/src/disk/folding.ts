// Which names the file system takes for one, as far as that can be found out in a folder.

import fs from "node:fs";
import { dirname, join } from "node:path";
import { anyHex } from "./crypto.js";
import { native, PROBE } from "./paths.js";

/** What a file system takes for the same. */
export interface Folding {
  readonly ignoresCase: boolean;
  readonly ignoresForm: boolean;
}

/** What is the same in a folder that need not be there, by what stands there alone: where that does not tell, nothing is. */
export function seenFolding(folder: string): Folding {
  const { ignoresCase = false, ignoresForm = false } = foundBy(folder, namesIn(folder));
  return { ignoresCase, ignoresForm };
}

function namesIn(folder: string): string[] {
  try {
    return fs.readdirSync(native(folder));
  } catch {
    return [];
  }
}

/**
 * What is the same in a folder: by what stands there, and else by a file that is made there and removed. Where neither tells, names that
 * may be the same are taken for such, unless nothing can be written, so that none takes another's place.
 *
 * @param names what is in it
 */
export function foldingOf(folder: string, names: readonly string[]): Folding {
  const found = foundBy(folder, names);
  const { ignoresCase = found.ignoresCase, ignoresForm = found.ignoresForm } =
    found.ignoresCase === undefined || found.ignoresForm === undefined ? probed(folder) : found;
  return { ignoresCase: ignoresCase ?? true, ignoresForm: ignoresForm ?? true };
}

/** The same of a folder that need not be there: then it is like the one that it would be made in. */
export function foldingAt(folder: string): Folding {
  for (let path = folder; ; path = dirname(path)) {
    try {
      return foldingOf(path, fs.readdirSync(native(path)));
    } catch (error) {
      const isThere = (error as NodeJS.ErrnoException).code !== "ENOENT";
      if (isThere || path === dirname(path)) return foldingOf(path, []);
    }
  }
}

/** What is known; undefined where it is not. */
interface Found {
  readonly ignoresCase?: boolean | undefined;
  readonly ignoresForm?: boolean | undefined;
}

function probed(folder: string): Found {
  // Some file systems take no names but in ASCII.
  for (const end of [PROBE, ".part"]) {
    const name = `.fileshare-${anyHex(16)}${end}`;
    const path = native(join(folder, name));
    try {
      fs.closeSync(fs.openSync(path, "wx"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EROFS")
        return { ignoresCase: false, ignoresForm: false };
      continue;
    }
    try {
      return foundBy(folder, [name]);
    } finally {
      remove(path);
    }
  }
  return {};
}

function remove(path: string | Buffer): void {
  try {
    fs.rmSync(path, { force: true });
  } catch {
    // Where nothing may be removed it stays: the next sync sees by it what this one has seen.
  }
}

function foundBy(folder: string, names: readonly string[]): Found {
  return {
    ignoresCase: isSame(folder, names, inOtherCase),
    ignoresForm: isSame(folder, names, inOtherForm),
  };
}

/** Whether the first name that can be written otherwise is the same then; undefined where that cannot be told. */
function isSame(
  folder: string,
  names: readonly string[],
  otherOf: (name: string) => string | undefined,
): boolean | undefined {
  for (const name of names) {
    const other = otherOf(name);
    if (other === undefined) continue;
    if (names.includes(other)) return false;
    const isThere = exists(join(folder, other));
    // It may be gone by now.
    return exists(join(folder, name)) ? isThere : undefined;
  }
  return undefined;
}

function exists(path: string): boolean {
  try {
    return fs.lstatSync(native(path), { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

/** A name in ASCII letters of the other case: what else has cases may not be known to the file system. */
function inOtherCase(name: string): string | undefined {
  if (isDamaged(name)) return undefined;
  const upper = name.replace(/[a-z]/g, (letter) => letter.toUpperCase());
  const other = upper === name ? name.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) : upper;
  return other === name ? undefined : other;
}

function inOtherForm(name: string): string | undefined {
  if (!/[^\0-\x7f]/.test(name) || isDamaged(name)) return undefined;
  const apart = name.normalize("NFD");
  const other = apart === name ? name.normalize("NFC") : apart;
  return other === name ? undefined : other;
}

/** A name whose bytes are no UTF-8 is read as another. */
const isDamaged = (name: string): boolean => name.includes("\ufffd");
