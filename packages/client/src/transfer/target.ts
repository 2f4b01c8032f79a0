// From the name of a file to where it is saved: never outside the folder, whatever the name.

import { dirname, join, resolve, sep } from "node:path";
import type { Disk } from "../disk/disk.js";
import { temporaryName } from "../disk/paths.js";
import { TargetError } from "../errors.js";
import type { LocalFile } from "./download.js";
import { isMadeLater } from "./target-folder.js";

/** Names that Windows takes for devices, with or without an extension, and spaces before that. */
const windowsDevices = /^(con|conin\$|conout\$|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]) *(\..*)?$/i;

/** The most common names, and safe: of no folder, and no way in or out of one. */
const commonName = /^\w[\w. -]*$/;

/** Characters that stand for bytes which are no UTF-8 (PROTOCOL.md 6.4). */
const escapedBytes = /[\udc80-\udcff]/gu;

/** The longest path that there is on any system we run on, and the longest name in it, in characters. */
const MAX_PATH_CHARACTERS = 4096;
const MAX_NAME_CHARACTERS = 255;

/** What takes time that grows with a name's length is not begun with one that cannot be saved anyhow. */
export function isTooLong(name: string): boolean {
  if (name.length <= MAX_NAME_CHARACTERS) return false;
  if (name.length > MAX_PATH_CHARACTERS) return true;
  return name.split("/").some((part) => part.length > MAX_NAME_CHARACTERS);
}

/** Whether all are names of files in the folder itself whose paths are the same, as most are. */
export function areCommon(names: readonly string[]): boolean {
  if (process.platform === "win32") return false;
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    if (name.length > MAX_NAME_CHARACTERS || !commonName.test(name)) return false;
  }
  return true;
}

/** Why a name may not be used for a file or folder, if so. */
function whyUnsafe(name: string): string | undefined {
  if (name === "") return "the name is empty";
  if (name === ".") return "the name is that of a folder";
  if (name === "..") return "the name leads out of the folder";
  if (name.includes("/") || name.includes("\\")) return "the name holds a path separator";
  if (name.includes("\0")) return "the name holds a NUL character";
  // What stands under such a name is believed of a download: nobody else may put anything there.
  if (temporaryName.test(name)) return "the name is that of a download on its way";
  const isText = name.isWellFormed();
  if (!isText && !name.replace(escapedBytes, "").isWellFormed()) return "the name is not valid Unicode";
  if (process.platform !== "win32") return undefined;
  if (!isText) return "the name is not valid Unicode";
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
 * The path for a file of that name, from the folder that it is saved in. A name with `/` in it goes into folders below.
 *
 * @throws {TargetError} `UNSAFE_NAME` when it could mean something else than a file in the folder
 * @throws {TargetError} `BAD_NAME` when it is longer than any file system takes
 */
export function pathWithin(name: string): string {
  if (isTooLong(name)) throw new TargetError("BAD_NAME", name, "the name is too long");
  if (process.platform !== "win32" && commonName.test(name)) return name;
  if (name.startsWith("/")) throw new TargetError("UNSAFE_NAME", name, "the name begins with /");
  const parts = name.split("/");
  for (const part of parts) {
    const unsafe = whyUnsafe(part);
    if (unsafe) throw new TargetError("UNSAFE_NAME", name, unsafe);
  }
  return sep === "/" ? name : parts.join(sep);
}

/** The same with the folder, which need not be an absolute path. */
export function targetPath(folder: string, name: string): string {
  return join(folder, pathWithin(name));
}

/** Where a download goes, and the file that is there now. */
export interface Target {
  /** From the folder, as that was given. */
  readonly path: string;
  readonly absolute: string;
  readonly existing: LocalFile | undefined;
  /** Makes the folder that it is in, and those above; undefined where that is there. It may reject with a TargetError. */
  readonly makeFolder: (() => Promise<void>) | undefined;
}

/**
 * The place for a file of that name in the folder; from the working directory as it is when this is called.
 *
 * @throws {TargetError} when the name is not safe, the folder surely cannot be made, or a folder stands at the path
 */
export async function resolveTarget(disk: Disk, folder: string, name: string): Promise<Target> {
  const path = targetPath(folder, name);
  const top = resolve(folder);
  const absolute = resolve(path);
  const above = dirname(absolute);
  const makeFolder = async (): Promise<void> => {
    const [notMade] = (await disk.makeFolders(top, [above])).values();
    if (notMade) throw notMade;
  };
  if (await isMadeLater(top, above)) return { path, absolute, existing: undefined, makeFolder };
  // It is there, without a link on the way; or this says why not.
  await makeFolder();
  const [{ kinds, sizes, modified, steps }] = await Promise.all([disk.stat([absolute]), disk.tidy(above)]);
  if (kinds[0] === "folder") throw new TargetError("IS_FOLDER", path, "a folder of that name stands there");
  const isFile = kinds[0] === "file";
  return {
    path,
    absolute,
    existing: isFile
      ? { size: sizes[0] as number, modified: modified[0] as number, step: steps[0] as number }
      : undefined,
    makeFolder: undefined,
  };
}
