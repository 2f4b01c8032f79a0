// The way of a value from Python to JavaScript and back, by the converters that it needs.

import { inspect, isDeepStrictEqual } from "node:util";
import { type Python, pythons } from "@fileshare/peers";
import {
  ClassRegistry,
  type DecodeOptions,
  decode,
  encode,
  type PyValue,
  type RegisteredClass,
} from "../src/pickle/index.js";
import { difference, protocols } from "./pickles.js";
import { pythonDifferences } from "./python-loads.js";
import { pythonPickles } from "./python-pickles.js";

/** A value as Python has it, and as JavaScript is to have it. */
export type ConverterRow = readonly [expression: string, value: PyValue];

export interface RoundTripOptions {
  /** Default: python3. */
  readonly python?: Python | undefined;
  readonly prelude?: string | undefined;
  /** The protocols whose bytes are to be Python's own. Default: all. */
  readonly exact?: readonly number[] | undefined;
  /** The protocols that Python writes and reads. Default: all. */
  readonly only?: readonly number[] | undefined;
  /** What two values are compared by, where they hide something. Default: themselves. */
  readonly view?: ((value: PyValue) => unknown) | undefined;
  readonly decodeOptions?: Omit<DecodeOptions, "findClass"> | undefined;
}

/** The versions in which names and states differ, as far as this machine has them. */
export function otherPythons(): Python[] {
  return pythons().filter(({ minor }) => ["2.7", "3.6", "3.8", "3.10", "3.13"].includes(minor));
}

/**
 * Has Python write each value in each protocol, decodes it, encodes that in each protocol, and has Python read it. Gives
 * a text for each difference on the way.
 */
export function roundTripDifferences(
  rows: readonly ConverterRow[],
  converters: Iterable<RegisteredClass>,
  {
    python,
    prelude,
    exact = protocols,
    only = protocols,
    view = (value) => value,
    decodeOptions,
  }: RoundTripOptions = {},
): string[] {
  const registry = new ClassRegistry(converters);
  const expressions = rows.map(([expression]) => expression);
  const written = pythonPickles(expressions, { python, prelude });
  const differences: string[] = [];
  const back = rows.map(([expression, value], i) => {
    const pickles = written[i] ?? [];
    const again = pickles.flatMap((pickle, from) => {
      if (!only.includes(from)) return [];
      const decoded = decode(pickle, { ...decodeOptions, ...registry });
      if (!isDeepStrictEqual(view(decoded), view(value)))
        differences.push(`${expression}, protocol ${from}: ${inspect(decoded)} instead of ${inspect(value)}`);
      const readable = protocols.slice(0, pickles.length).filter((protocol) => only.includes(protocol));
      return readable.map((protocol) => {
        const encoded = encode(decoded, { ...registry, protocol });
        const other = from === protocol && exact.includes(protocol) ? difference(encoded, pickle) : undefined;
        if (other) differences.push(`${expression}, protocol ${protocol}: ${inspect(other)}`);
        return encoded;
      });
    });
    return { expression, pickles: again };
  });
  return [...differences, ...pythonDifferences(back, { python, prelude })];
}
