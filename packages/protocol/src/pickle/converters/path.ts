// The paths of pathlib.

import type { ClassName, RegisteredClass } from "../classes.js";
import { PyObject } from "../objects.js";
import { PyGlobal, PyTuple } from "../values.js";
import { toText } from "./check.js";

/** A class of `pathlib`. */
export type PathClass = "PurePosixPath" | "PureWindowsPath" | "PosixPath" | "WindowsPath";

/**
 * A path of Python's `pathlib`, as the segments that Python's class is called with: all parts of the path, or from
 * Python 3.13 on the texts that it was made of. Nothing is looked up in a file system, and nothing is resolved: check a
 * path from a peer before you open it.
 */
export class PyPath {
  readonly kind: PathClass;
  readonly segments: readonly string[];

  constructor(kind: PathClass, segments: readonly string[]) {
    this.kind = kind;
    this.segments = segments;
  }

  /**
   * The segments in a row, as Python's `str` gives the path of a class for POSIX. Of a path for Windows they are only
   * joined.
   */
  toString(): string {
    return this.kind.endsWith("WindowsPath") ? windowsText(this.segments) : posixText(this.segments);
  }

  toJSON(): string {
    return this.toString();
  }
}

/** As `PurePosixPath`: an absolute segment drops what stands before, and no segment is empty or a dot. */
function posixText(segments: readonly string[]): string {
  const last = segments.findLastIndex((segment) => segment.startsWith("/"));
  const text = segments
    .slice(Math.max(0, last))
    .reduce(
      (path, segment) => (path === "" || path.endsWith("/") ? path + segment : `${path}/${segment}`),
      "",
    );
  // Two slashes at the beginning mean something else than one or three: POSIX, 4.13 Pathname Resolution.
  const root = /^\/\/(?!\/)/.test(text) ? "//" : text.startsWith("/") ? "/" : "";
  const parts = text.split("/").filter((part) => part !== "" && part !== ".");
  return root + parts.join("/") || ".";
}

function joined(path: string, segment: string): string {
  return path === "" || /[\\/]$|^[a-z]:$/i.test(path) ? path + segment : `${path}\\${segment}`;
}

function windowsText(segments: readonly string[]): string {
  return segments.reduce(joined, "") || ".";
}

const names: readonly ClassName[] = [
  ["pathlib", "PurePosixPath"],
  ["pathlib", "PureWindowsPath"],
  ["pathlib", "PosixPath"],
  ["pathlib", "WindowsPath"],
  ["pathlib._local", "PurePosixPath"],
  ["pathlib._local", "PureWindowsPath"],
  ["pathlib._local", "PosixPath"],
  ["pathlib._local", "WindowsPath"],
];

/**
 * The four classes of `pathlib` as {@link PyPath}. Written with the names that all versions of Python know; bytes as
 * Python to 3.12 writes them, but that Python writes two equal parts of a path once.
 */
export const path: RegisteredClass<PyPath> = {
  names,
  type: PyPath,
  create: (args, { qualname }) => {
    const segments = args.map((arg) => toText(arg, "a part of a path"));
    return new PyPath(qualname as PathClass, segments);
  },
  reduce: ({ kind, segments }) => new PyObject(new PyGlobal("pathlib", kind), new PyTuple([...segments])),
};
