// How lists, tuples, dicts and sets are written, and what is put into instances.

import { PickleEncodeError } from "./errors.js";
import { checkHashable } from "./keys.js";
import { BATCH_SIZE, Op } from "./opcodes.js";
import type { NotedDict } from "./own-collection.js";
import type { Pickler } from "./pickler.js";
import { saveCall } from "./save-objects.js";
import { PyGlobal, type PyTuple, type PyValue } from "./values.js";

const setType = new PyGlobal("builtins", "set");
const frozensetType = new PyGlobal("builtins", "frozenset");

/** An empty container, for which protocol 0 has no opcode of its own. */
function empty(p: Pickler, op: Op, marked: Op): void {
  if (p.protocol >= 1) {
    p.byte(op);
  } else {
    p.byte(Op.MARK);
    p.byte(marked);
  }
}

export function saveList(p: Pickler, value: readonly PyValue[]): void {
  empty(p, Op.EMPTY_LIST, Op.LIST);
  p.memoize(value);
  appendItems(p, value);
}

/** Appends items to the list or instance that was just written. */
export function appendItems(p: Pickler, items: readonly PyValue[]): void {
  if (p.protocol === 0 || items.length === 1) {
    for (const item of items) {
      p.save(item);
      p.byte(Op.APPEND);
    }
    return;
  }
  for (let start = 0; start < items.length; start += BATCH_SIZE) {
    p.byte(Op.MARK);
    saveItems(p, items, start, Math.min(start + BATCH_SIZE, items.length));
    p.byte(Op.APPENDS);
  }
}

/** From how many short strings on it is worth while to write them at once, and how many are at most. */
const SHORTEST_ROW = 8;
const LONGEST_ROW = 128;

function saveItems(p: Pickler, items: readonly PyValue[], start: number, end: number): void {
  for (let i = start; i < end; ) {
    const row = p.plainStrings ? rowOfTexts(items, i, end) : i;
    if (row >= i + SHORTEST_ROW && p.texts(items.slice(i, row) as string[])) {
      p.memoized += row - i;
      i = row;
      continue;
    }
    do p.save(items[i++] as PyValue);
    while (i < row);
  }
}

/** Up to where short strings stand in a row. */
function rowOfTexts(items: readonly PyValue[], from: number, to: number): number {
  const end = Math.min(to, from + LONGEST_ROW);
  let at = from;
  for (; at < end; at++) {
    const item = items[at];
    if (typeof item !== "string" || item.length < 2 || item.length > 0xff) break;
  }
  return at;
}

export function saveTuple(p: Pickler, value: PyTuple): void {
  const { items } = value;
  const { length } = items;
  if (length === 0) {
    empty(p, Op.EMPTY_TUPLE, Op.TUPLE);
    return;
  }
  const short = length <= 3 && p.protocol >= 2;
  if (!short) p.byte(Op.MARK);
  for (const item of items) p.save(item);
  const index = p.find(value);
  if (index === undefined) {
    p.byte(short ? Op.TUPLE1 + length - 1 : Op.TUPLE);
    p.memoize(value);
    return;
  }
  // The tuple holds itself through another container, and was written whole meanwhile: drop this one.
  if (!short && p.protocol >= 1) p.byte(Op.POP_MARK);
  else for (let i = short ? 1 : 0; i <= length; i++) p.byte(Op.POP);
  p.reference(index);
}

/** @param noted the Map itself, where it notes its place in the memo */
export function saveMap(p: Pickler, value: ReadonlyMap<PyValue, PyValue>, noted?: NotedDict): void {
  empty(p, Op.EMPTY_DICT, Op.DICT);
  if (noted) p.memoizeDict(noted);
  else p.memoize(value);
  // What a subclass holds is what its iterator says.
  const entries = noted ?? (Object.getPrototypeOf(value) === Map.prototype ? value : new Map(value));
  const { size } = entries;
  let left = openBatch(p, size, Op.SETITEM);
  // Two iterators, as one of entries would make an array of each. Both go on before anybody is asked who may change it.
  const items = entries.values();
  for (const key of entries.keys()) {
    const item = items.next().value as PyValue;
    if (typeof key === "object") checkKey(p, key);
    p.save(key);
    p.save(item);
    left = endItem(p, left, Op.SETITEM, Op.SETITEMS);
  }
  closeBatch(p, left, size, Op.SETITEMS);
}

/** A plain object stands for a dict with str keys. */
export function savePlain(p: Pickler, value: Readonly<Record<string, PyValue>>): void {
  empty(p, Op.EMPTY_DICT, Op.DICT);
  p.memoize(value);
  const keys = Object.keys(value);
  let left = openBatch(p, keys.length, Op.SETITEM);
  for (const key of keys) {
    p.save(key);
    p.save(value[key] as PyValue);
    left = endItem(p, left, Op.SETITEM, Op.SETITEMS);
  }
  closeBatch(p, left, keys.length, Op.SETITEMS);
}

/** Sets items, a key and its value in turn, in the instance that was just written. */
export function setItems(p: Pickler, keysAndItems: readonly PyValue[]): void {
  const size = keysAndItems.length / 2;
  let left = openBatch(p, size, Op.SETITEM);
  for (let i = 0; i < size; i++) {
    p.save(keysAndItems[2 * i] as PyValue);
    p.save(keysAndItems[2 * i + 1] as PyValue);
    left = endItem(p, left, Op.SETITEM, Op.SETITEMS);
  }
  closeBatch(p, left, size, Op.SETITEMS);
}

/** Adds items to the set or instance that was just written. */
export function addItems(p: Pickler, items: Iterable<PyValue>, size: number): void {
  let left = openBatch(p, size, undefined);
  for (const item of items) {
    p.save(item);
    left = endItem(p, left, Op.ADDITEMS, Op.ADDITEMS);
  }
  closeBatch(p, left, size, Op.ADDITEMS);
}

/** Begins a batch. Gives how many items it has room for: 0 where each is ended by itself. */
function openBatch(p: Pickler, size: number, each: Op | undefined): number {
  if (each !== undefined && (size === 1 || p.protocol === 0)) return 0;
  if (size > 0) p.byte(Op.MARK);
  return BATCH_SIZE;
}

/**
 * To be called after each item. CPython learns only after a full batch that nothing is left: 1000 items are followed by an
 * empty batch.
 */
function endItem(p: Pickler, left: number, each: Op, end: Op): number {
  if (left > 1) return left - 1;
  p.byte(left === 0 ? each : end);
  if (left === 0) return 0;
  p.byte(Op.MARK);
  return BATCH_SIZE;
}

function closeBatch(p: Pickler, left: number, size: number, end: Op): void {
  if (left > 0 && size > 0) p.byte(end);
}

/** The collections of this package refuse most unhashable keys when they are given; a plain Map or Set takes any. */
function checkKey(p: Pickler, key: PyValue): void {
  try {
    checkHashable(key, (part) => isPlain(part) && !p.options.reduce?.(part, p.protocol));
  } catch (cause) {
    throw new PickleEncodeError("UNHASHABLE", "a key that Python cannot hash", { cause });
  }
}

/** Whether an object stands for a dict with str keys. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

export function saveSet(p: Pickler, value: ReadonlySet<PyValue>): void {
  for (const item of value) checkKey(p, item);
  const frozen = Object.isFrozen(value);
  if (p.protocol < 4) {
    saveCall(p, frozen ? frozensetType : setType, () => p.save([...value]), value);
    return;
  }
  if (!frozen) {
    p.byte(Op.EMPTY_SET);
    p.memoize(value);
    addItems(p, value, value.size);
    return;
  }
  p.byte(Op.MARK);
  for (const item of value) p.save(item);
  const index = p.find(value);
  if (index === undefined) {
    p.byte(Op.FROZENSET);
    p.memoize(value);
  } else {
    p.byte(Op.POP_MARK);
    p.reference(index);
  }
}
