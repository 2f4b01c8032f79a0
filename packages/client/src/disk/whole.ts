// Files by their descriptor: whole reads and writes, where the system may do less than it was asked for.

import fs from "node:fs";
import { promisify } from "node:util";
import type { Hasher } from "./checksum.js";
import { isTrusted } from "./owner.js";
import { native } from "./paths.js";

const fsync = promisify(fs.fsync);

/** How much is read at a time to compute a checksum. */
const READ_BYTES = 1024 * 1024;

/**
 * Opens a file, without following a link.
 *
 * @returns nothing where none stands there and none is to be made, or something that is no file
 */
export function openRegular(path: string, flags: number): number | undefined {
  // Without O_NONBLOCK a pipe at that name would keep us waiting. Windows has neither, and no such pipes.
  const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants as Partial<typeof fs.constants>;
  let fd: number;
  try {
    fd = fs.openSync(native(path), flags | O_NOFOLLOW | O_NONBLOCK, 0o666);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (["ELOOP", "EMLINK", "EISDIR", "ENXIO"].includes(code)) return undefined;
    if (code === "ENOENT" && !(flags & fs.constants.O_CREAT)) return undefined;
    throw error;
  }
  if (fs.fstatSync(fd).isFile()) return fd;
  fs.closeSync(fd);
  return undefined;
}

/** The same; gives nothing either where the file may not be opened, or is another user's. */
export function openOwn(path: string, flags: number): number | undefined {
  let fd: number | undefined;
  try {
    fd = openRegular(path, flags);
    if (fd === undefined || isTrusted(fd, path)) return fd;
  } catch (error) {
    if (fd !== undefined) fs.closeSync(fd);
    if (["EACCES", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
  fs.closeSync(fd);
  return undefined;
}

/** Writes all bytes, at that position or, without one, where the file is. */
export function writeAll(fd: number, bytes: Uint8Array, position: number | null = null): void {
  for (let done = 0; done < bytes.length; ) {
    done += fs.writeSync(fd, bytes, done, bytes.length - done, position === null ? null : position + done);
  }
}

/** Reads so many bytes, or as many as there are. */
export function readUpTo(fd: number, length: number, position: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const read = fs.readSync(fd, bytes, done, length - done, position + done);
    if (read === 0) break;
    done += read;
  }
  return bytes.subarray(0, done);
}

/** The checksum of a stretch of a file; what is beyond its end counts as nothing. */
export function hashStretch(fd: number, start: number, end: number, hasher: Hasher): string {
  const buffer = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, end - start));
  for (let at = start; at < end; ) {
    const read = fs.readSync(fd, buffer, 0, Math.min(buffer.length, end - at), at);
    if (read === 0) break;
    hasher.update(buffer.subarray(0, read));
    at += read;
  }
  return hasher.value();
}

/** Gives a file its modification time, in seconds since 1970. */
export function setModified(fd: number, modified: number): void {
  // No calendar reaches further, and the number is from a peer.
  if (!Number.isFinite(modified) || Math.abs(modified) > 1e11) return;
  try {
    // Node takes a number below 0 for now, and not the same as text.
    fs.futimesSync(fd, Date.now() / 1000, modified < 0 ? String(modified) : modified);
  } catch {
    // Some file systems take no times, or not that one: the content is right all the same.
  }
}

/**
 * Gives a file the permissions of the one that it is to replace, where there is one. What else the mode holds (set-user-ID,
 * say) was not meant for what a peer sends.
 */
export function takePermissions(fd: number, target: string, more = 0): void {
  if (process.platform === "win32") return;
  try {
    const replaced = fs.lstatSync(native(target), { throwIfNoEntry: false });
    if (replaced?.isFile()) fs.fchmodSync(fd, (replaced.mode & 0o777) | more);
  } catch {
    // Some file systems take none: the content is right all the same.
  }
}

/** Waits until the names of the files in a folder are on the disk. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders.
  if (process.platform === "win32") return;
  const fd = fs.openSync(native(folder), "r");
  try {
    await fsync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Removes a file. Gives whether it is gone. */
export function tryRemove(path: string): boolean {
  try {
    fs.unlinkSync(native(path));
    return true;
  } catch {
    return false;
  }
}
