// From the name of a file to where it is saved: never outside the folder, whatever the name.

import type { Stats } from "node:fs";
import { lstat, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { TargetError } from "../errors.js";

/** Names that Windows takes for devices, with or without an extension, and spaces before that. */
const windowsDevices = /^(con|conin\$|conout\$|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]) *(\..*)?$/i;

/** Why a name may not be used for a file, if so. */
function whyUnsafe(name: string): string | undefined {
  if (name === "") return "the name is empty";
  if (name === "." || name === "..") return "the name is that of a folder";
  if (/[/\\]/.test(name)) return "the name holds a path separator";
  if (name.includes("\0")) return "the name holds a NUL character";
  if (!name.isWellFormed()) return "the name is not valid Unicode";
  if (process.platform !== "win32") return undefined;
  if (windowsDevices.test(name)) return "the name is that of a device";
  if (/[<>:"|?*]/.test(name) || hasControls(name))
    return "the name holds a character that this system cannot";
  if (/[. ]$/.test(name)) return "the name ends in a dot or a space";
  return undefined;
}

function hasControls(name: string): boolean {
  return Array.from(name).some((character) => character < " ");
}

/**
 * The path for a file of that name in the folder, which is made if need be.
 *
 * @throws {TargetError} when the name is not safe, the folder cannot be made, or a folder stands at the path
 */
export async function resolveTarget(folder: string, name: string): Promise<string> {
  const unsafe = whyUnsafe(name);
  if (unsafe) throw new TargetError("UNSAFE_NAME", name, unsafe);
  const path = join(folder, name);
  const stats = await existing(folder, path).catch((cause: NodeJS.ErrnoException) => {
    throw new TargetError("NOT_WRITTEN", path, cause.message, { cause });
  });
  if (stats?.isDirectory()) throw new TargetError("IS_FOLDER", path, "a folder of that name stands there");
  return path;
}

/** What stands at the path already, if anything, in a folder that is there afterwards. */
async function existing(folder: string, path: string): Promise<Stats | undefined> {
  await makeFolder(folder);
  return lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    return undefined;
  });
}

/** Makes a folder, and those above it. (Node's own recursive mkdir never ends where the file system takes no folder.) */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Whatever stands there is told by what is done next.
    if (code === "EEXIST") return;
    if (code !== "ENOENT" || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await mkdir(path).catch((again: NodeJS.ErrnoException) => {
      if (again.code !== "EEXIST") throw again;
    });
  }
}
