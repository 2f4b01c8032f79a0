// What a pickle names, found by going through its opcodes without running them and without reading an argument that is
// not wanted: nothing in an argument can end it early, so that it sees at least as much as any unpickler would run.

import { Op, type PickleProtocol, Shape, shapes } from "../pickle/opcodes.js";
import { endOfOpcode, lineText, memoIndex, readNumber, strText } from "./operand.js";

/** What a pickle does with a class or function that it names; `changed`: it is given attributes of the pickle's choice. */
export type ImportUse = "called" | "instantiated" | "changed" | "referenced";

/** A class or function that a pickle names. */
export interface ScannedImport {
  /** Undefined for a name that only comes about when the pickle is run. */
  readonly module: string | undefined;
  readonly qualname: string | undefined;
  /** Where it is named first: in bytes, from the start of the pickle. */
  readonly offset: number;
  /** What is done with it; `referenced` when nothing else is. */
  readonly uses: ReadonlySet<ImportUse>;
}

/** Why a scan ended before STOP. */
type ScanEnd = "TRUNCATED" | "UNKNOWN_OPCODE" | "LIMIT";

/** What {@link scan} found. */
export interface Scan {
  /** How many bytes were gone through: at STOP, all of the pickle's. */
  readonly length: number;
  /** How many opcodes those are. */
  readonly opcodes: number;
  readonly protocol: PickleProtocol | undefined;
  readonly imports: readonly ScannedImport[];
  /** Numbers of Python's extension registry that stand for a class. */
  readonly extensions: ReadonlySet<number>;
  /** How many persistent ids there are. */
  readonly persistentIds: number;
  /** How many out-of-band buffers are wanted. */
  readonly buffers: number;
  /** Undefined when STOP was reached. */
  readonly end: ScanEnd | undefined;
}

/** What bounds a scan. */
export interface ScanLimits {
  /** Opcodes gone through. */
  readonly maxOpcodes: number;
  /** Values on the stack, marks on it, and memo entries. */
  readonly maxStack: number;
}

/** How many extension codes are noted. */
const MOST_EXTENSIONS = 1000;

// What stands on the stack, as a number. 0 is anything; a negative one is a str, by the offset of its opcode; an odd one
// is an import, an even one a tuple whose first item is that import.
const ANYTHING = 0;
const strAt = (offset: number): number => -1 - offset;
const importOf = (index: number): number => index * 2 + 1;
const tupleOf = (value: number): number => (value > 0 && value % 2 === 1 ? value + 1 : ANYTHING);

/** Functions that make an instance of the class that is their first argument. */
const reconstructors: ReadonlySet<string> = new Set(
  ["copyreg", "copy_reg"].flatMap((module) =>
    ["_reconstructor", "__newobj__", "__newobj_ex__"].map((name) => `${module}\n${name}`),
  ),
);

/** Goes through the pickle at the start of the input, as far as it can be gone through. */
export function scan(bytes: Uint8Array, limits: ScanLimits): Scan {
  return new Scanner(bytes, limits).run();
}

class Scanner {
  readonly #bytes: Uint8Array;
  readonly #limits: ScanLimits;
  #stack: number[] = [];
  #marks: number[] = [];
  readonly #memo = new Map<number, number>();
  readonly #imports: (ScannedImport & { readonly uses: Set<ImportUse> })[] = [];
  readonly #indexes = new Map<string, number>();
  readonly #extensions = new Set<number>();
  #persistentIds = 0;
  #buffers = 0;
  #protocol: PickleProtocol | undefined;

  constructor(bytes: Uint8Array, limits: ScanLimits) {
    this.#bytes = bytes;
    this.#limits = limits;
  }

  run(): Scan {
    const bytes = this.#bytes;
    let at = 0;
    let opcodes = 0;
    let end: ScanEnd | undefined = "TRUNCATED";
    while (at < bytes.length) {
      const op = bytes[at] as number;
      if (shapes[op] === Shape.Unknown) {
        end = "UNKNOWN_OPCODE";
        break;
      }
      const next = endOfOpcode(bytes, at);
      if (next === undefined) break;
      opcodes++;
      this.#act(op, at, next);
      at = next;
      if (op === Op.STOP) {
        end = undefined;
        break;
      }
      const held = Math.max(this.#stack.length, this.#marks.length, this.#memo.size);
      if (opcodes >= this.#limits.maxOpcodes || held > this.#limits.maxStack) {
        end = "LIMIT";
        break;
      }
    }
    return {
      length: at,
      opcodes,
      protocol: this.#protocol,
      imports: this.#imports,
      extensions: this.#extensions,
      persistentIds: this.#persistentIds,
      buffers: this.#buffers,
      end,
    };
  }

  #act(op: number, at: number, next: number): void {
    const stack = this.#stack;
    switch (op) {
      case Op.PROTO:
        this.#protocol = Math.min(readNumber(this.#bytes, at + 1, next), 5) as PickleProtocol;
        break;
      case Op.FRAME:
      case Op.STOP:
      case Op.READONLY_BUFFER:
        break;
      case Op.POP:
        if (this.#marks.at(-1) === stack.length) this.#marks.pop();
        else stack.pop();
        break;
      case Op.DUP:
        stack.push(stack.at(-1) ?? ANYTHING);
        break;
      case Op.MARK:
        this.#marks.push(stack.length);
        break;
      case Op.POP_MARK:
      case Op.APPENDS:
      case Op.SETITEMS:
      case Op.ADDITEMS:
        this.#popToMark();
        break;
      case Op.LIST:
      case Op.DICT:
      case Op.FROZENSET:
        this.#popToMark();
        stack.push(ANYTHING);
        break;
      case Op.TUPLE:
        stack.push(tupleOf(this.#popToMark()));
        break;
      case Op.TUPLE1:
      case Op.TUPLE2:
      case Op.TUPLE3:
        for (let i = op; i > Op.TUPLE1; i--) stack.pop();
        stack.push(tupleOf(this.#pop()));
        break;
      case Op.APPEND:
        stack.pop();
        break;
      case Op.SETITEM:
        stack.pop();
        stack.pop();
        break;
      case Op.BUILD:
        stack.pop();
        this.#use(stack.at(-1) ?? ANYTHING, "changed");
        break;
      case Op.REDUCE:
      case Op.NEWOBJ:
        this.#call(op, this.#pop());
        break;
      case Op.NEWOBJ_EX:
        stack.pop();
        this.#call(op, this.#pop());
        break;
      case Op.OBJ:
        this.#use(this.#popToMark(), "called");
        stack.push(ANYTHING);
        break;
      case Op.INST:
        this.#popToMark();
        this.#lines(at, next);
        this.#use(stack.at(-1) as number, "called");
        stack[stack.length - 1] = ANYTHING;
        break;
      case Op.GLOBAL:
        this.#lines(at, next);
        break;
      case Op.STACK_GLOBAL: {
        const qualname = this.#pop();
        const module = this.#pop();
        if (module < 0 && qualname < 0) {
          this.#import(strText(this.#bytes, -1 - module), strText(this.#bytes, -1 - qualname), at);
        } else {
          this.#import(undefined, undefined, at);
        }
        break;
      }
      case Op.EXT1:
      case Op.EXT2:
      case Op.EXT4:
        if (this.#extensions.size < MOST_EXTENSIONS)
          this.#extensions.add(readNumber(this.#bytes, at + 1, next));
        stack.push(ANYTHING);
        break;
      case Op.PERSID:
      case Op.BINPERSID:
        if (op === Op.BINPERSID) stack.pop();
        this.#persistentIds++;
        stack.push(ANYTHING);
        break;
      case Op.NEXT_BUFFER:
        this.#buffers++;
        stack.push(ANYTHING);
        break;
      case Op.MEMOIZE:
        this.#memo.set(this.#memo.size, stack.at(-1) ?? ANYTHING);
        break;
      case Op.PUT:
      case Op.BINPUT:
      case Op.LONG_BINPUT:
        this.#memo.set(memoIndex(this.#bytes, at, next), stack.at(-1) ?? ANYTHING);
        break;
      case Op.GET:
      case Op.BINGET:
      case Op.LONG_BINGET:
        stack.push(this.#memo.get(memoIndex(this.#bytes, at, next)) ?? ANYTHING);
        break;
      case Op.STRING:
      case Op.BINSTRING:
      case Op.SHORT_BINSTRING:
      case Op.UNICODE:
      case Op.SHORT_BINUNICODE:
      case Op.BINUNICODE:
      case Op.BINUNICODE8:
        stack.push(strAt(at));
        break;
      default:
        stack.push(ANYTHING);
    }
  }

  #pop(): number {
    return this.#stack.pop() ?? ANYTHING;
  }

  /** Takes all above the topmost mark. Gives the lowest of it. */
  #popToMark(): number {
    const mark = this.#marks.pop() ?? 0;
    const first = this.#stack[mark] ?? ANYTHING;
    if (mark < this.#stack.length) this.#stack.length = mark;
    return first;
  }

  #call(op: number, args: number): void {
    const callee = this.#pop();
    this.#use(callee, op === Op.REDUCE ? "called" : "instantiated");
    const named = callee > 0 ? this.#imports[(callee - 1) >> 1] : undefined;
    if (named && args > 0 && args % 2 === 0 && reconstructors.has(`${named.module}\n${named.qualname}`)) {
      this.#use(args - 1, "instantiated");
    }
    this.#stack.push(ANYTHING);
  }

  #use(value: number, use: ImportUse): void {
    if (value <= 0 || value % 2 === 0) return;
    const { uses } = this.#imports[(value - 1) >> 1] as { uses: Set<ImportUse> };
    uses.delete("referenced");
    uses.add(use);
  }

  /** Notes the class that GLOBAL and INST name in two lines. */
  #lines(at: number, next: number): void {
    const middle = this.#bytes.indexOf(0x0a, at + 1);
    this.#import(lineText(this.#bytes, at + 1, middle), lineText(this.#bytes, middle + 1, next - 1), at);
  }

  #import(module: string | undefined, qualname: string | undefined, offset: number): void {
    const key = module === undefined || qualname === undefined ? "" : `${module}\n${qualname}`;
    let index = this.#indexes.get(key);
    if (index === undefined) {
      index = this.#imports.length;
      this.#indexes.set(key, index);
      this.#imports.push({ module, qualname, offset, uses: new Set(["referenced"]) });
    }
    this.#stack.push(importOf(index));
  }
}
