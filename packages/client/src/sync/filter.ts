// Which files of a tree are meant: patterns as .gitignore and rsync have them.

import picomatch from "picomatch";
import { isTooLong } from "../transfer/target.js";
import { isPattern } from "./patterns.js";

/** Patterns that choose files. */
export interface FilterOptions {
  /** Only files that one of these matches. Default: all. */
  readonly include?: readonly string[] | undefined;
  /** Of those, none that one of these matches. Default: none is left out. */
  readonly exclude?: readonly string[] | undefined;
}

/** What {@link filterOf} gives where all files are meant. */
export const isAny = (): boolean => true;

/**
 * Whether a file is meant. A pattern means the files that it matches, and all that is below a folder that it matches. One
 * without `/`, but for one at its end, matches at any depth; any other is a path from the top. One that ends in `/` matches
 * folders alone. `*` stands within one part of a path, `**` for any number of parts.
 *
 * @throws {TypeError} when a pattern is empty
 */
export function filterOf({ include, exclude }: FilterOptions): (name: string) => boolean {
  if (include === undefined && (exclude ?? []).length === 0) return isAny;
  const isIncluded = include === undefined ? () => true : matcherOf(include);
  const isExcluded = matcherOf(exclude ?? []);
  return (name) => isIncluded(name) && !isExcluded(name);
}

/**
 * Whether one of the patterns means a file. None means one whose name is longer than any path here: it cannot be saved, and
 * the time that a pattern takes may grow faster than the name.
 *
 * @param options.filesOnly a pattern matches no folder unless it ends in `/`, as in a shell
 * @throws {TypeError} when a pattern is empty
 */
export function matcherOf(
  patterns: readonly string[],
  { filesOnly = false }: { readonly filesOnly?: boolean } = {},
): (name: string) => boolean {
  if (patterns.length === 0) return () => false;
  const matchers = patterns.map((pattern) => matcher(pattern, filesOnly));
  return (name) => {
    if (isTooLong(name)) return false;
    const parts = name.split("/");
    return matchers.some((isMatch) => isMatch(parts));
  };
}

/**
 * Whether one of the patterns may mean a file below a folder, as far as how they begin tells.
 *
 * @param folder its name, with a `/` at its end
 */
export function mayMatchBelow(patterns: readonly string[], folder: string): boolean {
  return patterns.some((pattern) => {
    const { core, isAnchored } = partsOf(pattern);
    const { base } = picomatch.scan(core);
    return !isAnchored || base === "" || `${base}/`.startsWith(folder) || folder.startsWith(`${base}/`);
  });
}

function matcher(pattern: string, filesOnly: boolean): (parts: readonly string[]) => boolean {
  if (!isPattern(pattern))
    throw new TypeError(`Cannot use the pattern ${JSON.stringify(pattern)}: it is empty`);
  const { core, isAnchored, ofFolders } = partsOf(pattern);
  const isMatch = picomatch(core, { dot: true, nonegate: true, strictSlashes: true });
  return (parts) =>
    parts.some((part, i) => {
      const isFile = i === parts.length - 1;
      if (isFile ? ofFolders : filesOnly && !ofFolders) return false;
      return isMatch(isAnchored ? parts.slice(0, i + 1).join("/") : part);
    });
}

/** What of a pattern is compared; whether with paths from the top, and whether with folders alone. */
function partsOf(pattern: string): {
  readonly core: string;
  readonly isAnchored: boolean;
  readonly ofFolders: boolean;
} {
  const path = pattern.replace(/^\.?\/+/, "");
  const core = path.replace(/\/+$/, "");
  return { core, isAnchored: path !== pattern || core.includes("/"), ofFolders: path !== core };
}
