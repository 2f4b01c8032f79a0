// Rows of short strings that are memoized one by one, as the items of most lists are written: cut many at a time.
//
// What stands between the strings is wiped in a copy of the input, which is decoded at once and cut where they stood.
// The items of a list go straight into it. The memo notes where they stand, and takes them only when one is referred to.

import type { Machine } from "./machine.js";
import { Op } from "./opcodes.js";
import { decodeAscii } from "./text.js";
import type { PyValue } from "./values.js";

/** A row of fewer strings is read one by one. */
const SHORTEST_ROW = 8;

/** Before a text, its opcode and length; after it, MEMOIZE. */
const BEFORE = 2;
const AROUND = 3;

/**
 * How much is decoded at once. A string that is cut out of it keeps all of it in memory, and never more: so a short
 * string does not keep the input alive.
 */
const WINDOW_BYTES = 1024;

const window = new Uint8Array(WINDOW_BYTES);

/**
 * Reads a row of SHORT_BINUNICODE and MEMOIZE, up to where it ends or a limit is reached.
 *
 * @returns the offset behind it: `start` where there is no row, or its strings are not ASCII
 */
export function readRow(m: Machine, start: number, end: number): number {
  const { input, stack, limits } = m;
  if (m.memoized !== m.memoEnd && m.rows.length === 0) return start;
  if (!beginsRow(m, start, end)) return start;
  const bottom = m.sp;
  const list = m.markCount > 0 && bottom === m.fence ? stack[bottom - 1] : undefined;
  const isList = Array.isArray(list) && Object.getPrototypeOf(list) === Array.prototype;
  const items: PyValue[] = isList ? (list as PyValue[]) : [];
  const before = items.length;
  const most = Math.min(
    (limits.maxOpcodes - m.opcodes) >> 1,
    limits.maxMemo - m.memoized,
    limits.maxStack - bottom,
  );
  let at = start;
  for (;;) {
    const next = readWindow(m, at, end, items, most - (items.length - before));
    if (next === at) break;
    at = next;
  }
  const count = items.length - before;
  m.opcodes += 2 * count;
  if (isList && input[at] === Op.APPENDS && at < end && m.opcodes < limits.maxOpcodes && count > 0) {
    m.at = at;
    m.opcodes += 1;
    m.dropMark();
    m.spend(count);
    m.memoizeRow(items, before);
    return at + 1;
  }
  for (let i = before; i < items.length; i++) stack[m.sp++] = items[i] as PyValue;
  const row = isList ? items.splice(before) : items;
  m.memoizeRow(row, 0);
  return at;
}

/** Whether enough strings follow one another to be worth while. Where they do not, they are not looked at again. */
function beginsRow(m: Machine, start: number, end: number): boolean {
  const { input } = m;
  let at = start;
  for (let i = 0; i < SHORTEST_ROW; i++) {
    const next = at + AROUND + (input[at + 1] as number);
    if (next > end || input[at] !== Op.SHORT_BINUNICODE || input[next - 1] !== Op.MEMOIZE) {
      m.noRowBefore = at;
      return false;
    }
    at = next;
  }
  return true;
}

/** Reads the strings of the row that stand in one window, and no more than `most`. */
function readWindow(m: Machine, start: number, end: number, items: PyValue[], most: number): number {
  const { input } = m;
  const length = Math.min(WINDOW_BYTES, end - start);
  window.set(length === input.length ? input : input.subarray(start, start + length));
  let at = 0;
  let count = 0;
  while (count < most && at + AROUND <= length && window[at] === Op.SHORT_BINUNICODE) {
    const next = at + AROUND + (window[at + 1] as number);
    if (next > length || window[next - 1] !== Op.MEMOIZE) break;
    window[at] = window[at + 1] = window[next - 1] = 0;
    at = next;
    count += 1;
  }
  if (count === 0) return start;
  const text = decodeAscii(window.subarray(0, at));
  if (text === undefined) {
    m.noRowBefore = start + at;
    return start;
  }
  at = 0;
  let filled = items.length;
  for (let i = 0; i < count; i++) {
    const from = at + BEFORE;
    const to = from + (input[start + at + 1] as number);
    items[filled++] = text.substring(from, to);
    at = to + 1;
  }
  return start + at;
}
