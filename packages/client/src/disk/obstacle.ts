// What stands in the way of a file that would be saved, and how that is told.

import type { Stats } from "node:fs";
import { TargetError } from "../errors.js";

/** A folder where the file would go; or, where a folder would be, a link to one, or what is none. */
export type ObstacleKind = "folder" | "link" | keyof typeof words;

/** What stands at a path: that of the file itself, or one above it. */
export interface Obstacle {
  readonly path: string;
  readonly kind: ObstacleKind;
}

/** What is no folder, in words. */
const words = {
  file: "a file",
  deadLink: "a link that leads to no folder",
  pipe: "a named pipe",
  socket: "a socket",
  device: "a device",
};

/** What stands where a folder would be, and is none. */
export function noFolder(stats: Stats, leadsToFolder: () => boolean): Exclude<ObstacleKind, "folder"> {
  if (stats.isSymbolicLink()) return leadsToFolder() ? "link" : "deadLink";
  if (stats.isFIFO()) return "pipe";
  if (stats.isSocket()) return "socket";
  return stats.isFile() ? "file" : "device";
}

/** The failure of what it is in the way of. */
export function inTheWay({ path, kind }: Obstacle): TargetError {
  if (kind === "folder") return new TargetError("IS_FOLDER", path, "a folder of that name stands there");
  if (kind === "link")
    return new TargetError("UNSAFE_NAME", path, "a link stands there, which leads to another folder");
  return new TargetError("NOT_WRITTEN", path, `${words[kind]} stands where the folder would go`);
}
