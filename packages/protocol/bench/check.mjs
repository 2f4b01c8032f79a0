// Whether a contender did a row right, before its time counts.

import { deepStrictEqual, ok } from "node:assert/strict";
import { Mensaje } from "./mensaje.mjs";
import { plainValue } from "./workloads.mjs";

/**
 * A decoded value must be the workload's; encoded bytes must be those that were given, which others have read.
 *
 * @throws AssertionError when it is not
 */
export function check({ contender, row, sizes, encoded, result }) {
  if (row.does === "encode") {
    ok(Buffer.compare(result, encoded) === 0, "what was encoded differs");
    return;
  }
  const expected = plainValue(row.workload, sizes);
  if (row.workload === "bytes") {
    ok(result instanceof Uint8Array && Buffer.compare(result, expected) === 0, "the bytes differ");
    const copied = result.buffer !== encoded.buffer;
    ok(copied === (row.variant === "copy"), copied ? "the bytes were copied" : "the bytes were not copied");
    return;
  }
  const readsPickle = contender === "ours" || contender === "pickleparser";
  if (row.workload === "mensaje" && readsPickle) ok(result instanceof Mensaje, "no Mensaje");
  deepStrictEqual(plain(result), expected);
}

/** Maps and instances as plain objects, numbers in objects as numbers. */
function plain(value) {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  const number = value.valueOf();
  if (typeof number === "number") return number;
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return Object.fromEntries(entries.map(([key, item]) => [key, plain(item)]));
}
