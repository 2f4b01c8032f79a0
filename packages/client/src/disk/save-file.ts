// Small files, whole.

import fs from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { ChecksumError } from "../errors.js";
import { type Checksum, checksumOf } from "./checksum.js";
import { removeInterrupted } from "./interrupted.js";
import type { RemoteFile } from "./journal.js";
import { native, temporaryPath } from "./paths.js";
import { setModified, syncFolder, takePermissions, writeAll } from "./whole.js";

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
  if (checksum) checkBytes(target, bytes, checksum);
  if (durable) return saveDurably(target, bytes, modified).then(() => removeInterrupted(target));
  saveNow(target, bytes, modified, true);
  removeInterrupted(target);
}

/** @throws {ChecksumError} where bytes are not those that the server sent */
export function checkBytes(target: string, bytes: Uint8Array, { algorithm, value }: Checksum): void {
  const computed = checksumOf(algorithm, bytes);
  if (computed === undefined || computed === value) return;
  throw new ChecksumError(target, `its ${algorithm} is ${computed}, the server says ${value}`);
}

/**
 * Saves a file, wherever the system keeps it for now. What an interrupted download has left is not looked for.
 *
 * @param replaces whether a file may stand there, whose permissions it gets
 */
export function saveNow(target: string, bytes: Uint8Array, modified: number, replaces: boolean): void {
  const { fd, path } = write(target, bytes, modified, replaces);
  fs.closeSync(fd);
  rename(path, target);
}

/** Writes a file under a name of its own, which is left open. */
function write(
  target: string,
  bytes: Uint8Array,
  modified: number,
  replaces: boolean,
): { fd: number; path: string | Buffer } {
  const path = native(temporaryPath(target));
  const fd = fs.openSync(path, "wx");
  try {
    if (replaces) takePermissions(fd, target);
    writeAll(fd, bytes);
    setModified(fd, modified);
    return { fd, path };
  } catch (error) {
    fs.closeSync(fd);
    fs.unlinkSync(path);
    throw error;
  }
}

/** How many files are open at once that wait for the disk. */
const MAX_WAITING = 8;
let waiting = 0;
const turns: (() => void)[] = [];

/** The same, and resolves when the disk itself has the file. */
function saveDurably(target: string, bytes: Uint8Array, modified: number): Promise<void> {
  return inTurn(async () => {
    await saveAndSync(target, bytes, modified, true);
    await syncFolder(dirname(target));
  });
}

/**
 * Saves a file whose content the disk itself has; its name is on the disk when the folder is.
 *
 * @param replaces whether a file may stand there, whose permissions it gets
 * @param isWanted asked when its turn has come
 * @returns false where it was not wanted any more
 */
export function saveContent(
  target: string,
  bytes: Uint8Array,
  modified: number,
  replaces: boolean,
  isWanted: () => boolean,
): Promise<boolean> {
  return inTurn(async () => {
    if (!isWanted()) return false;
    await saveAndSync(target, bytes, modified, replaces);
    return true;
  });
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (waiting === MAX_WAITING) await new Promise<void>((resolve) => turns.push(resolve));
  else waiting++;
  try {
    return await work();
  } finally {
    // Whoever is next takes the place over.
    const next = turns.shift();
    if (next) next();
    else waiting--;
  }
}

async function saveAndSync(
  target: string,
  bytes: Uint8Array,
  modified: number,
  replaces: boolean,
): Promise<void> {
  const { fd, path } = write(target, bytes, modified, replaces);
  try {
    await fsync(fd);
  } catch (error) {
    fs.closeSync(fd);
    fs.unlinkSync(path);
    throw error;
  }
  fs.closeSync(fd);
  rename(path, target);
}

function rename(path: string | Buffer, target: string): void {
  try {
    fs.renameSync(path, native(target));
  } catch (error) {
    fs.unlinkSync(path);
    throw error;
  }
}
