// numpy.dtype: how the elements of an array are stored.
// Source: NumPy, numpy/_core/src/multiarray/descriptor.c, arraydescr_reduce and arraydescr_setstate.

import type { RegisteredClass } from "../../classes.js";
import { PyDict } from "../../collections.js";
import { PyObject } from "../../objects.js";
import { PyGlobal, PyTuple, type PyValue } from "../../values.js";
import {
  checkCount,
  latin1Bytes,
  type Mutable,
  shown,
  toBigInt,
  toDict,
  toInt,
  toText,
  toTuple,
} from "../check.js";

/** The sizes that NumPy has of each kind of element, in bytes; none where any will do. */
const sizes: Readonly<Record<string, readonly number[] | null>> = {
  b: [1],
  i: [1, 2, 4, 8],
  u: [1, 2, 4, 8],
  f: [2, 4, 8, 12, 16],
  c: [8, 16, 24, 32],
  m: [8],
  M: [8],
  O: [4, 8],
  S: null,
  U: null,
  V: null,
};

const MAX_SIZE = 0x7fffffff;

/** What `flags` of a state are where NumPy sets any: of objects, and of texts, which it wants zeroed. */
const flagsOf: Readonly<Record<string, number>> = { O: 63, U: 8 };

/** What an element of an array is. */
export type NumpyKind = "b" | "i" | "u" | "f" | "c" | "m" | "M" | "O" | "S" | "U" | "V";

/** A field of a structured dtype. */
export interface NumpyField {
  readonly name: string;
  readonly dtype: NumpyDtype;
  /** Where it begins in an element, in bytes. */
  readonly offset: number;
}

/** A `numpy.dtype`. */
export class NumpyDtype {
  /**
   * `b` bool, `i` int, `u` unsigned int, `f` float, `c` complex, `m` timedelta, `M` datetime, `O` object, `S` bytes, `U`
   * text, `V` anything else.
   */
  readonly kind: NumpyKind;
  /** Of one element, in bytes. */
  readonly itemSize: number;
  /** `<` little-endian, `>` big-endian, `|` where there is no order. */
  readonly byteOrder: "<" | ">" | "|";
  /** Of a datetime or timedelta, what it counts: `ns`, `D`, `25s`; null for any other, and for one without a unit. */
  readonly unit: string | null;
  /** What NumPy wrote of it; undefined for one that was made here. */
  readonly state: PyTuple | undefined;

  /**
   * @param text as NumPy writes it: `<f8`, `|b1`, `>i4`, `<U5` (characters), `|S5`, `<M8[ns]`; little-endian where no
   *   order is given
   * @throws {RangeError} when NumPy has no such dtype
   */
  constructor(text: string) {
    const match = /^([<>|=]?)([biufcmMOSUV])(\d{1,10})(?:\[(\d{0,9}[A-Za-z]{1,7})\])?$/.exec(text);
    const [, order = "", kind = "", digits = "", unit = null] = match ?? [];
    const size = Number(digits) * (kind === "U" ? 4 : 1);
    const known = match !== null && (sizes[kind]?.includes(size) ?? true);
    if (!known || size > MAX_SIZE || (unit !== null && kind !== "m" && kind !== "M"))
      throw new RangeError(`"${shown(text)}" is no dtype that is known`);
    this.kind = kind as NumpyKind;
    this.itemSize = size;
    this.byteOrder = orderOf(this, order === ">" ? ">" : "<");
    this.unit = unit;
    this.state = undefined;
  }

  /** The fields of a structured dtype, in order; undefined for any other. */
  get fields(): readonly NumpyField[] | undefined {
    const [, , , names, fields] = this.state?.items ?? [];
    if (names === undefined || names === null) return undefined;
    const byName = toDict(fields, "the fields of a dtype");
    return toTuple(names, "the names of a dtype").map((key) => {
      const name = toText(key, "the name of a field");
      const [dtype, offset] = toTuple(byName.get(key), `the field ${shown(name)}`);
      if (!(dtype instanceof NumpyDtype)) throw new TypeError(`the field ${shown(name)} must have a dtype`);
      return { name, dtype, offset: toInt(offset, 0, this.itemSize, "the offset of a field") };
    });
  }

  /** As NumPy's `dtype.str`: `<f8`. */
  toString(): string {
    const size = this.kind === "U" ? this.itemSize / 4 : this.itemSize;
    return `${this.byteOrder}${this.kind}${size}${this.unit === null ? "" : `[${this.unit}]`}`;
  }
}

/** `numpy.dtype` as {@link NumpyDtype}. */
export const numpyDtype: RegisteredClass<NumpyDtype> = {
  names: [["numpy", "dtype"]],
  type: NumpyDtype,
  create: (args) => {
    checkCount(args, 1, 3, "dtype");
    return new NumpyDtype(toText(args[0], "the type of a dtype"));
  },
  setState: (dtype: Mutable<NumpyDtype>, state) => {
    const items = toTuple(state, "the state of a dtype");
    checkCount(items, 8, 9, "the state of a dtype");
    toInt(items[0], 3, 4, "the version of a dtype");
    const order = toText(items[1], "the byte order of a dtype");
    if (!["<", ">", "|", "="].includes(order))
      throw new RangeError("the byte order of a dtype must be <, > or |");
    const size = toInt(items[5], -1, MAX_SIZE, "the size of a dtype");
    if (sizes[dtype.kind] === null && size !== dtype.itemSize)
      throw new RangeError(`the size of a dtype must be ${dtype.itemSize}, not ${size}`);
    dtype.byteOrder = orderOf(dtype, order === ">" ? ">" : "<");
    dtype.unit = dtype.kind === "m" || dtype.kind === "M" ? unitOf(items[8]) : null;
    dtype.state = state as PyTuple;
  },
  reduce: (dtype) => {
    const size = dtype.kind === "U" ? dtype.itemSize / 4 : dtype.itemSize;
    const args = new PyTuple([`${dtype.kind}${size}`, false, true]);
    return new PyObject(new PyGlobal("numpy", "dtype"), args, { state: dtype.state ?? stateOf(dtype) });
  },
};

function orderOf({ kind, itemSize }: NumpyDtype, order: "<" | ">"): "<" | ">" | "|" {
  return itemSize === 1 || "bOSV".includes(kind) ? "|" : order;
}

/** @param metadata a tuple of a dict and a tuple of the unit and its count */
function unitOf(metadata: PyValue | undefined): string | null {
  if (metadata === undefined || metadata === null) return null;
  const [name, count] = toTuple(toTuple(metadata, "the metadata of a dtype")[1], "the unit of a dtype");
  const unit = toText(name, "the unit of a dtype");
  if (!/^[A-Za-z]{1,7}$/.test(unit)) throw new RangeError("the unit of a dtype must be a word");
  const times = toBigInt(count, "the count of a unit");
  if (times < 1n || times > 999_999_999n)
    throw new RangeError("the count of a unit must be from 1 to 999999999");
  return unit === "generic" ? null : `${times === 1n ? "" : times}${unit}`;
}

function stateOf({ kind, itemSize, byteOrder, unit }: NumpyDtype): PyTuple {
  const sized = sizes[kind] === null;
  const size = sized ? itemSize : -1;
  const alignment = sized ? (kind === "U" ? 4 : 1) : -1;
  const common = [byteOrder, null, null, null, size, alignment, flagsOf[kind] ?? 0];
  if (kind !== "m" && kind !== "M") return new PyTuple([3, ...common]);
  const [, count = "", name = "generic"] = /^(\d*)(.+)$/.exec(unit ?? "") ?? [];
  const measure = new PyTuple([latin1Bytes(name, "the unit of a dtype"), Number(count || 1), 1, 1]);
  return new PyTuple([4, ...common, new PyTuple([new PyDict(), measure])]);
}
