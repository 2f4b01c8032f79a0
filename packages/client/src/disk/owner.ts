// Who is at work on a download, and whether they still are.

import fs from "node:fs";
import { hostname, uptime } from "node:os";
import { dirname } from "node:path";
import { crypto } from "./crypto.js";
import { native } from "./paths.js";

/** Who took up a download. */
export interface Owner {
  /** Of this time that it was taken up, and no other. */
  readonly token: string;
  /** The process; 0 once it has let go. */
  readonly pid: number;
  /** The machine, its start, and the container in which the pid means something. */
  readonly host: string;
  readonly boot: string;
  readonly space: string;
}

/** Written to so lately, a file counts as in use where its owner's process cannot be looked for. A later time is no time. */
const FRESH_MS = 20_000;

/** Where the system only tells how long it has been up, that and its clock differ a little each time. */
const BOOT_TOLERANCE_S = 10;

const host = hostname();
const boot = readOr("/proc/sys/kernel/random/boot_id", () => `~${Math.round(Date.now() / 1000 - uptime())}`);
const space = readLinkOr("/proc/self/ns/pid", "");

function readOr(path: string, otherwise: () => string): string {
  try {
    return fs.readFileSync(path, "latin1").trim();
  } catch {
    return otherwise();
  }
}

function readLinkOr(path: string, otherwise: string): string {
  try {
    return fs.readlinkSync(path);
  } catch {
    return otherwise;
  }
}

/**
 * Whether what a file holds may be believed: it is this user's, or of whoever owns the folder, who may put there what they
 * like as it is.
 */
export function isTrusted(fd: number, path: string): boolean {
  const user = process.geteuid?.();
  if (user === undefined) return true;
  const { uid } = fs.fstatSync(fd);
  return uid === user || uid === fs.statSync(native(dirname(path))).uid;
}

/** This process, or, with 0 for the pid, nobody any more. */
export function self(pid: number = process.pid): Owner {
  return { token: crypto().randomBytes(8).toString("hex"), pid, host, boot, space };
}

/** Whether the system has not been restarted since that owner was at work: what was written then is not lost. */
export function sinceThisBoot(owner: Pick<Owner, "host" | "boot">): boolean {
  if (owner.host !== host) return false;
  if (owner.boot === boot) return true;
  if (!owner.boot.startsWith("~") || !boot.startsWith("~")) return false;
  return Math.abs(Number(owner.boot.slice(1)) - Number(boot.slice(1))) <= BOOT_TOLERANCE_S;
}

/**
 * Whether an owner may still be at work.
 *
 * @param fd the journal in which it is named, as it was opened by us
 * @param part the file that it would be writing to
 */
export function isHeld(owner: Owner, fd: number, part: string): boolean {
  if (owner.pid === 0) return false;
  const sameHost = owner.host === host;
  if (sameHost && !sinceThisBoot(owner)) return false;
  if (!sameHost || owner.space !== space) return Math.abs(Date.now() - lastWritten(fd, part)) < FRESH_MS;
  return process.platform === "linux" ? hasOpen(owner.pid, fd) : isAlive(owner.pid);
}

function lastWritten(fd: number, part: string): number {
  const stats = fs.lstatSync(native(part), { throwIfNoEntry: false });
  return Math.max(fs.fstatSync(fd).mtimeMs, stats?.mtimeMs ?? 0);
}

/**
 * Whether a process has that file open: a pid alone may be another process's by now, or that of a process whose other
 * threads are long done with it.
 */
function hasOpen(pid: number, fd: number): boolean {
  const wanted = fs.fstatSync(fd, { bigint: true });
  const folder = `/proc/${pid}/fd`;
  let names: string[];
  try {
    names = fs.readdirSync(folder);
  } catch {
    return isAlive(pid);
  }
  return names.some((name) => {
    if (pid === process.pid && name === String(fd)) return false;
    try {
      const { dev, ino } = fs.statSync(`${folder}/${name}`, { bigint: true });
      return dev === wanted.dev && ino === wanted.ino;
    } catch {
      return false;
    }
  });
}

/** The files that processes have open, by device and number, as far as the system tells: only Linux does. */
export function openFiles(): Set<string> {
  const open = new Set<string>();
  if (process.platform !== "linux") return open;
  for (const pid of fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      for (const fd of fs.readdirSync(`/proc/${pid}/fd`)) {
        const stats = fs.statSync(`/proc/${pid}/fd/${fd}`, { bigint: true, throwIfNoEntry: false });
        if (stats) open.add(`${stats.dev}:${stats.ino}`);
      }
    } catch {
      // Another user's, or over by now.
    }
  }
  return open;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
