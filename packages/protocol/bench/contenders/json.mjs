// JSON from and to bytes in UTF-8, as the other formats are bytes too. It has none for bytes themselves.

import { plainValue } from "../workloads.mjs";

/** As in ours.mjs; undefined for a row that it cannot do. */
export function makeTask({ workload, does }, sizes, encoded) {
  if (workload === "bytes") return undefined;
  if (does === "decode") return () => JSON.parse(encoded.toString());
  const value = plainValue(workload, sizes);
  return () => Buffer.from(JSON.stringify(value));
}
