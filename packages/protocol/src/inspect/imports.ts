// The classes and functions that a pickle names, and what is to be thought of each.

import type { FindClass } from "../pickle/classes.js";
import { decode } from "../pickle/decode.js";
import { PickleDecodeError } from "../pickle/errors.js";
import { Op, type PickleProtocol } from "../pickle/opcodes.js";
import { type Danger, dangerOf } from "./danger.js";
import type { ImportUse, ScannedImport } from "./scan.js";
import { nameText } from "./text.js";

/**
 * What is to be thought of a class or function: `known` for one that `decode` takes, `dangerous` for one that is known to
 * do harm, `unknown` for any other, which may do harm as well.
 */
export type Verdict = "known" | "unknown" | "dangerous";

/** A class or function that a pickle names. Unpickling it in Python imports its module, and most often calls it. */
export interface PickleImport {
  /** Both are undefined for a name that only comes about when the pickle is run. */
  readonly module: string | undefined;
  readonly qualname: string | undefined;
  /** `posix.system`, safe to print. */
  readonly name: string;
  /** Where it is named first: in bytes, from the start of its pickle. */
  readonly offset: number;
  /** What is done with it. */
  readonly uses: readonly ImportUse[];
  readonly verdict: Verdict;
  /** What makes it dangerous. */
  readonly danger: Danger | undefined;
}

/** How many names `decode` is asked about, of a pickle that names more: the others are unknown. */
const MOST_ASKED = 10_000;

/** Judges what a scan found. */
export function judgeImports(
  found: readonly ScannedImport[],
  protocol: PickleProtocol | undefined,
  findClass: FindClass,
): PickleImport[] {
  return found.map(({ module, qualname, offset, uses }, i) => {
    if (module === undefined || qualname === undefined) {
      const name = "a name that is made when the pickle is run";
      const danger = "reaches any attribute";
      return { module, qualname, name, offset, uses: [...uses], verdict: "dangerous", danger };
    }
    const danger = dangerOf(module, qualname);
    const isKnown = i < MOST_ASKED && danger === undefined && isTaken(module, qualname, protocol, findClass);
    const verdict = danger === undefined ? (isKnown ? "known" : "unknown") : "dangerous";
    return {
      module,
      qualname,
      name: nameText(module, qualname),
      offset,
      uses: [...uses],
      verdict,
      danger,
    };
  });
}

/** Whether `decode` takes a pickle that names this: asked of `decode` itself, with one that does nothing else. */
function isTaken(
  module: string,
  qualname: string,
  protocol: PickleProtocol | undefined,
  findClass: FindClass,
): boolean {
  const header = protocol === undefined ? [] : [Op.PROTO, protocol];
  const pickle = [...header, ...str(module), ...str(qualname), Op.STACK_GLOBAL, Op.STOP];
  try {
    decode(Uint8Array.from(pickle), { findClass });
    return true;
  } catch (error) {
    if (error instanceof PickleDecodeError) return false;
    throw error;
  }
}

/** A str as BINUNICODE; what is not ASCII is the name of no class that is known. */
function str(text: string): number[] {
  const codes = Array.from(text, (character) => Math.min(character.codePointAt(0) as number, 0x7f));
  return [Op.BINUNICODE, codes.length & 0xff, codes.length >> 8, 0, 0, ...codes];
}
