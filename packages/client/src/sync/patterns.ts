// What a pattern is, without what compares it: the command asks that before it does anything.

/** Whether a pattern names something: an empty one may be a variable that nobody has set. */
export function isPattern(pattern: unknown): boolean {
  return typeof pattern === "string" && /[^/]/.test(pattern.replace(/^\.\//, ""));
}
