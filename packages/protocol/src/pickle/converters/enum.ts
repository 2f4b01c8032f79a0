// Members of enum.Enum and its kin: IntEnum, StrEnum, Flag, IntFlag.

import type { RegisteredClass } from "../classes.js";
import { PyDict } from "../collections.js";
import { PyObject } from "../objects.js";
import { PyGlobal, PyTuple, type PyValue } from "../values.js";
import { checkCount, toBigInt } from "./check.js";
import { lookUp } from "./guarded.js";

/** A member of a Python enum, or a combination of members of a flag. Each enum's members are of a subclass of this. */
export class PyEnumMember {
  /** Null for a combination that has no name of its own. */
  readonly name: string | null;
  readonly value: PyValue;

  constructor(name: string | null, value: PyValue) {
    this.name = name;
    this.value = value;
  }
}

/** A registered enum, with its members. */
export interface EnumClass<Name extends string> extends RegisteredClass<PyEnumMember> {
  /** By name. Pickles that name a member decode to this very object. */
  readonly members: Readonly<Record<Name, PyEnumMember>>;
  /**
   * The member of a value; of a flag, a combination.
   *
   * @throws {RangeError} when there is none
   */
  readonly of: (value: PyValue) => PyEnumMember;
}

/** What kind of enum it is. */
export interface EnumOptions {
  /** Whether it is a Flag or IntFlag, whose members can be combined to other ints. Default false. */
  readonly flag?: boolean | undefined;
}

/**
 * Registers an enum. Bytes as Python writes them, in all versions to 3.13 the call of the class with the value. An enum
 * that pickles its members by name (`enum.pickle_by_enum_name`, `enum.pickle_by_global_name`) is not read.
 *
 * @param members the values by name, as `decode` gives them; of aliases the first is the member
 *
 * @example
 * ```ts
 * import { ClassRegistry, decode, encode } from "@fileshare/protocol/pickle";
 * import { enumClass } from "@fileshare/protocol/pickle/converters";
 *
 * const color = enumClass("shapes", "Color", { RED: 1, BLUE: 2 });
 * const classes = new ClassRegistry([color]);
 * decode(encode(color.members.RED, classes), classes) === color.members.RED; // true
 * ```
 *
 * @throws {TypeError} when a value is a list, dict, set or bytearray
 */
export function enumClass<Name extends string>(
  module: string,
  qualname: string,
  members: Readonly<Record<Name, PyValue>>,
  { flag = false }: EnumOptions = {},
): EnumClass<Name> {
  const Member = class extends PyEnumMember {};
  const byValue = new PyDict<PyValue, PyEnumMember>();
  const byName = new Map<string, PyEnumMember>();
  for (const [name, value] of Object.entries<PyValue>(members)) {
    const member = byValue.get(value) ?? new Member(name, value);
    byValue.set(value, member);
    byName.set(name, member);
  }
  const of = (value: PyValue): PyEnumMember => {
    const member = lookUp(byValue, value);
    if (member) return member;
    if (!flag) throw new RangeError(`${qualname} has no member of this value`);
    toBigInt(value, `a combination of ${qualname}`);
    return new Member(null, value);
  };
  return {
    names: [[module, qualname]],
    type: Member,
    create: (args) => {
      checkCount(args, 1, 1, qualname);
      return of(args[0] as PyValue);
    },
    reduce: ({ value }) => new PyObject(new PyGlobal(module, qualname), new PyTuple([value])),
    members: Object.fromEntries(byName) as Record<Name, PyEnumMember>,
    of,
  };
}
