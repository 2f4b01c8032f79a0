// What an app gives: checked before anything is asked or written, as not every app is type-checked.

/** What an argument must be, in words, and whether a value is that. */
type Kind = readonly [words: string, is: (value: unknown) => boolean];

const isString = (value: unknown): boolean => typeof value === "string";

type KindName = "text" | "texts" | "flag" | "callback" | "object" | "signal";

/** Kinds of arguments. */
export const kinds: Readonly<Record<KindName, Kind>> = {
  text: ["a string", isString],
  texts: ["a list of strings", (value) => Array.isArray(value) && value.every(isString)],
  flag: ["true or false", (value) => typeof value === "boolean"],
  callback: ["a function", (value) => typeof value === "function"],
  object: ["an object", (value) => typeof value === "object" && value !== null],
  signal: ["an AbortSignal", (value) => typeof value === "object" && value !== null && "aborted" in value],
};

/** What each option must be, where it is given. */
export type Kinds<Options> = { readonly [Name in keyof Options]?: Kind };

/** @throws {TypeError} when options are no object, or one of them is of another kind */
export function checkOptions<Options extends object>(options: Options, known: Kinds<Options>): void {
  checkKind("options", options, kinds.object);
  for (const [name, kind] of Object.entries(known) as [keyof Options & string, Kind][]) {
    if (options[name] !== undefined) checkKind(name, options[name], kind);
  }
}

/** @throws {TypeError} when an argument is of another kind */
export function checkKind(name: string, value: unknown, [words, is]: Kind): void {
  if (!is(value)) throw new TypeError(`Cannot use ${name} ${shown(value)}: it must be ${words}`);
}

/** A value, as it is told of. */
export function shown(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
