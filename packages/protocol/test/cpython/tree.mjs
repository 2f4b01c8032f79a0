// Values of the codec as a table that JSON carries without loss, and back. pickler.py and unpickler.py hold the other end.
//
// A value is null, a boolean, a string or a safe integer as it is, ["f", bits] a float, ["i", hex] an int of any size, or
// [n], the row n of the table. Rows have identity: what is one object is one row, so a table may be shared and recursive.

import {
  PyBuffer,
  PyByteArray,
  PyDict,
  PyExtension,
  PyFloat,
  PyFrozenSet,
  PyGlobal,
  PyObject,
  PyPersistentId,
  PySet,
  PyTuple,
} from "@fileshare/protocol/pickle";

const scratch = new DataView(new ArrayBuffer(8));

function floatToHex(value) {
  scratch.setFloat64(0, value);
  return scratch.getBigUint64(0).toString(16).padStart(16, "0");
}

function floatFromHex(hex) {
  scratch.setBigUint64(0, BigInt(`0x${hex}`));
  const value = scratch.getFloat64(0);
  // A NaN that stands for a key must be told from others, as in Python.
  return Number.isNaN(value) || (Number.isSafeInteger(value) && !Object.is(value, -0))
    ? new PyFloat(value)
    : value;
}

function intFromHex(hex) {
  const value = hex.startsWith("-") ? -BigInt(`0x${hex.slice(1)}`) : BigInt(`0x${hex}`);
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
}

/** Bytes as base64. */
export function toBase64(bytes) {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** Base64 as bytes. */
export function fromBase64(text) {
  return new Uint8Array(Buffer.from(text, "base64"));
}

/**
 * A decoded value as a table and its root.
 *
 * @param tokens which out-of-band buffer a run of bytes stands for
 */
export function toTable(root, tokens) {
  const rows = [];
  const numbers = new Map();
  const queue = [];
  const refer = (value) => {
    if (typeof value === "number") {
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? value : ["f", floatToHex(value)];
    }
    if (typeof value === "bigint") return ["i", value.toString(16)];
    if (typeof value !== "object" || value === null) return value;
    let number = numbers.get(value);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(value, number);
      queue.push(value);
    }
    return [number];
  };
  const row = (value) => {
    if (value instanceof PyFloat) return ["float", floatToHex(value.value)];
    if (value instanceof PyBuffer) return ["token", tokens.get(value.bytes), value.readonly];
    if (value instanceof Uint8Array) return ["bytes", toBase64(value)];
    if (value instanceof PyByteArray) return ["bytearray", toBase64(value.bytes)];
    if (Array.isArray(value)) return ["list", value.map(refer)];
    if (value instanceof PyTuple) return ["tuple", value.items.map(refer)];
    if (value instanceof PyDict) return ["dict", [...value].flat().map(refer)];
    if (value instanceof PyFrozenSet) return ["frozenset", [...value].map(refer)];
    if (value instanceof PySet) return ["set", [...value].map(refer)];
    if (value instanceof PyGlobal) return ["global", value.module, value.qualname];
    if (value instanceof PyPersistentId) return ["persistent", refer(value.id)];
    if (value instanceof PyExtension) return ["extension", value.code];
    if (value instanceof PyObject) {
      const { callable, args, kwargs, construction, changes } = value;
      return [
        "object",
        refer(callable),
        refer(args),
        kwargs === undefined ? null : refer(kwargs),
        construction,
        changes.map(({ kind, values }) => [kind, values.map(refer)]),
      ];
    }
    throw new Error(`Cannot put ${Object.prototype.toString.call(value)} into a table`);
  };
  const reference = refer(root);
  for (const value of queue) rows.push(row(value));
  return { rows, root: reference };
}

/**
 * The value that a table stands for.
 *
 * @returns it, and of each buffer in it whether Python wants it in the pickle
 */
export function fromTable({ rows, root }) {
  const made = new Map();
  const inBand = new Map();
  const value = (reference) => {
    if (!Array.isArray(reference)) return reference;
    if (reference.length === 1) return object(reference[0]);
    return reference[0] === "f" ? floatFromHex(reference[1]) : intFromHex(reference[1]);
  };
  const hold = (number, result) => {
    made.set(number, result);
    return result;
  };
  // What cannot be changed is complete when it is made. Its parts may have made it already, by way of a container.
  const complete = (number, make) => {
    const result = make();
    return made.has(number) ? made.get(number) : hold(number, result);
  };
  const kinds = {
    bytes: (number, text) => hold(number, fromBase64(text)),
    bytearray: (number, text) => hold(number, new PyByteArray(fromBase64(text))),
    buffer: (number, text, readonly, keep) => {
      const buffer = hold(number, new PyBuffer(fromBase64(text), readonly));
      inBand.set(buffer, keep);
      return buffer;
    },
    list: (number, items) => {
      const list = hold(number, []);
      for (const item of items) list.push(value(item));
      return list;
    },
    tuple: (number, items) => complete(number, () => new PyTuple(items.map(value))),
    dict: (number, entries) => {
      const dict = hold(number, new PyDict());
      for (let i = 0; i < entries.length; i += 2) dict.set(value(entries[i]), value(entries[i + 1]));
      return dict;
    },
    set: (number, items) => {
      const set = hold(number, new PySet());
      for (const item of items) set.add(value(item));
      return set;
    },
    frozenset: (number, items) => complete(number, () => new PyFrozenSet(items.map(value))),
    global: (number, module, qualname) => hold(number, new PyGlobal(module, qualname)),
    persistent: (number, id) => complete(number, () => new PyPersistentId(value(id))),
    object: (number, callable, args, kwargs, construction, changes) => {
      const instance = new PyObject(value(callable), value(args), {
        construction,
        kwargs: kwargs === null ? undefined : value(kwargs),
      });
      if (made.has(number)) return made.get(number);
      hold(number, instance);
      for (const [kind, values] of changes) instance.changes.push({ kind, values: values.map(value) });
      return instance;
    },
  };
  const object = (number) => {
    if (made.has(number)) return made.get(number);
    const [kind, ...parts] = rows[number];
    return kinds[kind](number, ...parts);
  };
  return { value: value(root), inBand };
}
