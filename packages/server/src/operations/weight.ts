// How much memory a request takes that is held until its turn comes.

import type { Mensaje } from "@fileshare/protocol";
import { PyTuple, type PyValue } from "@fileshare/protocol/pickle";
import { MAX_BATCH_NAMES } from "./attributes.js";

/** A Mensaje with its attributes' places, about. */
const BASE_BYTES = 512;

/** The most items of a list or tuple that is looked into: as many as the names that one reply tells of. */
const MAX_ITEMS = MAX_BATCH_NAMES;

/** About how many bytes a request takes; undefined for one that is not as plain as the requests of section 6 are. */
export function weightOf({ data, extras }: Mensaje): number | undefined {
  if (extras.size > 16) return undefined;
  let weight = BASE_BYTES;
  for (const value of [data, ...extras.keys(), ...extras.values()]) {
    const bytes = weightOfValue(value);
    if (bytes === undefined) return undefined;
    weight += bytes;
  }
  return weight;
}

function weightOfValue(value: PyValue, depth = 0): number | undefined {
  if (value === null || typeof value === "boolean" || typeof value === "number") return 8;
  if (typeof value === "string") return 2 * value.length;
  if (typeof value === "bigint") return BigInt.asIntN(64, value) === value ? 16 : undefined;
  const items =
    value instanceof PyTuple ? value.items : Array.isArray(value) ? (value as PyValue[]) : undefined;
  if (!items || items.length > MAX_ITEMS || depth > 0) return undefined;
  let weight = 16;
  for (const item of items) {
    const bytes = weightOfValue(item, depth + 1);
    if (bytes === undefined) return undefined;
    weight += bytes;
  }
  return weight;
}
