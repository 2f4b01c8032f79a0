// One request of the Python side: a pickle to decode or a table to encode, and what came of it.

import {
  decodeFirst,
  encodeParts,
  PickleDecodeError,
  PickleEncodeError,
  PyBuffer,
  PyGlobal,
  python2Names,
} from "@fileshare/protocol/pickle";
import { fromBase64, fromTable, toBase64, toTable } from "./tree.mjs";

const asTheyAre = (module, qualname) => [module, qualname];
const noNames = { toPython2: asTheyAre, toPython3: asTheyAre };

function optionsOf({ names, extensions }) {
  return {
    names: names ? python2Names : noNames,
    extensions: new Map(extensions.map(([code, module, name]) => [code, new PyGlobal(module, name)])),
  };
}

function loads(request) {
  const tokens = new Map();
  const buffers = request.buffers?.map((readonly, index) => {
    const buffer = new PyBuffer(new Uint8Array(1), readonly);
    tokens.set(buffer.bytes, index);
    return buffer;
  });
  const { value, bytesRead } = decodeFirst(fromBase64(request.data), {
    ...optionsOf(request),
    unknown: "opaque",
    encoding: request.encoding,
    buffers,
  });
  return { ...toTable(value, tokens), bytesRead };
}

function dumps(request) {
  const { value, inBand } = fromTable(request);
  const parts = encodeParts(value, {
    ...optionsOf(request),
    protocol: request.protocol,
    shareStrings: true,
    bufferCallback: request.bufferCallback ? (buffer) => inBand.get(buffer) : undefined,
  });
  return { parts: parts.map(toBase64) };
}

function report(error) {
  if (error instanceof PickleDecodeError) {
    const { code, offset, opcode, limit, message } = error;
    return { kind: "decode", code, offset, opcode, limit, message };
  }
  if (error instanceof PickleEncodeError) return { kind: "encode", code: error.code, message: error.message };
  if (error instanceof RangeError) return { kind: "range", message: error.message };
  return { kind: "other", message: error.stack };
}

/** What the Python side gets for a request: the result, or `error`. */
export function answer(request) {
  try {
    return request.op === "loads" ? loads(request) : dumps(request);
  } catch (error) {
    return { error: report(error) };
  }
}
