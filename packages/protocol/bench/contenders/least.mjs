// The least JavaScript for a row: what V8's own strings, Maps and memory take of it.
//
// These are no codecs. Each knows beforehand which value comes and where in the bytes its strings stand, and has all that
// could be made ready outside what is timed. It checks nothing, keeps no memo and looks at no type. Decoding is left with
// the strings (list), with the Maps for strings that are there already (dict), or with both (Mensaje); encoding with the
// characters and numbers that go into bytes, and a copy of those. A codec does more, and so takes longer: what lies between
// the two is its own work, and the garbage of it.

import { plainValue } from "../workloads.mjs";

/** As in ours.mjs; undefined where there is nothing to strip: bytes are handed on or copied whole. */
export function makeTask({ workload, does, variant }, sizes, encoded) {
  if (workload === "bytes" || variant !== undefined) return undefined;
  const value = plainValue(workload, sizes);
  return does === "decode" ? decoders[workload](value, encoded) : encoders[workload](value);
}

const WINDOW_BYTES = 1024;
/** How many strings are joined before they are written: more take longer. */
const ROW = 128;
const decoder = new TextDecoder();
const encoder = new TextEncoder();

const decoders = {
  /** Five strings of known characters, a Map for the state, and an object for the instance. */
  mensaje({ operacion, data }) {
    const texts = ["operacion", operacion, "data", data, "estado"].map((text) => Buffer.from(text));
    return () => {
      const state = new Map();
      state.set(spell(texts[0]), spell(texts[1]));
      state.set(spell(texts[2]), spell(texts[3]));
      state.set(spell(texts[4]), null);
      return { operacion: state.get("operacion"), data: state.get("data"), estado: state.get("estado") };
    };
  },
  /** Every string is cut out of a stretch of the input, which was made ASCII before, and pushed to an array. */
  list(strings, encoded) {
    const stretches = stretchesOf(strings, encoded);
    return () => {
      const list = [];
      for (const { bytes, cuts } of stretches) {
        const text = decoder.decode(bytes);
        for (let i = 0; i < cuts.length; i += 2) list.push(text.substring(cuts[i], cuts[i + 1]));
      }
      return list;
    };
  },
  /** A Map of Maps of values that are there already. */
  dict(items) {
    const rows = Object.entries(items);
    return () => {
      const dict = new Map();
      for (let i = 0; i < rows.length; i++) {
        const { id, name, size, ok } = rows[i][1];
        const item = new Map();
        item.set("id", id);
        item.set("name", name);
        item.set("size", size);
        item.set("ok", ok);
        dict.set(rows[i][0], item);
      }
      return dict;
    };
  },
};

const encoders = {
  /** As many bytes as the pickle has, and two strings among them. */
  mensaje({ operacion, data }) {
    const buffer = new Uint8Array(1024);
    return () => {
      write(buffer, 54, operacion);
      write(buffer, 73, data);
      return buffer.slice(0, 98);
    };
  },
  /** The strings with room for their opcodes between them, many at a time. */
  list(strings) {
    const buffer = new Uint8Array(1 << 20);
    return () => {
      let at = 0;
      for (let i = 0; i < strings.length; i += ROW) {
        at += encoder.encodeInto(strings.slice(i, i + ROW).join("\0\0\0"), buffer.subarray(at)).written + 3;
      }
      return buffer.slice(0, at);
    };
  },
  /** The keys, strings and numbers of a Map of Maps. */
  dict(items) {
    const dict = new Map(Object.entries(items).map(([key, item]) => [key, new Map(Object.entries(item))]));
    const buffer = new Uint8Array(1 << 20);
    const numbers = new DataView(buffer.buffer);
    let at = 0;
    const put = (value, key) => {
      at = write(buffer, at, key);
      if (typeof value === "string") {
        at = write(buffer, at, value);
      } else if (typeof value === "number") {
        numbers.setFloat64(at, value);
        at += 9;
      } else {
        buffer[at++] = value ? 0x88 : 0x89;
      }
    };
    const putItem = (item, key) => {
      at = write(buffer, at, key);
      item.forEach(put);
    };
    return () => {
      at = 0;
      dict.forEach(putItem);
      return buffer.slice(0, at);
    };
  },
};

/** Writes an ASCII string. Gives where the next one goes, past three opcodes. */
function write(buffer, at, text) {
  for (let i = 0; i < text.length; i++) buffer[at + i] = text.charCodeAt(i);
  return at + text.length + 3;
}

/** A short string of these characters, made of four at a time. */
function spell(codes) {
  let text = "";
  let at = 0;
  for (; at + 4 <= codes.length; at += 4)
    text += String.fromCharCode(codes[at], codes[at + 1], codes[at + 2], codes[at + 3]);
  for (; at < codes.length; at++) text += String.fromCharCode(codes[at]);
  return text;
}

/** The input in stretches of up to 1 KiB, each with the places of the strings in it, and nothing else that is not ASCII. */
function stretchesOf(strings, encoded) {
  const stretches = [];
  let end = 0;
  for (const string of strings) {
    const from = encoded.indexOf(string, end, "latin1");
    end = from + string.length;
    let last = stretches.at(-1);
    if (last === undefined || end - last.start > WINDOW_BYTES) {
      last = {
        start: from,
        bytes: encoded.subarray(from, from + WINDOW_BYTES).map((byte) => byte & 0x7f),
        cuts: [],
      };
      stretches.push(last);
    }
    last.cuts.push(from - last.start, end - last.start);
  }
  return stretches;
}
