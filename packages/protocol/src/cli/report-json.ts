// A report as JSON for programs; the README says what stands in it.

import { type Json, valueToJson } from "../inspect/json.js";
import type { InspectedPickle, PickleReport } from "../inspect/report.js";

/** What was found in a file, as one JSON value. */
export function reportToJson(file: string, report: PickleReport, maxDepth: number): object {
  const { bytes, format, pickles, rest, refused } = report;
  return {
    file,
    bytes,
    format,
    refused,
    rest,
    pickles: pickles.map((pickle) => pickleToJson(pickle, maxDepth)),
  };
}

function pickleToJson(pickle: InspectedPickle, maxDepth: number): object {
  const { value, imports, ...rest } = pickle;
  const named = imports.map(({ name: _name, ...one }) => one);
  const json: { value?: Json } = value === undefined ? {} : { value: valueToJson(value, { maxDepth }) };
  return { ...rest, imports: named, ...json };
}
