// The state of one pickle while it is decoded: a stack with marks, a memo, and what was spent of the budgets.
//
// run.ts reads opcodes and acts on it; containers.ts and construct.ts hold what the larger opcodes do. Its fields are
// plain and it is made again from itself (see decode.ts), because a small pickle takes less time than making one anew.

import type { Builtin } from "./builtins.js";
import type { FindClass, PickleClass } from "./classes.js";
import { PickleDecodeError, type PickleDecodeErrorCode } from "./errors.js";
import type { KeyGuard } from "./key-guard.js";
import { type PickleLimits, settleLimits } from "./limits.js";
import type { NameMapping } from "./names.js";
import type { PickleProtocol } from "./opcodes.js";
import type { PyGlobal, PyValue } from "./values.js";
import { treeOf } from "./walk.js";

/** How the 8-bit strings of Python 2 pickles are read: as text in that encoding, or as bytes. */
export type StringEncoding = "ascii" | "latin1" | "utf-8" | "bytes";

/** What a decoder may be told. */
export interface DecoderOptions {
  /** Finds the class for a name in the pickle. Default: none is registered. A `ClassRegistry` has one. */
  readonly findClass?: FindClass | undefined;
  /**
   * What becomes of a class that is not registered. Default `"reject"`: the pickle is refused. `"opaque"`: its instances
   * are inert {@link PyObject}s, and persistent ids and extension codes that are not known stand for themselves.
   */
  readonly unknown?: "reject" | "opaque" | undefined;
  /** Looks a persistent id up. Default: there are none, and one is refused. */
  readonly persistentLoad?: ((id: PyValue) => PyValue) | undefined;
  /** Classes by their number in Python's `copyreg` extension registry. Default none. */
  readonly extensions?: ReadonlyMap<number, PyGlobal> | undefined;
  /**
   * The buffers that the pickle's writer kept out of it (PEP 574), in order. Each is put into the value as it is: a
   * Uint8Array is bytes, besides a PyByteArray or PyBuffer. Default none.
   */
  readonly buffers?: Iterable<PyValue> | undefined;
  /** How names are told that Python 2 knew otherwise, in protocols 0 to 2. Default: those of the built-in types. */
  readonly names?: NameMapping | undefined;
  /** Budgets that differ from the defaults. */
  readonly limits?: Partial<PickleLimits> | undefined;
  /** How 8-bit strings of Python 2 are read. Default `"ascii"`, as CPython's `pickle.loads`. */
  readonly encoding?: StringEncoding | undefined;
}

/**
 * Asked when a bytes value begins whose content has not been looked at. A value instead of undefined takes its place,
 * and the bytes themselves are left to the caller.
 *
 * @param length of the bytes
 * @param machine what is decoded so far, to see where the bytes belong
 */
export type DivertBytes = (length: number, machine: Machine) => PyValue | undefined;

/** An instance of a registered class, and what it was made of. */
export interface Instance {
  readonly instance: object;
  readonly cls: PickleClass;
  parts: PyValue[];
}

/** A name that the pickle has used, and what it stands for. The value itself holds only the name. */
export interface Known {
  readonly global: PyGlobal;
  readonly cls: PickleClass | undefined;
  readonly builtin: Builtin | undefined;
}

const NOTHING = new Uint8Array(0);

/** How long the heights of a new machine are. */
const KEPT_ENTRIES = 256;

/** As many as stand in the object itself: for more, V8 takes memory apart from it. */
const FEW_PLACES = 16;

/** Up to this length, a stack is used again: CPython puts 1000 items at once there, or their keys and values. */
const KEPT_STACK = 4096;

/** Values of the memo stand in arrays of this length, none of which grows: what it grew from would keep values alive. */
export const HELD_CHUNK = 256;

/** As many numbers of the memo's places are kept, which need not be wiped: 256 KiB. */
const KEPT_PLACES = 65_536;

/** The state of one pickle. */
export class Machine {
  options!: DecoderOptions;
  limits!: PickleLimits;
  opaque = false;
  /** Bytes values are views on the input instead of copies. */
  view = false;
  divert: DivertBytes | undefined;
  buffers: Iterator<PyValue> | undefined;

  stack: PyValue[] = [];
  /** How many values stand on the stack. */
  sp = 0;
  /** How many have stood there at once. */
  peak = 0;
  /** The stack's height at the topmost mark: what stands below it cannot be popped. */
  fence = 0;
  /** Where the marks stand, of which the first markCount count. */
  readonly marks: number[] = [];
  markCount = 0;
  /** How deep the object in each place of the stack nests, as far as it is known without looking into it; 0 for bytes. */
  heights: Int32Array = new Int32Array(KEPT_ENTRIES);
  /** The memo, see memo.ts: where each entry is, the values that are held, and entries whose index is far from the others. */
  places: Int32Array = new Int32Array(FEW_PLACES);
  held: PyValue[][] = [];
  heldCount = 0;
  far: Map<number, PyValue> | undefined;
  /** How many entries the memo has, which is where MEMOIZE puts the next one. */
  memoized = 0;
  /** One more than the highest index in the memo. */
  memoEnd = 0;

  opcodes = 0;
  objects = 0;
  items = 0;
  /** How many keys were very long. */
  longKeys = 0;
  /** A container stands in more than one place: only a walk tells how deep the value nests. */
  shared = false;
  readonly guards: Map<object, KeyGuard> = new Map();
  /** The name and the instance that were met last. Only from the second one on is there something to look up. */
  lastKnown: Known | undefined;
  /** The others, by their name and by what stands for it in the value. */
  readonly known: Map<string | PyGlobal, Known> = new Map();
  lastInstance: Instance | undefined;
  readonly instances: Map<object, Instance> = new Map();

  proto: PickleProtocol | undefined;
  binary = false;
  done = false;
  result: PyValue = null;

  /** The buffer that is being run, and the offset in it of the opcode at work. */
  input: Uint8Array = NOTHING;
  at = 0;
  /** What to add to an offset in the buffer for one in the pickle. */
  base = 0;
  /** What to add for bytes that a caller took out of the input. */
  diverted = 0;
  /** Where run() stopped for want of input: how many bytes the opcode there takes, or -1 for up to the next newline. */
  need = 0;
  /** Bytes of a diverted value that come next in the input. */
  bytesLeft = 0;
  /** Where the last bytes value stood that the caller was asked about: it is asked once. */
  declined = -1;
  /** No input comes after the buffer. */
  whole = false;
  /** The buffer is all of the input, up to offsets that the memo can hold: what stands in it can be read again. */
  rereads = false;
  /** A stretch of input as text, for the short strings in it. */
  window = "";
  windowStart = 0;
  windowEnd = 0;
  /** The buffer as numbers, once it is wanted. */
  numbers: DataView | undefined;

  /** Makes it ready for a pickle. */
  start(options: DecoderOptions, divert: DivertBytes | undefined, view: boolean): void {
    this.options = options;
    this.limits = settleLimits(options.limits);
    this.opaque = chosen("unknown", options.unknown, waysWithUnknown) === "opaque";
    chosen("encoding", options.encoding, encodings);
    this.view = view;
    this.divert = divert;
    this.buffers = options.buffers?.[Symbol.iterator]();
  }

  /** Forgets the pickle. */
  reset(): void {
    // How high the stack of a pickle that was refused has been is not known.
    wipe(this.stack, this.done ? this.peak + 1 : this.stack.length);
    if (this.stack.length > KEPT_STACK) this.stack = [];
    for (let i = 0, left = this.heldCount; left > 0; i++, left -= HELD_CHUNK)
      wipe(this.held[i] as PyValue[], left);
    if (this.held.length > 1) this.held.length = 1;
    this.far = this.numbers = undefined;
    if (this.places.length > KEPT_PLACES) this.places = new Int32Array(FEW_PLACES);
    this.sp = this.peak = this.memoEnd = this.fence = this.memoized = this.markCount = this.heldCount = 0;
    this.opcodes = this.objects = this.items = this.longKeys = 0;
    if (this.marks.length > KEPT_ENTRIES) this.marks.length = 0;
    if (this.guards.size > 0) this.guards.clear();
    if (this.known.size > 0) this.known.clear();
    this.lastKnown = this.lastInstance = undefined;
    if (this.instances.size > 0) this.instances.clear();
    if (this.heights.length > KEPT_ENTRIES) this.heights = new Int32Array(KEPT_ENTRIES);
    this.shared = this.binary = this.done = this.whole = this.rereads = false;
    this.proto = undefined;
    this.result = null;
    this.options = NO_OPTIONS;
    this.divert = this.buffers = undefined;
    this.input = NOTHING;
    this.at = this.base = this.diverted = this.need = this.bytesLeft = this.windowStart = this.windowEnd = 0;
    this.declined = -1;
    this.window = "";
  }

  /** The pickle's protocol as far as its bytes have told: protocols 0 and 1 have no header. */
  get protocol(): PickleProtocol {
    return this.proto ?? (this.binary ? 1 : 0);
  }

  /** What is known of an instance of a registered class; undefined for any other value. */
  madeOf(value: PyValue): Instance | undefined {
    const last = this.lastInstance;
    if (last?.instance === value) return last;
    return typeof value === "object" && value ? this.instances.get(value) : undefined;
  }

  /** Notes an instance of a registered class. */
  made(instance: object, cls: PickleClass, parts: PyValue[]): void {
    const last = this.lastInstance;
    if (last) this.instances.set(last.instance, last);
    this.lastInstance = { instance, cls, parts };
  }

  // Stack and memo

  /** Puts a value on the stack that holds no other: an atom, a float that is an object to keep its type, or a name. */
  push(value: PyValue): void {
    if (typeof value === "object" && value !== null) this.place(value, 0);
    else this.stack[this.sp++] = value;
  }

  /** Puts an object on the stack that is large in memory for what stands for it. */
  pushObject(value: PyValue, height: number): void {
    if (++this.objects > this.limits.maxObjects) this.refuse("maxObjects");
    this.place(value, height);
  }

  /** Puts a value on the stack of which is known how deep it nests. */
  place(value: PyValue, height: number): void {
    const { sp } = this;
    if (sp >= this.heights.length) {
      const grown = new Int32Array(sp * 2);
      grown.set(this.heights);
      this.heights = grown;
    }
    this.stack[sp] = value;
    this.heights[sp] = height;
    this.sp = sp + 1;
    if (height > this.limits.maxDepth) this.refuse("maxDepth");
  }

  /** How deep what stands at [from, to) of the stack nests. */
  heightOf(from: number, to: number = this.sp): number {
    const { stack, heights } = this;
    let height = 0;
    for (let i = from; i < to; i++) {
      const value = stack[i];
      if (typeof value === "object" && value !== null && (heights[i] as number) > height)
        height = heights[i] as number;
    }
    return height;
  }

  /** Notes that something of that height was put into the object at a place of the stack. */
  raise(place: number, height: number): void {
    if (height < (this.heights[place] as number)) return;
    this.heights[place] = height + 1;
    if (height >= this.limits.maxDepth) this.refuse("maxDepth");
  }

  pop(): PyValue {
    if (this.sp <= this.fence) this.fail("STACK");
    return this.stack[--this.sp] as PyValue;
  }

  top(): PyValue {
    if (this.sp <= this.fence) this.fail("STACK");
    return this.stack[this.sp - 1] as PyValue;
  }

  mark(): void {
    if (this.markCount >= this.limits.maxStack) this.refuse("maxStack");
    this.marks[this.markCount++] = this.sp;
    this.fence = this.sp;
  }

  /** Takes the topmost mark off. Gives where it stood. */
  dropMark(): number {
    if (this.markCount === 0) this.fail("STACK");
    const { marks } = this;
    const mark = marks[--this.markCount] as number;
    this.fence = this.markCount > 0 ? (marks[this.markCount - 1] as number) : 0;
    return mark;
  }

  // Budgets and errors

  spend(items: number): void {
    this.items += items;
    if (this.items > this.limits.maxItems) this.refuse("maxItems");
  }

  /**
   * Counts a key of so many times 16 characters. V8 takes the length of a text of 16 KiB and more for its hash, so that
   * each such key may be compared with all before.
   */
  spendKey(cost: number): void {
    this.spend(cost);
    if (cost >= LONG_KEY_COST) this.spend(this.longKeys++ * (cost >>> 6));
  }

  /** Sees to it that whoever walks the value comes to an end. */
  checkTree(value: PyValue): void {
    if (!this.shared) return;
    const { maxDepth, maxReferences } = this.limits;
    const { height, references } = treeOf(value, maxDepth, (instance) => this.madeOf(instance)?.parts);
    if (height > maxDepth) this.refuse("maxDepth");
    if (references > maxReferences) this.refuse("maxReferences");
  }

  /** Refuses the pickle for what stands at the opcode that is at work. */
  fail(code: PickleDecodeErrorCode, message?: string, cause?: unknown, limit?: string): never {
    throw new PickleDecodeError(code, message, {
      offset: this.diverted + this.base + this.at,
      opcode: this.input[this.at],
      limit,
      ...(cause === undefined ? undefined : { cause }),
    });
  }

  /** Refuses the pickle for passing a limit. */
  refuse(limit: keyof PickleLimits): never {
    this.fail("LIMIT", `${limit} is ${this.limits[limit]}`, undefined, limit);
  }
}

/** 16,000 characters, less what holds the parts of a composite key apart. */
const LONG_KEY_COST = 900;

const NO_OPTIONS: DecoderOptions = {};

/** Does what refuses values by a TypeError or RangeError: then it is the pickle that is refused. */
export function guarded<T>(m: Machine, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    refuseOperand(m, cause);
  }
}

/** Refuses the pickle for a TypeError or RangeError of code that is not the machine's; any other comes through. */
export function refuseOperand(m: Machine, cause: unknown): never {
  if (!(cause instanceof TypeError || cause instanceof RangeError)) throw cause;
  m.fail("BAD_OPERAND", cause.message, cause);
}

const waysWithUnknown = ["reject", "opaque"] as const;
const encodings: readonly StringEncoding[] = ["ascii", "latin1", "utf-8", "bytes"];

/** The value of an option that has but a few. */
function chosen<T>(name: string, value: T | undefined, values: readonly T[]): T | undefined {
  if (value === undefined || values.includes(value)) return value;
  throw new RangeError(`Cannot use ${name} ${String(value)}: it is one of ${values.join(", ")}`);
}

/**
 * Lets go of the first values of an array. Also where the array is given up: one that the garbage collector has moved to
 * where it seldom looks would keep them all until then.
 */
function wipe(entries: PyValue[], used: number): void {
  for (let i = Math.min(used, entries.length) - 1; i >= 0; i--) entries[i] = undefined as unknown as PyValue;
}
