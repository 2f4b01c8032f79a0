// Node's crypto, loaded when it is needed: that takes a good part of a thread's start, which who begins to save waits for.

export const crypto = (): typeof import("node:crypto") => process.getBuiltinModule("node:crypto");

/** So many hexadecimal digits that are seldom the same twice, and that anybody might guess. */
export function anyHex(digits: number): string {
  let text = "";
  while (text.length < digits) text += Math.floor(Math.random() * 16).toString(16);
  return text;
}
