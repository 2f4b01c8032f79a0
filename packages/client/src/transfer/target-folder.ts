// Whether files can be saved in a folder, as far as that can be told before anything is asked.

import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
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
