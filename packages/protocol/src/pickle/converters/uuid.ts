// uuid.UUID.

import type { RegisteredClass } from "../classes.js";
import { PyDict } from "../collections.js";
import { PyObject } from "../objects.js";
import { PyGlobal, type PyValue } from "../values.js";
import { checkCount, type Mutable, plainInt, shown, toBigInt, toDict, toInt } from "./check.js";

const form = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A `uuid.UUID`. */
export class PyUuid {
  /** In the usual form, in lower case: `12345678-1234-5678-1234-567812345678`. */
  readonly text: string;
  /** Whether the platform made it in a way that is safe between processes; undefined where that is unknown. */
  readonly isSafe: boolean | undefined;

  /**
   * @param text in the usual form, of which the case does not matter; default all zeros
   * @throws {RangeError} when the text has another form
   */
  constructor(text = "00000000-0000-0000-0000-000000000000", isSafe?: boolean) {
    this.text = text.toLowerCase();
    this.isSafe = isSafe;
    if (!form.test(this.text)) throw new RangeError(`"${shown(text)}" is no UUID`);
  }

  toString(): string {
    return this.text;
  }

  toJSON(): string {
    return this.text;
  }
}

/**
 * `uuid.UUID` as {@link PyUuid}. Bytes as Python writes them.
 * Source: CPython Lib/uuid.py, `__getstate__`; versions before 3.8 write their attributes, which are the same two.
 */
export const uuid: RegisteredClass<PyUuid> = {
  names: [["uuid", "UUID"]],
  type: PyUuid,
  create: (args) => {
    checkCount(args, 0, 0, "UUID.__new__");
    return new PyUuid();
  },
  setState: (instance: Mutable<PyUuid>, state) => {
    const dict = toDict(state, "the state of a UUID");
    for (const key of dict.keys())
      if (key !== "int" && key !== "is_safe")
        throw new TypeError("a UUID has no attributes but int and is_safe");
    instance.text = textOf(toBigInt(dict.get("int"), "the int of a UUID"));
    instance.isSafe = safetyOf(dict.get("is_safe") ?? null);
  },
  reduce: ({ text, isSafe }) => {
    const state = new PyDict<string, PyValue>([["int", plainInt(BigInt(`0x${text.replaceAll("-", "")}`))]]);
    if (isSafe !== undefined) state.set("is_safe", isSafe ? 0 : -1);
    return new PyObject(new PyGlobal("uuid", "UUID"), undefined, { construction: "new", state });
  },
};

function textOf(int: bigint): string {
  if (BigInt.asUintN(128, int) !== int) throw new RangeError("the int of a UUID must have 128 bits");
  const digits = int.toString(16).padStart(32, "0");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function safetyOf(value: PyValue): boolean | undefined {
  return value === null ? undefined : toInt(value, -1, 0, "is_safe of a UUID") === 0;
}
