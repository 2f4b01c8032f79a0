// What most lists and dicts are filled with: short strings that are memoized, numbers, None, bools, and lists and dicts of
// such. Where nothing else stands between a MARK and its APPENDS or SETITEMS, all of it is looked over first, the budgets
// are checked for all of it, and then it goes straight into the container. Anything else is left to run.ts.

import { asciiOf, countHigh, WINDOW_BYTES } from "./ascii.js";
import { PyDict } from "./collections.js";
import { setInDict, setText } from "./containers.js";
import type { Machine } from "./machine.js";
import { hold, isKey, nests, noteNext, noteText, recalled, reserve } from "./memo.js";
import { Op } from "./opcodes.js";
import { readAtom, readLength8, readText } from "./read.js";
import type { PyValue } from "./values.js";

/** How many bytes an opcode has that is a simple value, with its argument; 0 for any other. */
const lengths = /* @__PURE__ */ (() => {
  const lengths = new Uint8Array(256);
  lengths[Op.NONE] = lengths[Op.NEWTRUE] = lengths[Op.NEWFALSE] = 1;
  lengths[Op.BINGET] = lengths[Op.BININT1] = 2;
  lengths[Op.BININT2] = 3;
  lengths[Op.BININT] = 5;
  lengths[Op.BINFLOAT] = 9;
  return lengths;
})();

/** A SHORT_BINUNICODE and its MEMOIZE have so many bytes besides the text, of which so many stand before it. */
const AROUND = 3;
const BEFORE = 2;
const FRAME_BYTES = 9;

/** How deep it is looked into containers, as what turns out to be no row is looked over again when they are read. */
const DEEPEST = 4;

/** Fewer strings are cut out of a window that they share with what stands around them. */
const MANY_TEXTS = 8;

// What a row that was looked over comes to.
let opcodes = 0;
let items = 0;
let objects = 0;
let entries = 0;
/** How deep containers stand in what the row fills. */
let height = 0;

/**
 * Reads the row behind a MARK into the list or dict below it, with the opcode that puts it there.
 *
 * @returns the offset behind it, or `start` where it is no row, or one that might meet a limit
 */
export function readRow(m: Machine, start: number, end: number): number {
  const { sp, limits, memoized } = m;
  const target = sp > m.fence ? (m.stack[sp - 1] as PyValue) : null;
  const isDict = target instanceof PyDict && target.set === setInDict;
  // Whether an Array is of an app's class is asked once it is worth while.
  if (!isDict && !Array.isArray(target)) return start;
  const next = memoized === m.memoEnd ? lookOver(m, start, end, isDict) : start;
  if (
    next === start ||
    (!isDict && Object.getPrototypeOf(target) !== Array.prototype) ||
    m.opcodes + opcodes > limits.maxOpcodes ||
    m.items + items > limits.maxItems ||
    m.objects + objects > limits.maxObjects ||
    sp + items > limits.maxStack ||
    m.markCount + DEEPEST >= limits.maxStack ||
    DEEPEST + 1 >= limits.maxDepth ||
    memoized + entries > limits.maxMemo
  ) {
    return start;
  }
  m.opcodes += opcodes;
  m.items += items;
  m.objects += objects;
  height = 0;
  fill(m, target as PyValue[] | PyDict, start, 0);
  m.raise(sp - 1, height);
  return next;
}

/** What was counted in the containers around the one that is looked over: twice the items, and 1 more in a dict. */
const outer = new Int32Array(DEEPEST);

/** Finds the end of a row and counts what it takes. Gives `start` where it is none. */
function lookOver(m: Machine, start: number, end: number, inDict: boolean): number {
  const { input, memoized } = m;
  const { maxMemo } = m.limits;
  let { places } = m;
  // What is noted on the way counts only once the row is read. Until then it tells which entries are strings.
  let noted = memoized;
  let isDict = inDict;
  let depth = 0;
  let count = 0;
  let all = 0;
  let more = 0;
  let made = 0;
  for (let at = start; at < end; ) {
    const op = input[at] as number;
    if (noted >= places.length) {
      if (noted >= maxMemo) return start;
      places = reserve(m, noted + 1 - memoized);
    }
    if (op === Op.SHORT_BINUNICODE) {
      const from = at;
      at += AROUND + (input[at + 1] as number);
      if (input[at - 1] !== Op.MEMOIZE) return start;
      places[noted++] = from + 1;
      count += 1;
      continue;
    }
    const wantsKey = isDict && (count & 1) === 0;
    const length = lengths[op] as number;
    if (length > 0) {
      if (wantsKey) {
        const index = input[at + 1] as number;
        if (op !== Op.BINGET || index >= noted || !isKey(places[index] as number)) return start;
      }
      at += length;
      count += 1;
    } else if (op === (isDict ? Op.SETITEMS : Op.APPENDS)) {
      if (count === 0 || (isDict && !wantsKey)) return start;
      at += 1;
      more += 1;
      all += count;
      if (depth === 0) {
        items = all;
        objects = made;
        entries = noted - memoized;
        opcodes = all + entries + more;
        return at;
      }
      const around = outer[--depth] as number;
      count = around >> 1;
      isDict = (around & 1) !== 0;
    } else if (op === Op.FRAME) {
      at += FRAME_BYTES;
      if (at > end || readLength8(input, at - 8) > end - at) return start;
      more += 1;
    } else {
      if ((op !== Op.EMPTY_DICT && op !== Op.EMPTY_LIST) || input[at + 1] !== Op.MEMOIZE || wantsKey)
        return start;
      places[noted++] = 0;
      made += 1;
      count += 1;
      at += 2;
      if (input[at] === Op.MARK) {
        if (depth === DEEPEST) return start;
        outer[depth++] = count * 2 + (isDict ? 1 : 0);
        count = 0;
        isDict = op === Op.EMPTY_DICT;
        at += 1;
        more += 1;
      }
    }
  }
  return start;
}

/** The offset behind the value that was read last. */
let behind = 0;

/** Reads a row that was looked over into a container. Gives the offset behind it. */
function fill(m: Machine, target: PyValue[] | PyDict, start: number, depth: number): number {
  return Array.isArray(target) ? fillList(m, target, start, depth) : fillDict(m, target, start, depth);
}

function fillDict(m: Machine, dict: PyDict, start: number, depth: number): number {
  const { input } = m;
  let at = start;
  for (;;) {
    const op = input[at] as number;
    let key: PyValue;
    if (op === Op.BINGET) {
      key = recalled(m, input[at + 1] as number);
      at += 2;
    } else if (op === Op.SHORT_BINUNICODE) {
      key = readNoted(m, at);
      at = behind;
    } else if (op === Op.FRAME) {
      at += FRAME_BYTES;
      continue;
    } else {
      m.at = at;
      return at + 1;
    }
    while (input[at] === Op.FRAME) at += FRAME_BYTES;
    setText.call(dict, key, readValue(m, at, depth));
    at = behind;
  }
}

function fillList(m: Machine, list: PyValue[], start: number, depth: number): number {
  const { input } = m;
  let at = start;
  let singlyUpTo = start;
  for (;;) {
    const op = input[at] as number;
    if (op === Op.APPENDS) {
      m.at = at;
      return at + 1;
    }
    if (op === Op.FRAME) {
      at += FRAME_BYTES;
      continue;
    }
    if (op === Op.SHORT_BINUNICODE && at >= singlyUpTo) {
      const end = appendTexts(m, list, at);
      if (end > at) {
        at = end;
        continue;
      }
      singlyUpTo = -end;
    }
    list.push(readValue(m, at, depth));
    at = behind;
  }
}

/** Reads a SHORT_BINUNICODE and its MEMOIZE. */
function readNoted(m: Machine, at: number): string {
  m.at = at;
  behind = at + AROUND + (m.input[at + 1] as number);
  const text = readText(m, at + BEFORE, behind - 1);
  noteText(m, at, text);
  return text;
}

/** Reads a value of a row that was looked over. */
function readValue(m: Machine, at: number, depth: number): PyValue {
  const { input } = m;
  const op = input[at] as number;
  const length = lengths[op] as number;
  if (op === Op.SHORT_BINUNICODE) return readNoted(m, at);
  if (length > 0) {
    behind = at + length;
    if (op !== Op.BINGET) return readAtom(m, op, at + 1);
    m.at = at;
    const value = recalled(m, input[at + 1] as number);
    if (typeof value === "object" && value !== null && nests(m, value)) height = Math.max(height, depth + 1);
    return value;
  }
  const value = op === Op.EMPTY_DICT ? new PyDict() : [];
  noteNext(m, value);
  if (height <= depth) height = depth + 1;
  const isFilled = input[at + 2] === Op.MARK;
  behind = at + 2;
  if (isFilled) behind = fill(m, value, at + 3, depth + 1);
  return value;
}

/**
 * Appends the strings that stand in one window.
 *
 * @returns the offset behind them; less than 0 where they are few or not ASCII: up to that offset they are to be read singly
 */
function appendTexts(m: Machine, list: PyValue[], start: number): number {
  const { input, memoized } = m;
  const last = start + WINDOW_BYTES;
  let end = start;
  let count = 0;
  // How many bytes are above 0x7f, if none of a text is.
  let high = 0;
  while (input[end] === Op.SHORT_BINUNICODE) {
    const length = input[end + 1] as number;
    const next = end + AROUND + length;
    if (next > last) break;
    high += 2 + (length >> 7);
    count += 1;
    end = next;
  }
  if (count < MANY_TEXTS || !countHigh) return -end;
  const window = asciiOf(input, start, end);
  if (countHigh(window) !== high) return -end;
  let filled = list.length;
  let from = BEFORE;
  for (let i = 0; i < count; i++) {
    const to = from + (input[start + from - 1] as number);
    const text = window.substring(from, to);
    list[filled++] = text;
    if (!m.rereads) hold(m, memoized + i, text);
    from = to + AROUND;
  }
  m.memoEnd = m.memoized = memoized + count;
  return end;
}
