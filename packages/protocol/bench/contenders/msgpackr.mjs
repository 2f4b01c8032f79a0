// msgpackr with its defaults: MessagePack as any other implementation reads it, without its own record extension.

import { pack, Unpackr, unpack } from "msgpackr";
import { plainValue } from "../workloads.mjs";

/** As in ours.mjs. */
export function makeTask({ workload, does, variant }, sizes, encoded) {
  if (does === "encode") {
    const value = plainValue(workload, sizes);
    return () => pack(value);
  }
  if (variant !== "copy") return () => unpack(encoded);
  const unpackr = new Unpackr({ useRecords: false, copyBuffers: true });
  return () => unpackr.unpack(encoded);
}
