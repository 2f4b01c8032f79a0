// What opcodes do: a stack with marks, a memo, and the containers and instances that are made on it.
//
// decoder.ts reads the opcodes and their arguments; what it reads ends up here.

import { type Builtin, findBuiltin, python3Module } from "./builtins.js";
import type { FindClass, InstanceOrigin, PickleClass } from "./classes.js";
import { PyDict, PyFrozenSet, PySet } from "./collections.js";
import { isDeeperThan } from "./depth.js";
import type { PickleDecodeErrorCode } from "./errors.js";
import { keyCost } from "./keys.js";
import type { PickleLimits } from "./limits.js";
import { Op, type PickleProtocol } from "./opcodes.js";
import { PyGlobal, PyTuple, type PyValue } from "./values.js";

/** What a name in the pickle stands for. */
interface Known {
  readonly cls: PickleClass | undefined;
  readonly builtin: Builtin | undefined;
}

/** How much of a name from the wire an error message repeats. */
const LONGEST_NAME_SHOWN = 200;

/** Up to this many characters, a string is compared as fast as an int. */
const CHEAP_KEY_LENGTH = 255;

/** What a machine needs of the decoder that runs it. */
export interface MachineHost {
  readonly findClass: FindClass | undefined;
  readonly limits: PickleLimits;
  /** The pickle's protocol as far as its bytes have told. */
  readonly protocol: PickleProtocol;
  /** Throws the error, with the place of the opcode that is at work. */
  fail(code: PickleDecodeErrorCode, message: string, cause?: unknown): never;
  /** Throws the error for a limit that was passed. */
  refuse(limit: keyof PickleLimits, message: string): never;
}

/** The state of one pickle. */
export class Machine {
  readonly #host: MachineHost;
  readonly #limits: PickleLimits;
  readonly #stack: PyValue[] = [];
  readonly #marks: number[] = [];
  readonly #memo: PyValue[] = [];
  /** How many entries the memo has, which is where MEMOIZE puts the next one. */
  #memoized = 0;
  /** The stack's height at the topmost mark: what stands below it cannot be popped. */
  #fence = 0;
  #items = 0;
  #objects = 0;
  /** How many keys were ints of more than 64 bits. */
  #longKeys = 0;
  /** The names that the pickle has used, and what each stands for. The value itself holds only the name. */
  readonly #globals = new Map<string, PyGlobal>();
  readonly #known = new Map<PyGlobal, Known>();
  /** The class and the given parts of each instance: for BUILD, and to see how deep the value nests. */
  readonly #instances = new Map<object, { cls: PickleClass; parts: PyValue[] }>();

  constructor(host: MachineHost) {
    this.#host = host;
    this.#limits = host.limits;
  }

  /** What stands on the stack, marks left out. */
  get stack(): readonly PyValue[] {
    return this.#stack;
  }

  /** Does what an opcode without an argument does. */
  act(op: number): void {
    const stack = this.#stack;
    switch (op) {
      case Op.NONE:
        this.push(null);
        break;
      case Op.NEWTRUE:
        this.push(true);
        break;
      case Op.NEWFALSE:
        this.push(false);
        break;

      case Op.MARK:
        if (this.#marks.length >= this.#limits.maxStack) this.#host.refuse("maxStack", "too many marks");
        this.#marks.push(stack.length);
        this.#fence = stack.length;
        break;
      case Op.POP:
        if (this.#marks.length > 0 && this.#fence === stack.length) this.#dropMark();
        else this.#pop();
        break;
      case Op.POP_MARK:
        stack.length = this.#dropMark();
        break;
      case Op.DUP:
        this.push(this.#top());
        break;

      case Op.EMPTY_LIST:
        this.pushObject([]);
        break;
      case Op.LIST:
        this.pushObject(this.#popToMark());
        break;
      case Op.APPEND: {
        const item = this.#pop();
        this.#spend(1);
        this.#list().push(item);
        break;
      }
      case Op.APPENDS: {
        const items = this.#popToMark();
        const list = this.#list();
        for (const item of items) list.push(item);
        break;
      }

      case Op.EMPTY_TUPLE:
        this.pushObject(new PyTuple());
        break;
      case Op.TUPLE1:
      case Op.TUPLE2:
      case Op.TUPLE3: {
        const first = stack.length - (op - Op.TUPLE1 + 1);
        if (first < this.#fence) this.#host.fail("STACK", "fewer values on the stack than the tuple has");
        this.#spend(stack.length - first);
        this.pushObject(new PyTuple(stack.splice(first)));
        break;
      }
      case Op.TUPLE:
        this.pushObject(new PyTuple(this.#popToMark()));
        break;

      case Op.EMPTY_DICT:
        this.pushObject(new PyDict());
        break;
      case Op.DICT: {
        const dict = new PyDict();
        this.#setItems(dict, this.#popToMark());
        this.pushObject(dict);
        break;
      }
      case Op.SETITEM: {
        const value = this.#pop();
        const key = this.#pop();
        this.#spend(2);
        this.#setItems(this.#top(), [key, value]);
        break;
      }
      case Op.SETITEMS: {
        const items = this.#popToMark();
        this.#setItems(this.#top(), items);
        break;
      }

      case Op.EMPTY_SET:
        this.pushObject(new PySet());
        break;
      case Op.ADDITEMS: {
        const items = this.#popToMark();
        const set = this.#top();
        if (!(set instanceof PySet) || set instanceof PyFrozenSet)
          this.#host.fail("BAD_OPERAND", "there is no set to add to");
        this.#withKeys(items, () => {
          for (const item of items) set.add(item);
        });
        break;
      }
      case Op.FROZENSET: {
        const items = this.#popToMark();
        this.pushObject(this.#withKeys(items, () => new PyFrozenSet(items)));
        break;
      }
      case Op.MEMOIZE:
        this.memoize(this.#memoized);
        break;

      case Op.STACK_GLOBAL: {
        const qualname = this.#pop();
        const module = this.#pop();
        if (typeof module !== "string" || typeof qualname !== "string") {
          this.#host.fail("BAD_OPERAND", "a class must be named by two strings");
        }
        this.push(this.global(module, qualname));
        break;
      }
      case Op.REDUCE: {
        const args = this.#tuple(this.#pop());
        this.push(this.#call(this.#pop(), args));
        break;
      }
      case Op.NEWOBJ: {
        const args = this.#tuple(this.#pop());
        this.push(this.#instance(this.#pop(), args.items, "new"));
        break;
      }
      case Op.NEWOBJ_EX: {
        const keywords = this.#pop();
        if (!(keywords instanceof PyDict) || keywords.size > 0) {
          this.#host.fail("UNSUPPORTED", "keyword arguments of __new__ are not taken");
        }
        const args = this.#tuple(this.#pop());
        this.push(this.#instance(this.#pop(), args.items, "new"));
        break;
      }
      case Op.OBJ: {
        const [cls, ...args] = this.#popToMark();
        this.push(this.#instance(cls, args, "classic"));
        break;
      }
      case Op.BUILD: {
        const state = this.#pop();
        this.#build(this.#top(), state);
        break;
      }

      default:
        this.#host.fail(
          "UNSUPPORTED",
          "persistent ids, extension codes and out-of-band buffers are not taken",
        );
    }
  }

  /** Ends the pickle (STOP). Gives its value. */
  stop(): PyValue {
    const value = this.#pop();
    this.#checkDepth(value);
    return value;
  }

  // Stack and memo

  /** Puts a value on the stack. */
  push(value: PyValue): void {
    const stack = this.#stack;
    if (stack.length >= this.#limits.maxStack) this.#host.refuse("maxStack", "too many values on the stack");
    stack.push(value);
  }

  /** Puts a value on the stack that is large in memory for what stands for it. */
  pushObject(value: object): void {
    this.#countObject();
    this.push(value);
  }

  #pop(): PyValue {
    if (this.#stack.length <= this.#fence) this.#host.fail("STACK", "the stack is empty");
    return this.#stack.pop() as PyValue;
  }

  #top(): PyValue {
    if (this.#stack.length <= this.#fence) this.#host.fail("STACK", "the stack is empty");
    return this.#stack[this.#stack.length - 1] as PyValue;
  }

  #dropMark(): number {
    const mark = this.#marks.pop();
    if (mark === undefined) this.#host.fail("STACK", "there is no mark on the stack");
    this.#fence = this.#marks.at(-1) ?? 0;
    return mark;
  }

  /** Takes what stands above the topmost mark, to be put into a container. */
  #popToMark(): PyValue[] {
    const mark = this.#dropMark();
    this.#spend(this.#stack.length - mark);
    return this.#stack.splice(mark);
  }

  /** Notes the value on top of the stack in the memo. */
  memoize(index: number): void {
    const value = this.#top();
    if (index >= this.#limits.maxMemo) this.#host.refuse("maxMemo", "the memo is too large");
    if (this.#memo[index] === undefined) this.#memoized += 1;
    this.#memo[index] = value;
  }

  /** Puts a value from the memo on the stack. */
  recall(index: number): void {
    const value = this.#memo[index];
    if (value === undefined) this.#host.fail("MEMO", `memo entry ${index} was never set`);
    this.push(value);
  }

  // Containers

  #countObject(): void {
    this.#objects += 1;
    if (this.#objects > this.#limits.maxObjects) this.#host.refuse("maxObjects", "too many objects");
  }

  #spend(items: number): void {
    this.#items += items;
    if (this.#items > this.#limits.maxItems) this.#host.refuse("maxItems", "too many items");
  }

  #list(): PyValue[] {
    const list = this.#top();
    if (!Array.isArray(list)) this.#host.fail("BAD_OPERAND", "there is no list to append to");
    return list as PyValue[];
  }

  #tuple(value: PyValue): PyTuple {
    if (!(value instanceof PyTuple))
      this.#host.fail("BAD_OPERAND", "the arguments of a call must be a tuple");
    return value;
  }

  #setItems(dict: PyValue, items: readonly PyValue[]): void {
    if (!(dict instanceof PyDict)) this.#host.fail("BAD_OPERAND", "there is no dict to set items of");
    if (items.length % 2 === 1) this.#host.fail("BAD_OPERAND", "a key has no value");
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i] as PyValue;
      const value = items[i + 1] as PyValue;
      if (isCheapKey(key)) dict.set(key, value);
      else this.#withKeys([key], () => dict.set(key, value));
    }
  }

  /** Does what compares keys, having counted what that costs. */
  #withKeys<T>(keys: readonly PyValue[], act: () => T): T {
    for (const key of keys) {
      // JavaScript tells bigints apart by their low 64 bits: each that is longer may have to be compared with all before.
      if (typeof key === "bigint" && BigInt.asIntN(65, key) !== key) this.#spend(this.#longKeys++ >>> 4);
      if (!isCheapKey(key)) this.#spend(keyCost(key, this.#limits.maxItems - this.#items));
    }
    try {
      return act();
    } catch (cause) {
      if (cause instanceof TypeError || cause instanceof RangeError)
        this.#host.fail("BAD_OPERAND", cause.message, cause);
      throw cause;
    }
  }

  // Classes

  /** Makes an instance of a named class, with what stands above the mark as arguments (INST). */
  inst(module: string, qualname: string): void {
    this.push(this.#instance(this.global(module, qualname), this.#popToMark(), "classic"));
  }

  /** Finds a class or callable by the name that the pickle gives it, or refuses the pickle. */
  global(module: string, qualname: string): PyGlobal {
    this.#spend((module.length + qualname.length) >>> 4);
    const name = `${module}\n${qualname}`;
    const met = this.#globals.get(name);
    if (met) return met;
    const builtin = findBuiltin(module, qualname);
    const cls = builtin ? undefined : this.#host.findClass?.(module, qualname);
    const named = new PyGlobal(module, qualname);
    if (
      !builtin &&
      !cls &&
      !isNamed(named, "copyreg", "_reconstructor") &&
      !isNamed(named, "builtins", "object")
    ) {
      const shown = `${module}.${qualname}`.slice(0, LONGEST_NAME_SHOWN);
      this.#host.fail("UNKNOWN_CLASS", `the class ${shown} is not registered`);
    }
    this.#globals.set(name, named);
    this.#known.set(named, { cls, builtin });
    return named;
  }

  /** What a name on the stack stands for. */
  #knownAs(value: PyValue | undefined): Known {
    const known = value instanceof PyGlobal ? this.#known.get(value) : undefined;
    if (!known) this.#host.fail("BAD_OPERAND", "only a class can be called");
    return known;
  }

  #call(callee: PyValue, args: PyTuple): PyValue {
    const { builtin } = this.#knownAs(callee);
    const named = callee as PyGlobal;
    if (builtin) {
      for (const arg of args) this.#spend(sizeOf(arg));
      const keys = args.items.flatMap((arg) => (Array.isArray(arg) ? (arg as PyValue[]) : []));
      const value = this.#withKeys(keys, () => builtin(args.items));
      if (value === undefined) {
        this.#host.fail(
          "BAD_OPERAND",
          `${named.module}.${named.qualname} cannot be called with these arguments`,
        );
      }
      this.#countObject();
      return value;
    }
    if (!isNamed(named, "copyreg", "_reconstructor")) return this.#instance(named, args.items, "call");
    const [cls, base, state] = args;
    const isPlain = base instanceof PyGlobal && isNamed(base, "builtins", "object") && state === null;
    if (args.length !== 3 || !isPlain) {
      this.#host.fail("BAD_OPERAND", "only instances of plain classes are reconstructed");
    }
    return this.#instance(cls, [], "new");
  }

  #instance(
    named: PyValue | undefined,
    args: readonly PyValue[],
    construction: InstanceOrigin["construction"],
  ): object {
    const { cls } = this.#knownAs(named);
    const { module, qualname } = named as PyGlobal;
    if (!cls) this.#host.fail("BAD_OPERAND", `${module}.${qualname} is no class of instances`);
    this.#spend(1 + args.length);
    this.#countObject();
    const instance = cls.create(args, { module, qualname, protocol: this.#host.protocol, construction });
    this.#instances.set(instance, { cls, parts: [...args] });
    return instance;
  }

  #build(instance: PyValue, state: PyValue): void {
    const known =
      instance !== null && typeof instance === "object" ? this.#instances.get(instance) : undefined;
    if (!known?.cls.setState) this.#host.fail("BAD_OPERAND", "there is no instance that takes a state");
    this.#spend(1);
    known.parts.push(state);
    known.cls.setState(instance as object, state);
  }

  #checkDepth(value: PyValue): void {
    if (this.#objects <= this.#limits.maxDepth) return;
    if (isDeeperThan(this.#limits.maxDepth, value, (instance) => this.#instances.get(instance)?.parts)) {
      this.#host.refuse("maxDepth", "containers nest too deep");
    }
  }
}

/** Whether a name is that of a module and object of Python 3, by whichever name Python 2 knew them. */
function isNamed(value: PyGlobal, module: string, qualname: string): boolean {
  return value.qualname === qualname && python3Module(value.module) === module;
}

/** Whether Python can hash the key, and comparing it costs nothing worth counting. */
function isCheapKey(key: PyValue): boolean {
  if (typeof key === "string") return key.length <= CHEAP_KEY_LENGTH;
  return key === null || typeof key === "number" || typeof key === "boolean";
}

/** How much a built-in callable copies of an argument, in items. */
function sizeOf(value: PyValue): number {
  if (Array.isArray(value)) return value.length;
  if (value instanceof Uint8Array || typeof value === "string") return value.length >>> 4;
  return 0;
}
