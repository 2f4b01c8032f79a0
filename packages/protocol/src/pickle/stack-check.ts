// What pickletools checks of a pickle beside its opcodes: how the stack, its marks and the memo stand, by kinds alone.
// Source: CPython Lib/pickletools.py (dis), whose words the errors have.

import type { DisassembledOp } from "./disassemble.js";
import { PickleDecodeError, type PickleDecodeErrorCode } from "./errors.js";
import type { PickleLimits } from "./limits.js";
import type { StackKind } from "./opcode-info.js";
import { Op } from "./opcodes.js";

/** Kinds that an error names, of those that are left on the stack. */
const MAX_NAMED_KINDS = 100;

interface Problem {
  readonly code: PickleDecodeErrorCode;
  readonly message: string;
}

/**
 * The memo of a pickle: what kind of value each key stands for.
 *
 * @see FormatDisassemblyOptions.memo
 */
export type DisassemblyMemo = Map<number | bigint, StackKind>;

/** Goes through a pickle opcode by opcode: `enter`, then `leave`, between which the opcode's line is written. */
export class StackCheck {
  readonly #memo: DisassemblyMemo;
  readonly #limits: PickleLimits;
  readonly #stack: StackKind[] = [];
  /** Offsets of the MARKs that are open. */
  readonly #marks: number[] = [];
  #problem: Problem | undefined;
  #pops = 0;
  #after: readonly StackKind[] = [];

  constructor(memo: DisassemblyMemo, limits: PickleLimits) {
    this.#memo = memo;
    this.#limits = limits;
  }

  /** How many MARKs are open. */
  get depth(): number {
    return this.#marks.length;
  }

  /**
   * Takes what the opcode takes down to a MARK, and looks into the memo. Gives what is to be noted in the opcode's line.
   *
   * @throws {PickleDecodeError} when there is no telling what the opcode takes
   */
  enter(op: DisassembledOp): string | undefined {
    this.#problem = undefined;
    this.#pops = op.stackBefore.length;
    this.#after = op.stackAfter;
    switch (op.code) {
      case Op.PUT:
      case Op.BINPUT:
      case Op.LONG_BINPUT:
        this.#store(memoKey(op), op);
        return undefined;
      case Op.MEMOIZE: {
        const index = this.#memo.size;
        this.#store(index, op);
        return `(as ${index})`;
      }
      case Op.GET:
      case Op.BINGET:
      case Op.LONG_BINGET: {
        const kind = this.#memo.get(memoKey(op));
        if (kind === undefined) this.#note("MEMO", `memo key ${reprKey(op)} has never been stored into`);
        else this.#after = [kind];
        return undefined;
      }
    }
    const markAt = op.stackBefore.indexOf("mark");
    if (markAt >= 0 || (op.code === Op.POP && this.#stack.at(-1) === "mark")) return this.#toMark(op, markAt);
    return undefined;
  }

  /**
   * Does what the opcode does with the stack.
   *
   * @throws {PickleDecodeError} when it cannot, or when `enter` found that something is wrong
   */
  leave(op: DisassembledOp): void {
    if (this.#problem !== undefined) refuse(op, this.#problem.code, this.#problem.message);
    const stack = this.#stack;
    if (stack.length < this.#pops) {
      const message = `tries to pop ${this.#pops} items from stack with only ${stack.length} items`;
      refuse(op, "STACK", message);
    }
    stack.length -= this.#pops;
    stack.push(...this.#after);
    if (op.code === Op.MARK) this.#marks.push(op.offset);
    this.#bound(op, "maxStack", stack.length, "the stack is too large");
    this.#bound(op, "maxDepth", this.#marks.length, "too many marks are open");
  }

  /**
   * Says that the pickle is at its end.
   *
   * @throws {PickleDecodeError} when something is left on the stack
   */
  end(op: DisassembledOp): void {
    const { length } = this.#stack;
    if (length === 0) return;
    const names = this.#stack.slice(0, MAX_NAMED_KINDS);
    const more = length > names.length ? `, ... (${length} in all)` : "";
    refuse(op, "STACK", `stack not empty after STOP: [${names.join(", ")}${more}]`);
  }

  /** Takes all above the topmost MARK, and the MARK. */
  #toMark(op: DisassembledOp, markAt: number): string {
    const offset = this.#marks.pop();
    if (offset === undefined) {
      this.#note("STACK", "no MARK exists on stack");
      return "no MARK exists on stack";
    }
    const at = this.#stack.lastIndexOf("mark");
    // An opcode that takes any value took the MARK for one.
    if (at < 0) refuse(op, "STACK", "the MARK is no longer on the stack");
    this.#stack.length = at;
    this.#pops = Math.max(0, markAt);
    return `(MARK at ${offset})`;
  }

  #store(key: number | bigint, op: DisassembledOp): void {
    const top = this.#stack.at(-1);
    if (this.#memo.has(key)) this.#note("MEMO", `memo key ${reprKey(op)} already defined`);
    else if (top === undefined) this.#note("STACK", "stack is empty -- can't store into memo");
    else if (top === "mark") this.#note("BAD_OPERAND", "can't store markobject in the memo");
    else {
      this.#memo.set(key, top);
      this.#bound(op, "maxMemo", this.#memo.size, "the memo is too large");
    }
  }

  #note(code: PickleDecodeErrorCode, message: string): void {
    this.#problem = { code, message };
  }

  #bound(op: DisassembledOp, limit: keyof PickleLimits, value: number, message: string): void {
    const most = this.#limits[limit];
    if (value > most) refuse(op, "LIMIT", `${message}: ${limit} is ${most}`, limit);
  }
}

function refuse(op: DisassembledOp, code: PickleDecodeErrorCode, message: string, limit?: string): never {
  throw new PickleDecodeError(code, message, { offset: op.offset, opcode: op.code, limit });
}

/** To Python, the False and True that a GET or PUT may name are 0 and 1. */
function memoKey({ argument }: DisassembledOp): number | bigint {
  return typeof argument === "bigint" ? argument : Number(argument);
}

function reprKey({ argument }: DisassembledOp): string {
  if (argument === undefined) return "None";
  if (typeof argument === "boolean") return argument ? "True" : "False";
  return String(argument);
}
