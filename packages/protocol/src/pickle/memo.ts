// The memo of a pickle: values by a number, for opcodes that refer to them again.
//
// Most entries are short strings that are never recalled, and a reference to each would be one more for the garbage
// collector to follow. So an entry is a number, its place. Above 0, it is one more than the offset in the input of a
// SHORT_BINUNICODE, which is read again if it is recalled. Below 0, it tells where in `held` the value is, and is odd for a
// string that no dict refuses as a key. 0 is none. From memoEnd on, places are those of an earlier pickle and mean nothing.

import { CHEAP_KEY_LENGTH } from "./keys.js";
import { HELD_CHUNK, type Machine } from "./machine.js";
import { readText } from "./read.js";
import { PyFloat, PyGlobal, type PyValue } from "./values.js";

/** Notes the value on top of the stack. */
export function memoize(m: Machine, index: number): void {
  const value = m.top();
  if (index >= m.limits.maxMemo) m.refuse("maxMemo");
  const { memoEnd } = m;
  if (index >= memoEnd) {
    if (index === m.memoized) reserve(m, 1);
    if (index > memoEnd) m.places.fill(0, memoEnd, index);
    m.memoEnd = index + 1;
    m.memoized += 1;
  } else if (find(m, index) === undefined) {
    m.memoized += 1;
  }
  if (index < m.places.length) {
    const place = index < memoEnd ? (m.places[index] as number) : 0;
    if (place < 0) put(m, index, (-1 - place) >> 1, value);
    else hold(m, index, value);
  } else {
    m.far ??= new Map();
    m.far.set(index, value);
  }
}

/** Makes room for so many entries more. There is room for twice as many as there are, whatever their index: others are `far`. */
export function reserve(m: Machine, count: number): Int32Array {
  const { places } = m;
  const wanted = m.memoized + count;
  if (wanted > places.length) {
    m.places = new Int32Array(Math.max(wanted, places.length * 2));
    m.places.set(places);
  }
  return m.places;
}

/** Notes a SHORT_BINUNICODE at an offset of the input under the next index, for which there must be room. */
export function noteText(m: Machine, at: number, text: PyValue): void {
  if (m.rereads) m.places[m.memoized] = at + 1;
  else hold(m, m.memoized, text);
  m.memoEnd = ++m.memoized;
}

/** Notes a value under the next index, for which there must be room. */
export function noteNext(m: Machine, value: PyValue): void {
  hold(m, m.memoized, value);
  m.memoEnd = ++m.memoized;
}

/** Notes a value under an index for which there is room. */
export function hold(m: Machine, index: number, value: PyValue): void {
  put(m, index, m.heldCount++, value);
}

function put(m: Machine, index: number, at: number, value: PyValue): void {
  const { held } = m;
  // The first one grows, as most pickles need little of it.
  held[at >> 8] ??= at === 0 ? [] : new Array(HELD_CHUNK);
  (held[at >> 8] as PyValue[])[at & 0xff] = value;
  m.places[index] = -1 - 2 * at - (typeof value === "string" && value.length <= CHEAP_KEY_LENGTH ? 0 : 1);
}

/** An entry: its value, or the offset behind the opcode of a string. */
function find(m: Machine, index: number): PyValue | undefined {
  if (index >= m.memoEnd) return undefined;
  const place = index < m.places.length ? (m.places[index] as number) : 0;
  if (place === 0) return m.far?.get(index);
  if (place < 0) return (m.held[(-1 - place) >> 9] as PyValue[])[((-1 - place) >> 1) & 0xff];
  const { input } = m;
  const text = readText(m, place + 1, Math.min(place + 1 + (input[place] as number), input.length));
  hold(m, index, text);
  return text;
}

/** Whether there is a string at a place that no dict refuses as its key. */
export function isKey(place: number): boolean {
  return place > 0 || (place & 1) !== 0;
}

/** What was noted under an index. */
export function recalled(m: Machine, index: number): PyValue {
  const value = find(m, index);
  if (value === undefined) m.fail("MEMO", `memo entry ${index} was never set`);
  return value;
}

/** Puts what was noted under an index on the stack. */
export function recall(m: Machine, index: number): void {
  const value = recalled(m, index);
  if (typeof value !== "object" || value === null) m.push(value);
  else m.place(value, nests(m, value) ? 1 : 0);
}

/** Whether other values can stand in an object that was noted: it then stands in more than one place. */
export function nests(m: Machine, value: object): boolean {
  const container = !(value instanceof PyFloat || value instanceof PyGlobal || value instanceof Uint8Array);
  m.shared ||= container;
  return container;
}
