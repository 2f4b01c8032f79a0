// Which files of a tree are meant: patterns as shells have them.

import picomatch from "picomatch";

/** Patterns that choose files. */
export interface FilterOptions {
  /** Only files that one of these matches. Default: all. */
  readonly include?: readonly string[] | undefined;
  /** Of those, none that one of these matches. Default: none is left out. */
  readonly exclude?: readonly string[] | undefined;
}

/**
 * Whether a file is meant. A pattern without `/` is compared with the last part of a file's path, and one with `/` with
 * the whole of it; `*` stands within one part, `**` for any number of parts. A pattern that ends in `/` means all below a
 * folder.
 */
export function filterOf({ include, exclude }: FilterOptions): (name: string) => boolean {
  const isIncluded = include === undefined ? () => true : matcher(include);
  if (include === undefined && (exclude ?? []).length === 0) return () => true;
  const isExcluded = matcher(exclude ?? []);
  return (name) => isIncluded(name) && !isExcluded(name);
}

function matcher(patterns: readonly string[]): (name: string) => boolean {
  if (patterns.length === 0) return () => false;
  const matchers = patterns.map((pattern) => {
    const whole = pattern.endsWith("/") ? `${pattern}**` : pattern;
    // A `/` at the start only says that the pattern is one for the whole path.
    return picomatch(whole.replace(/^\//, ""), {
      dot: true,
      basename: !pattern.includes("/"),
    });
  });
  return (name) => matchers.some((matches) => matches(name));
}
