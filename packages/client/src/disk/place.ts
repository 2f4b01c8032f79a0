// Whether a folder is still the one that it was: it may be unmounted, moved away or replaced while a sync runs.

import fs from "node:fs";
import { TargetError } from "../errors.js";
import { native } from "./paths.js";

/** By what a folder is known, that of a link being the folder that it leads to. */
export function placeOf(folder: string): string {
  const { dev, ino } = fs.statSync(native(folder), { bigint: true });
  return `${dev}:${ino}`;
}

/** @throws {TargetError} `REPLACED` where another folder stands there, or none */
export function checkPlace(folder: string, place: string): void {
  if (isPlace(folder, place)) return;
  const reason = "it is not the folder any more that it was when the sync began: nothing more was removed";
  throw new TargetError("REPLACED", folder, reason, { verb: "read" });
}

function isPlace(folder: string, place: string): boolean {
  try {
    return placeOf(folder) === place;
  } catch {
    return false;
  }
}
