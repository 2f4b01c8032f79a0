// What an app gives: checked when it is given, as not every app is type-checked.

/** What an option must be, in words, and whether a value is that. */
type Kind = readonly [words: string, is: (value: unknown) => boolean];

type KindName = "text" | "callback" | "object" | "operation" | "storage";

/** Kinds of options. */
export const kinds: Readonly<Record<KindName, Kind>> = {
  text: ["a string", (value) => typeof value === "string"],
  callback: ["a function", isFunction],
  object: ["an object", isObject],
  operation: ["an operation, with request() and reply()", (value) => hasMethods(value, "request", "reply")],
  storage: ["a storage, with list() and open()", (value) => hasMethods(value, "list", "open")],
};

/** @throws {TypeError} when a value is of another kind */
export function checkKind(name: string, value: unknown, [words, is]: Kind): void {
  if (!is(value)) throw new TypeError(`Cannot use ${name} ${shown(value)}: it must be ${words}`);
}

/** @throws {TypeError} when it is no object, or one of what it holds is of another kind */
export function checkEach(name: string, values: unknown, kind: Kind): void {
  checkKind(name, values, kinds.object);
  for (const [each, value] of Object.entries(values as object)) checkKind(`${name}.${each}`, value, kind);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

function hasMethods(value: unknown, ...names: readonly string[]): boolean {
  return isObject(value) && names.every((name) => isFunction((value as Record<string, unknown>)[name]));
}

function shown(value: unknown): string {
  if (isObject(value)) return Object.prototype.toString.call(value);
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
