// Whether files can be saved in a folder, as far as that can be told before anything is asked.

import { access, constants, lstat, stat } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { native } from "../disk/paths.js";
import { TargetError } from "../errors.js";

/** @throws {TargetError} when a file stands at the path, or on the way to it; or it is no path */
export async function checkFolder(folder: string): Promise<void> {
  for (let path = resolve(folder); ; path = dirname(path)) {
    const isFolder = await stat(native(path)).then(
      (stats) => stats.isDirectory(),
      // What is not there is made, and whatever else is wrong is told by making it.
      () => undefined,
    );
    if (isFolder === false) throw new TargetError("NOT_WRITTEN", folder, "it is a file, not a folder");
    if (isFolder || path === dirname(path)) return;
  }
}

/**
 * Whether a folder is not there, and can be made when something is to be saved in it, as far as can be told: so nothing is left
 * of it where the server refuses. Where this is false it is there, or to make it tells why that cannot be.
 *
 * @param top the one that it is in, or the same. It may be reached by links; below it none is followed
 */
export async function isMadeLater(top: string, folder: string): Promise<boolean> {
  let path = top;
  for (const step of ["", ...relative(top, folder).split(sep)]) {
    path = join(path, step);
    const look = path === top ? stat : lstat;
    try {
      const stats = await look(native(path));
      if (!stats.isDirectory()) return false;
    } catch (error) {
      return isNotThere(error) && canBeMade(path);
    }
  }
  return false;
}

/** Whether the user may write to the folder that a path would be made in. */
async function canBeMade(path: string): Promise<boolean> {
  for (let above = dirname(path); ; above = dirname(above)) {
    try {
      await access(native(above), constants.W_OK | constants.X_OK);
      return true;
    } catch (error) {
      if (!isNotThere(error) || above === dirname(above)) return false;
    }
  }
}

function isNotThere(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}
