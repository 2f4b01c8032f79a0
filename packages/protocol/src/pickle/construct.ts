// The opcodes that name classes, make instances and change them. A name from the pickle only ever selects a row of the
// table of builtins or goes to the caller's findClass; where nobody knows it, it is refused or stays a name.

import { type Builtin, findBuiltin } from "./builtins.js";
import { PyDict } from "./collections.js";
import { type Known, type Machine, refuseOperand } from "./machine.js";
import { plainNames } from "./names.js";
import { type Construction, PyExtension, PyObject, PyPersistentId } from "./objects.js";
import { PyGlobal, PyTuple, type PyValue } from "./values.js";

/** How much of a name from the wire an error message repeats. */
const LONGEST_NAME_SHOWN = 200;

/** Functions of Python that only make instances, which the machine stands in for. */
const makers: ReadonlySet<string> = new Set(["_reconstructor", "__newobj__", "__newobj_ex__"]);

/** What instances of a subclass are made by in protocols 0 and 1. As a value, such a name is harmless. */
const bases: ReadonlySet<string> = new Set(["object", "tuple", "list", "dict", "int", "float", "str"]);

function isMaker(m: Machine, { module, qualname }: PyGlobal): boolean {
  // getattr leads to nested classes, which there are only among those that were registered.
  if (module === "builtins") return qualname === "getattr" && m.options.findClass !== undefined;
  return module === "copyreg" && makers.has(qualname);
}

/** The class or callable of a name, or the pickle is refused. */
export function globalOf(m: Machine, module: string, qualname: string): PyGlobal {
  m.spendKey((module.length + qualname.length) >>> 4);
  if (m.protocol >= 3) return nameOf(m, module, qualname);
  const [module3, qualname3] = (m.options.names ?? plainNames).toPython3(module, qualname);
  return nameOf(m, module3, qualname3);
}

function nameOf(m: Machine, module: string, qualname: string): PyGlobal {
  const last = m.lastKnown;
  if (last?.global.module === module && last.global.qualname === qualname) return last.global;
  const key = last ? `${module}\n${qualname}` : "";
  let known = last && m.known.get(key);
  if (!known) {
    const global = new PyGlobal(module, qualname);
    known = look(m, global);
    const named =
      known.builtin || known.cls || isMaker(m, global) || (module === "builtins" && bases.has(qualname));
    if (!m.opaque && !named) {
      const shown = `${module}.${qualname}`.slice(0, LONGEST_NAME_SHOWN);
      m.fail("UNKNOWN_CLASS", `the class ${shown} is not registered`);
    }
    if (last) {
      for (const each of [last, known]) {
        m.known.set(each.global, each);
        m.known.set(`${each.global.module}\n${each.global.qualname}`, each);
      }
    }
  }
  m.lastKnown = known;
  return known.global;
}

function look(m: Machine, global: PyGlobal): Known {
  const { module, qualname } = global;
  const builtin = findBuiltin(module, qualname);
  return { global, builtin, cls: builtin ? undefined : m.options.findClass?.(module, qualname) };
}

/** What a name stands for, that of the last one at hand. */
function knownAs(m: Machine, global: PyGlobal): Known {
  const last = m.lastKnown;
  if (last?.global === global) return last;
  return m.known.get(global) ?? look(m, global);
}

/** Refuses what cannot be called: a name can, and where unknown classes are taken, what may stand for one. */
function checkCallable(m: Machine, value: PyValue | undefined): PyValue {
  if (!isCallable(m, value)) m.fail("BAD_OPERAND");
  return value as PyValue;
}

function isCallable(m: Machine, value: PyValue | undefined): boolean {
  if (value instanceof PyGlobal) return true;
  const mayBe = value instanceof PyObject || value instanceof PyExtension || value instanceof PyPersistentId;
  return m.opaque && mayBe;
}

function tuple(m: Machine, value: PyValue): PyTuple {
  if (!(value instanceof PyTuple)) m.fail("BAD_OPERAND");
  return value;
}

/** REDUCE: calls what stands below the topmost tuple with it. */
export function reduce(m: Machine): void {
  const height = m.heightOf(m.sp - 2) + 1;
  const args = tuple(m, m.pop());
  call(m, m.pop(), args, "call", height);
}

/** Calls a function or class. The tables say what the built-in ones do; any other makes an instance. */
function call(
  m: Machine,
  callee: PyValue | undefined,
  args: PyTuple,
  construction: Construction,
  height: number,
): void {
  const builtin = callee instanceof PyGlobal ? knownAs(m, callee).builtin : undefined;
  if (builtin) callBuiltin(m, callee as PyGlobal, builtin, args, height);
  else if (callee instanceof PyGlobal && isMaker(m, callee)) callMaker(m, callee, args, height);
  else instantiate(m, callee, args, construction, height);
}

function callBuiltin(m: Machine, callee: PyGlobal, builtin: Builtin, args: PyTuple, height: number): void {
  for (const arg of args) m.spend(sizeOf(arg));
  const value = builtin(args.items, m);
  if (value !== undefined) m.pushObject(value, height);
  else if (m.opaque) instantiate(m, callee, args, "call", height);
  else refuseCall(m, callee);
}

function refuseCall(m: Machine, { module, qualname }: PyGlobal): never {
  m.fail("BAD_OPERAND", `${module}.${qualname} cannot be called like this`);
}

/** A call of one of the functions that the pickler names to make an instance. */
function callMaker(m: Machine, callee: PyGlobal, args: PyTuple, height: number): void {
  const [cls, second, third] = args;
  const { qualname } = callee;
  const made = isCallable(m, cls);
  if (made && qualname === "_reconstructor" && args.length === 3 && second instanceof PyGlobal) {
    if (second.module === "builtins" && second.qualname === "object" && third === null) {
      instantiate(m, cls, new PyTuple(), "new", height);
      return;
    }
    if (cls instanceof PyGlobal && knownAs(m, cls).cls) {
      instantiate(m, cls, new PyTuple([third as PyValue]), "new", height, undefined, second);
      return;
    }
  }
  if (made && qualname === "__newobj__") {
    instantiate(m, cls, new PyTuple(args.items.slice(1)), "new", height);
    return;
  }
  const mayBeEx = made && qualname === "__newobj_ex__" && args.length === 3;
  if (mayBeEx && second instanceof PyTuple && isKeywords(m, third)) {
    instantiate(m, cls, second, "new", height, third);
    return;
  }
  if (qualname === "getattr" && cls instanceof PyGlobal && typeof second === "string") {
    const nested = new PyGlobal(cls.module, `${cls.qualname}.${second}`);
    m.spendKey((nested.module.length + nested.qualname.length) >>> 4);
    if (args.length === 2 && !second.includes(".") && knownAs(m, nested).cls) {
      m.push(nested);
      return;
    }
  }
  if (!m.opaque) refuseCall(m, callee);
  instantiate(m, callee, args, "call", height);
}

/** Makes an instance and puts it on the stack. */
function instantiate(
  m: Machine,
  named: PyValue | undefined,
  args: PyTuple,
  construction: Construction,
  height: number,
  keywords?: PyDict,
  base?: PyGlobal,
): void {
  const callee = checkCallable(m, named);
  // The pickle may go on to change its dict: a call in Python gets one of its own.
  const kwargs = keywords && keywords.size > 0 ? new PyDict(keywords) : undefined;
  m.spend(1 + args.length);
  for (let i = 0; i < args.length; i++) m.spend(sizeOf(args.items[i] as PyValue));
  const cls = callee instanceof PyGlobal ? knownAs(m, callee).cls : undefined;
  if (!cls) {
    if (!m.opaque) refuseCall(m, callee as PyGlobal);
    m.pushObject(new PyObject(callee, args, { construction, kwargs }), height);
    return;
  }
  const { module, qualname } = callee as PyGlobal;
  const { protocol } = m;
  const origin = { module, qualname, protocol, construction, kwargs, base };
  let instance: PyValue;
  try {
    instance = cls.create(args.items, origin);
  } catch (cause) {
    refuseOperand(m, cause);
  }
  if (instance !== null && typeof instance === "object") {
    m.made(instance, cls, kwargs ? [args, kwargs] : [args]);
  }
  m.pushObject(instance, height);
}

/** NEWOBJ. */
export function newObject(m: Machine): void {
  const height = m.heightOf(m.sp - 2) + 1;
  const args = tuple(m, m.pop());
  instantiate(m, m.pop(), args, "new", height);
}

/** NEWOBJ_EX. */
export function newObjectEx(m: Machine): void {
  const height = m.heightOf(m.sp - 3) + 1;
  const kwargs = m.pop();
  const args = tuple(m, m.pop());
  const cls = m.pop();
  if (!isKeywords(m, kwargs)) m.fail("BAD_OPERAND");
  instantiate(m, cls, args, "new", height, kwargs);
}

function isKeywords(m: Machine, value: PyValue | undefined): value is PyDict {
  if (!(value instanceof PyDict)) return false;
  m.spend(value.size);
  return [...value.keys()].every((key) => typeof key === "string");
}

/** OBJ: a class and its arguments, above the mark. */
export function classic(m: Machine): void {
  const from = m.dropMark();
  if (from === m.sp) m.fail("STACK");
  const cls = m.stack[from];
  const args = m.stack.slice(from + 1, m.sp);
  const height = m.heightOf(from) + 2;
  m.sp = from;
  call(m, cls, new PyTuple(args), "classic", height);
}

/** INST: a class by its name, its arguments above the mark. */
export function inst(m: Machine, module: string, qualname: string): void {
  const from = m.dropMark();
  const args = m.stack.slice(from, m.sp);
  const height = m.heightOf(from) + 2;
  m.sp = from;
  call(m, globalOf(m, module, qualname), new PyTuple(args), "classic", height);
}

/** BUILD: gives the instance below the topmost value that value as its state. */
export function build(m: Machine): void {
  const height = m.heightOf(m.sp - 1);
  const state = m.pop();
  const target = m.top();
  m.spend(1);
  if (target instanceof PyObject) {
    target.changes.push({ kind: "build", values: [state] });
  } else {
    const known = m.madeOf(target);
    if (known?.cls.setState) {
      // Most instances get one state: an array of two is smaller than one that grows.
      if (known.parts.length === 1) known.parts = [known.parts[0] as PyValue, state];
      else known.parts.push(state);
      try {
        known.cls.setState(target as object, state);
      } catch (cause) {
        refuseOperand(m, cause);
      }
    } else if (known || !isNoState(target, state)) {
      m.fail("BAD_OPERAND");
    }
  }
  m.raise(m.sp - 1, height);
}

/** POP: a call that was made for what it does to the instance below is kept with that one. */
export function dropped(m: Machine, value: PyValue): void {
  if (!(value instanceof PyObject) || value.construction !== "call" || value.args.length !== 2) return;
  const [target, state] = value.args;
  if (!(target instanceof PyObject) || m.sp <= m.fence || m.stack[m.sp - 1] !== target) return;
  target.changes.push({ kind: "call", values: [value.callable, state as PyValue] });
}

/** Python does nothing with a state of None, or with one of no attributes where there could be some, as in a class. */
function isNoState(target: PyValue, state: PyValue): boolean {
  const isNone = (attributes: PyValue | undefined): boolean =>
    attributes === null ||
    (target instanceof PyGlobal && attributes instanceof PyDict && attributes.size === 0);
  if (!(state instanceof PyTuple) || state.length !== 2) return isNone(state);
  const [attributes, slots] = state;
  return isNone(attributes) && slots instanceof PyDict && slots.size === 0;
}

/** How much a built-in callable copies of an argument, in items. */
function sizeOf(value: PyValue): number {
  if (Array.isArray(value)) return value.length;
  if (value instanceof Uint8Array || typeof value === "string") return value.length >>> 4;
  return 0;
}
