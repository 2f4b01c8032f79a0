// Small files, whole.

import fs from "node:fs";
import { promisify } from "node:util";
import { ChecksumError } from "../errors.js";
import { type Checksum, checksumOf } from "./checksum.js";
import type { RemoteFile } from "./journal.js";
import { removeInterrupted } from "./part-file.js";
import { native, temporaryPath } from "./paths.js";
import { setModified, syncFolder, writeAll } from "./whole.js";

const fsync = promisify(fs.fsync);

/**
 * Saves a file that appears under its name when it is whole.
 *
 * @returns a promise only where there is something to wait for: most files are saved by the time this returns
 */
export function saveFile(
  target: string,
  { size, modified }: RemoteFile,
  bytes: Uint8Array,
  checksum: Checksum | undefined,
  durable: boolean,
): void | Promise<void> {
  if (bytes.length !== size) throw new RangeError(`there are ${bytes.length} bytes of ${size}`);
  const value = checksum && checksumOf(checksum.algorithm, bytes);
  if (checksum && value !== undefined && value !== checksum.value) {
    const reason = `its ${checksum.algorithm} is ${value}, the server says ${checksum.value}`;
    throw new ChecksumError(target, reason);
  }
  if (durable) return saveDurably(target, bytes, modified);
  const { fd, path } = write(target, bytes, modified);
  fs.closeSync(fd);
  rename(path, target);
}

/** Writes a file under a name of its own, which is left open. */
function write(target: string, bytes: Uint8Array, modified: number): { fd: number; path: string } {
  const path = temporaryPath(target);
  const fd = fs.openSync(native(path), "wx");
  try {
    writeAll(fd, bytes);
    setModified(fd, modified);
    return { fd, path };
  } catch (error) {
    fs.closeSync(fd);
    fs.unlinkSync(native(path));
    throw error;
  }
}

/** How many files are open at once that wait for the disk. */
const MAX_WAITING = 8;
let waiting = 0;
const turns: (() => void)[] = [];

async function saveDurably(target: string, bytes: Uint8Array, modified: number): Promise<void> {
  if (waiting === MAX_WAITING) await new Promise<void>((resolve) => turns.push(resolve));
  else waiting++;
  try {
    await saveAndSync(target, bytes, modified);
  } finally {
    // Whoever is next takes the place over.
    const next = turns.shift();
    if (next) next();
    else waiting--;
  }
}

async function saveAndSync(target: string, bytes: Uint8Array, modified: number): Promise<void> {
  const { fd, path } = write(target, bytes, modified);
  try {
    await fsync(fd);
  } catch (error) {
    fs.closeSync(fd);
    fs.unlinkSync(native(path));
    throw error;
  }
  fs.closeSync(fd);
  rename(path, target);
  await syncFolder(target);
}

function rename(path: string, target: string): void {
  try {
    fs.renameSync(native(path), native(target));
  } catch (error) {
    fs.unlinkSync(native(path));
    throw error;
  }
  removeInterrupted(target);
}
