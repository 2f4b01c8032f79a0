// Pickles as lists of opcodes, and as the text of `python3 -m pickletools`: to look into one without running any of it.
// Source: CPython Lib/pickletools.py (genops, dis), whose output is the measure.

import { checkRange } from "../range.js";
import { PickleDecodeError } from "./errors.js";
import { type PickleLimits, settleLimits } from "./limits.js";
import { formatFloat } from "./numbers.js";
import { ArgumentReader, type OpcodeArgument, textPieces } from "./opcode-argument.js";
import { type OpcodeInfo, opcodeInfo, type StackKind } from "./opcode-info.js";
import { Op, type PickleProtocol } from "./opcodes.js";
import { reprLatin1, reprText } from "./repr.js";
import { type DisassemblyMemo, StackCheck } from "./stack-check.js";
import { decodeLatin1 } from "./text.js";

/** An opcode of a pickle. */
export interface DisassembledOp {
  /** Where it stands: in bytes, from the start of the input. */
  readonly offset: number;
  /** Where its argument ends and the next opcode begins. */
  readonly end: number;
  /** Its name, as in CPython's `pickletools`: `"SHORT_BINUNICODE"`. */
  readonly op: keyof typeof Op;
  /** Its byte. */
  readonly code: number;
  /**
   * Its argument, undefined when it has none. Ints are numbers where that is exact, else bigints; INT, GET and PUT have
   * false and true for `00` and `01`. Floats are numbers. The 8-bit strings of Python 2 are texts of one character a byte.
   * GLOBAL and INST have the module and the name with a space between. Bytes and bytearrays are views on the input.
   */
  readonly argument: OpcodeArgument;
  /** What it takes from the stack, the topmost last. `stackslice` is all above the topmost `mark`. */
  readonly stackBefore: readonly StackKind[];
  /** What it leaves there instead. */
  readonly stackAfter: readonly StackKind[];
  /** The first protocol that has it. */
  readonly protocol: PickleProtocol;
}

/** What {@link disassemble} may be told. */
export interface DisassembleOptions {
  /** Digits of an int in decimal text, which cost the square of their number. Default 4,300, as in CPython. */
  readonly limits?: Partial<Pick<PickleLimits, "maxIntDigits">> | undefined;
}

/** What {@link formatDisassembly} may be told. */
export interface FormatDisassemblyOptions {
  /** Blanks before what stands behind a MARK, for each MARK that is open: from 0 to 100, default 4. */
  readonly indentLevel?: number | undefined;
  /**
   * The memo to begin with, to which the pickle's entries are added: for pickles that one pickler wrote one after another.
   * Default: an empty one.
   */
  readonly memo?: DisassemblyMemo | undefined;
  /**
   * Of the defaults of `decode`: `maxIntDigits` for ints as text, here those of LONG1 and LONG4 as well; `maxDepth` for
   * the MARKs that are open at once, as each makes the lines longer; `maxStack` and `maxMemo`.
   */
  readonly limits?:
    | Partial<Pick<PickleLimits, "maxDepth" | "maxIntDigits" | "maxMemo" | "maxStack">>
    | undefined;
}

/**
 * Takes a pickle apart, opcode by opcode up to STOP, without running any of it: no class is looked up, nothing is built.
 * Whether the opcodes make sense after one another is not checked. What Python's `pickletools.genops` gives.
 *
 * Two lone surrogates side by side in a text are one character in JavaScript, as always.
 *
 * @example
 * ```ts
 * import { disassemble, encode } from "@fileshare/protocol/pickle";
 *
 * for (const { offset, op, argument } of disassemble(encode(["spam"]))) console.log(offset, op, argument);
 * ```
 * @throws {PickleDecodeError} when the generator comes to an unknown opcode, a malformed argument or the end of the input,
 * or passes a limit; the opcodes before it were given
 * @throws {RangeError} when a limit is no number from 0 on
 * @throws {TypeError} when the input is no Uint8Array
 */
export function disassemble(
  bytes: Uint8Array,
  options: DisassembleOptions = {},
): Generator<DisassembledOp, void, undefined> {
  if (!(bytes instanceof Uint8Array)) {
    throw new TypeError("Cannot disassemble pickle: the input is no Uint8Array");
  }
  return operations(bytes, settleLimits(options.limits).maxIntDigits);
}

function* operations(bytes: Uint8Array, maxIntDigits: number): Generator<DisassembledOp, void, undefined> {
  const reader = new ArgumentReader(bytes, maxIntDigits);
  for (let offset = 0; offset < bytes.length; offset = reader.end) {
    const code = bytes[offset] as number;
    const info = opcodeInfo.get(code) ?? unknownOpcode(offset, code);
    const argument = reader.read(offset);
    yield {
      offset,
      end: reader.end,
      op: Op[code] as keyof typeof Op,
      code,
      argument,
      stackBefore: info.before,
      stackAfter: info.after,
      protocol: info.protocol,
    };
    if (code === Op.STOP) return;
  }
  throw new PickleDecodeError("TRUNCATED", "pickle exhausted before seeing STOP", { offset: bytes.length });
}

function unknownOpcode(offset: number, code: number): OpcodeInfo {
  const byte = reprLatin1(String.fromCharCode(code));
  const message = `at position ${offset}, opcode ${byte} unknown`;
  throw new PickleDecodeError("UNKNOWN_OPCODE", message, { offset });
}

/**
 * Disassembles a pickle into lines of text, which are those of `python3 -m pickletools` to the letter, and without their
 * newlines. As there, the lines end with an error when the pickle takes more from the stack than there is, leaves
 * something on it, or uses the memo wrongly; and the error says the same.
 *
 * Characters that are not printable are escaped, by the Unicode tables of the JavaScript engine. Where Python's are of
 * another version, one of the two escapes the characters that it does not know yet.
 *
 * @example
 * ```ts
 * import { encode, formatDisassembly } from "@fileshare/protocol/pickle";
 *
 * for (const line of formatDisassembly(encode(["spam"]))) console.log(line);
 * ```
 * @throws {PickleDecodeError} as {@link disassemble}, and where what an opcode takes from the stack or the memo is not
 * there; the lines before it were given, and for stack and memo its own as well
 * @throws {RangeError} when an option is out of its range
 * @throws {TypeError} when the input is no Uint8Array
 */
export function formatDisassembly(
  bytes: Uint8Array,
  options: FormatDisassemblyOptions = {},
): Generator<string, void, undefined> {
  const { indentLevel = 4, memo = new Map() } = options;
  checkRange("indentLevel", indentLevel, 0, 100);
  const limits = settleLimits(options.limits);
  return lines(bytes, disassemble(bytes, { limits }), new StackCheck(memo, limits), indentLevel, limits);
}

function* lines(
  bytes: Uint8Array,
  ops: Iterable<DisassembledOp>,
  check: StackCheck,
  indentLevel: number,
  limits: PickleLimits,
): Generator<string, void, undefined> {
  let highest = -1;
  for (const op of ops) {
    highest = Math.max(highest, op.protocol);
    const indent = " ".repeat(indentLevel * check.depth);
    const note = check.enter(op);
    yield line(bytes, op, indent, note, limits);
    check.leave(op);
    if (op.code !== Op.STOP) continue;
    yield `highest protocol among opcodes = ${highest}`;
    check.end(op);
  }
}

function line(
  bytes: Uint8Array,
  op: DisassembledOp,
  indent: string,
  note: string | undefined,
  limits: PickleLimits,
): string {
  // Opcodes are ASCII, none of them a quote or backslash, or from 0x80 on.
  const byte = op.code < 0x80 ? String.fromCharCode(op.code) : `\\x${op.code.toString(16)}`;
  const start = `${String(op.offset).padStart(5)}: ${byte.padEnd(4)} ${indent}`;
  if (op.argument === undefined && note === undefined) return start + op.op;
  try {
    const argument = op.argument === undefined ? "" : ` ${reprArgument(bytes, op, limits)}`;
    return `${start}${op.op.padEnd(10)}${argument}${note === undefined ? "" : ` ${note}`}`;
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new PickleDecodeError("LIMIT", "the argument is too long for a line", {
      offset: op.offset,
      opcode: op.code,
      cause,
    });
  }
}

function reprArgument(bytes: Uint8Array, op: DisassembledOp, limits: PickleLimits): string {
  const { argument } = op;
  switch (typeof argument) {
    case "string":
      return reprText(joinsSurrogates(op) ? textPieces(bytes, op.offset, op.end) : [argument]);
    case "number":
      return op.stackAfter[0] === "float" ? formatFloat(argument) : String(argument);
    case "bigint":
      return reprInt(op, argument, limits);
    case "boolean":
      return argument ? "True" : "False";
    default: {
      const content = reprLatin1(decodeLatin1(argument as Uint8Array, 0, (argument as Uint8Array).length));
      return op.code === Op.BYTEARRAY8 ? `bytearray(${content})` : content;
    }
  }
}

/** Whether there may be lone surrogates side by side in the argument, which look like one character. */
function joinsSurrogates({ stackAfter, argument }: DisassembledOp): boolean {
  return stackAfter[0] === "str" && /[\ud800-\udbff][\udc00-\udfff]/.test(argument as string);
}

function reprInt(op: DisassembledOp, value: bigint, { maxIntDigits }: PickleLimits): string {
  const magnitude = value < 0n ? -value : value;
  // The digits in base 16 cost little, and there are 1.2 decimal ones to each but the first.
  const least = (magnitude.toString(16).length - 1) * 1.2;
  const digits = least > maxIntDigits ? undefined : magnitude.toString();
  if (digits === undefined || digits.length > maxIntDigits) {
    const message = `an int has too many digits: maxIntDigits is ${maxIntDigits}`;
    throw new PickleDecodeError("LIMIT", message, {
      offset: op.offset,
      opcode: op.code,
      limit: "maxIntDigits",
    });
  }
  return value < 0n ? `-${digits}` : digits;
}
