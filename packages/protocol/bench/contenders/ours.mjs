// This package, as it was built.

import { decode, encode, PyDict, PyFloat } from "@fileshare/protocol/pickle";
import { findClass, Mensaje, reduce } from "../mensaje.mjs";
import { plainValue } from "../workloads.mjs";

/** Makes what is timed: a function without parameters that does a row once and returns the result. */
export function makeTask({ workload, does, variant }, sizes, encoded) {
  if (does === "decode") {
    const options = variant === "copy" ? { findClass, copyBytes: true } : { findClass };
    return () => decode(encoded, options);
  }
  const value = pythonValue(workload, sizes, variant === "objects" ? (entries) => entries : dict);
  const options = { protocol: 4, reduce };
  return () => encode(value, options);
}

/** The workload as Python has it: an instance, dicts, and floats where the number would be taken for an int. */
function pythonValue(workload, sizes, make) {
  const plain = plainValue(workload, sizes);
  if (workload === "mensaje") return Object.assign(new Mensaje(), plain);
  if (workload !== "dict") return plain;
  for (const [key, { id, name, size, ok }] of Object.entries(plain)) {
    plain[key] = make({ id, name, size: Number.isInteger(size) ? new PyFloat(size) : size, ok });
  }
  return make(plain);
}

function dict(entries) {
  return new PyDict(Object.entries(entries));
}
