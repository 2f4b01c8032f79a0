// How classes and what they make are written. Source: CPython 3.11 Modules/_pickle.c, save_global() and save_reduce();
// Lib/copyreg.py for what protocols 0 and 1 write instead of NEWOBJ.

import type { PyDict } from "./collections.js";
import type { MemoKey } from "./memo-writer.js";
import { plainNames } from "./names.js";
import { type PyBuffer, PyObject } from "./objects.js";
import { Op } from "./opcodes.js";
import { isOwnDict, isOwnSet } from "./own-collection.js";
import type { Pickler } from "./pickler.js";
import { needProtocol, refuseProtocol } from "./refuse.js";
import { saveByteArray, saveBytes, saveText } from "./save-atoms.js";
import { addItems, appendItems, setItems } from "./save-containers.js";
import { encodeUtf8 } from "./text.js";
import { PyByteArray, PyGlobal, PyTuple, type PyValue } from "./values.js";

const objectType = new PyGlobal("builtins", "object");
const getattr = new PyGlobal("builtins", "getattr");
const reconstructor = new PyGlobal("copyreg", "_reconstructor");
const newobj = new PyGlobal("copyreg", "__newobj__");
const newobjEx = new PyGlobal("copyreg", "__newobj_ex__");

/** Writes a class, or a reference to it: a class is one object in Python, however many names for it the value has. */
export function saveGlobal(p: Pickler, value: PyGlobal): void {
  const index = p.findClass(value);
  if (index === undefined) saveNewGlobal(p, value, value);
  else p.reference(index);
}

/** @param owner what stands for it in the memo */
export function saveNewGlobal(p: Pickler, value: PyGlobal, owner: object): void {
  const { module, qualname } = value;
  const code = p.protocol >= 2 ? extensionCode(p, value) : undefined;
  if (code !== undefined) {
    saveExtension(p, code);
    return;
  }
  if (p.protocol >= 4) {
    saveModule(p, module);
    p.save(qualname);
    p.byte(Op.STACK_GLOBAL);
  } else if (qualname.includes(".")) {
    const dot = qualname.lastIndexOf(".");
    const parent = new PyGlobal(module, qualname.slice(0, dot));
    saveObject(p, new PyObject(getattr, new PyTuple([parent, qualname.slice(dot + 1)])), owner);
    return;
  } else {
    p.line(Op.GLOBAL, nameLines(p, module, qualname));
  }
  p.memoize(owner);
}

/** A module's name is one object for all of its classes. */
function saveModule(p: Pickler, module: string): void {
  if (module.length <= 1 || p.shareStrings) {
    p.save(module);
    return;
  }
  p.boundary();
  if (p.recall(module)) return;
  saveText(p, module);
  p.memoize(module);
}

/** A class's name as two lines, but for the newline at the end. */
function nameLines(p: Pickler, module: string, qualname: string): Uint8Array {
  if (/^$|\n/.test(module) || /^$|\n/.test(qualname)) needProtocol(4, p, "a name that is empty or two lines");
  const old = p.protocol < 3;
  const names = p.options.names ?? plainNames;
  const [oldModule, oldName] = old ? names.toPython2(module, qualname) : [module, qualname];
  const known = `${oldModule}\n${oldName}`;
  if (old && oldName === qualname && names.toPython3(oldModule, oldName)[1] !== qualname)
    needProtocol(3, p, "a name that was another one's in Python 2");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what is not ASCII
  if (old && /[^\x00-\x7f]/.test(known)) needProtocol(3, p, "a name that is not ASCII");
  if (!known.isWellFormed()) needProtocol(4, p, "a name with half a character");
  return encodeUtf8(known);
}

function extensionCode(p: Pickler, { module, qualname }: PyGlobal): number | undefined {
  let known: number | undefined;
  for (const [code, global] of p.options.extensions ?? [])
    if (global.module === module && global.qualname === qualname) known = code;
  return known;
}

export function saveExtension(p: Pickler, code: number): void {
  needProtocol(2, p, "an extension code");
  if (!Number.isInteger(code) || code <= 0 || code > 0x7fffffff)
    refuseProtocol(`no extension code is ${code}`);
  if (code <= 0xff) p.byte1(Op.EXT1, code);
  else if (code <= 0xffff) p.uint16(Op.EXT2, code);
  else p.uint32(Op.EXT4, code);
}

export function savePersistentId(p: Pickler, id: PyValue): void {
  if (p.protocol >= 1) {
    p.save(id);
    p.byte(Op.BINPERSID);
    return;
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII but the newline that ends the id
  if (typeof id !== "string" || !/^[\x00-\x09\x0b-\x7f]*$/.test(id))
    needProtocol(1, p, "a persistent id that is no line of ASCII");
  p.latin1(Op.PERSID, id as string);
}

export function saveBuffer(p: Pickler, value: PyBuffer): void {
  needProtocol(5, p, "a buffer");
  const { bufferCallback } = p.options;
  if (bufferCallback && !bufferCallback(value)) {
    p.byte(Op.NEXT_BUFFER);
    if (value.readonly) p.byte(Op.READONLY_BUFFER);
  } else if (value.readonly) {
    saveBytes(p, value.bytes);
  } else {
    saveByteArray(p, new PyByteArray(value.bytes));
  }
}

/**
 * Writes what makes an instance, and what is then done to it.
 *
 * @param owner what stands for it in the memo
 */
export function saveObject(p: Pickler, value: PyObject, owner: object): void {
  if (value.args.length === 0 && !value.kwargs && value.callable instanceof PyGlobal) {
    saveMaking(p, value);
  } else {
    const times = p.making.get(owner) ?? 0;
    p.making.set(owner, times + 1);
    if (times > 0) makeAnew(p, value, times === 1);
    saveMaking(p, value);
    if (times === 0) p.making.delete(owner);
    else p.making.set(owner, times);
  }
  if (!memoizeMade(p, owner)) return;
  for (const { kind, values } of value.changes) {
    if (kind === "append") {
      appendItems(p, values);
    } else if (kind === "set") {
      setItems(p, values);
    } else if (kind === "add") {
      needProtocol(4, p, "adding to an instance");
      addItems(p, values, values.length);
    } else {
      p.save(values[0] as PyValue);
      if (kind === "call") {
        p.save(new PyTuple([owner, values[1] as PyValue]));
        p.byte(Op.REDUCE);
        p.byte(Op.POP);
      } else {
        p.byte(Op.BUILD);
      }
    }
  }
}

/**
 * Sees to what makes an object that is met again while that is being written, as it holds itself: containers in it are
 * still empty where the pickle would refer to them, and so are written anew. Met within those too, it is what it was at
 * first: it holds itself directly. What is called may be the result of a call itself, whose state has a dict of keyword
 * arguments (`functools.partial`): that is always written anew, as are those of the object.
 */
function makeAnew(p: Pickler, { callable, args, kwargs }: PyObject, first: boolean): void {
  if (first) writeAnew(p, args, first);
  if (first && kwargs) writeAnew(p, kwargs.values(), first);
  if (callable instanceof PyObject && p.open.has(callable)) {
    p.forget(callable);
    makeAnew(p, callable, first);
    for (const { values } of callable.changes) writeAnew(p, values, first);
  }
}

/** Has containers written anew that are not written to their end: dicts, and if it is the first time whatever is in them. */
function writeAnew(p: Pickler, values: Iterable<PyValue>, first: boolean): void {
  for (const value of values as Iterable<object>) {
    if (!p.open.has(value)) continue;
    if (value instanceof PyTuple) {
      writeAnew(p, value, first);
    } else if (isOwnDict(value) || (first && (Array.isArray(value) || isOwnSet(value)))) {
      p.open.delete(value);
      p.forget(value);
      if (first) writeAnew(p, (value as PyDict).values(), first);
    }
  }
}

function saveMaking(p: Pickler, { callable, args, construction, kwargs }: PyObject): void {
  // Python makes a dict of its own for each call: it is not the one that stands elsewhere in the value.
  const keywords = kwargs && new Map(kwargs);
  if (construction === "classic") {
    saveClassic(p, callable, args);
  } else if (construction === "call") {
    saveReduce(p, callable, args);
  } else if (keywords && p.protocol < 4) {
    saveReduce(p, newobjEx, new PyTuple<PyValue>([callable, args, keywords]));
  } else if (p.protocol >= 2) {
    saveCallable(p, callable);
    p.save(args);
    if (keywords) p.save(keywords);
    p.byte(keywords ? Op.NEWOBJ_EX : Op.NEWOBJ);
  } else if (args.length === 0) {
    saveReduce(p, reconstructor, new PyTuple([callable, objectType, null]));
  } else {
    saveReduce(p, newobj, new PyTuple([callable, ...args]));
  }
}

function saveReduce(p: Pickler, callable: PyValue, args: PyTuple): void {
  saveCallable(p, callable);
  p.save(args);
  p.byte(Op.REDUCE);
}

/** Writes the class that makes something, which no `persistentId` is asked for. */
export function saveGlobalOnce(p: Pickler, value: PyGlobal): void {
  p.boundary();
  saveGlobal(p, value);
}

function saveCallable(p: Pickler, callable: PyValue): void {
  if (callable instanceof PyGlobal) saveGlobalOnce(p, callable);
  else p.save(callable);
}

/** An instance of an old-style class, as Python 2 writes it. */
function saveClassic(p: Pickler, callable: PyValue, args: PyTuple): void {
  const byName = p.protocol === 0 && callable instanceof PyGlobal;
  p.byte(Op.MARK);
  if (!byName) saveCallable(p, callable);
  for (const arg of args) p.save(arg);
  if (byName) p.line(Op.INST, nameLines(p, callable.module, callable.qualname));
  else p.byte(Op.OBJ);
}

/** A call of a built-in type, which Python writes where the protocol has no opcode for its values. */
export function saveCall(
  p: Pickler,
  callee: PyGlobal,
  saveArg: (() => void) | undefined,
  owner: MemoKey | undefined,
): void {
  saveGlobalOnce(p, callee);
  if (saveArg) {
    if (p.protocol < 2) p.byte(Op.MARK);
    p.boundary();
    saveArg();
    p.byte(p.protocol >= 2 ? Op.TUPLE1 : Op.TUPLE);
    p.memoize(undefined);
  } else {
    p.save(new PyTuple());
  }
  p.byte(Op.REDUCE);
  memoizeMade(p, owner);
}

/**
 * Memoizes what was just made. False where it holds itself, through arguments or an instance in a set, and was written
 * whole meanwhile: this one is dropped then, as CPython does.
 */
function memoizeMade(p: Pickler, owner: MemoKey | undefined): boolean {
  const index = owner === undefined ? undefined : p.find(owner);
  if (index === undefined) {
    p.memoize(owner);
    return true;
  }
  p.byte(Op.POP);
  p.reference(index);
  return false;
}
