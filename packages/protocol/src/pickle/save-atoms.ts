// How numbers, strings and bytes are written.

import type { EncodedPart, Gap } from "./frames.js";
import { asText, type BytesGap, type TextLengths } from "./gap.js";
import type { MemoKey } from "./memo-writer.js";
import { encodeLong, formatFloat } from "./numbers.js";
import { Op } from "./opcodes.js";
import type { Pickler } from "./pickler.js";
import { needProtocol } from "./refuse.js";
import { saveCall, saveGlobalOnce } from "./save-objects.js";
import { decodeLatin1, encodeRawUnicodeEscape } from "./text.js";
import { type PyByteArray, PyGlobal } from "./values.js";

const codecsEncode = new PyGlobal("_codecs", "encode");
const bytesType = new PyGlobal("builtins", "bytes");
const bytearrayType = new PyGlobal("builtins", "bytearray");

/** The name of the codec that old protocols write bytes with. */
const LATIN1 = "latin1";

/** What stands in the memo for bytes of no length; a byte stands for bytes of one. */
const NO_BYTES = -1;

export function saveBoolean(p: Pickler, value: boolean): void {
  if (p.protocol >= 2) p.byte(value ? Op.NEWTRUE : Op.NEWFALSE);
  else p.latin1(Op.INT, value ? "01" : "00");
}

export function saveInt(p: Pickler, value: number | bigint): void {
  const { protocol } = p;
  if (value >= -0x80000000 && value <= 0x7fffffff) {
    const small = Number(value);
    if (protocol === 0) p.latin1(Op.INT, small);
    else if (small < 0 || small > 0xffff) p.uint32(Op.BININT, small);
    else if (small > 0xff) p.uint16(Op.BININT2, small);
    else p.byte1(Op.BININT1, small);
  } else if (protocol < 2) {
    p.latin1(Op.LONG, `${value}L`);
  } else if (typeof value === "number") {
    p.long(value);
  } else {
    const bytes = encodeLong(value);
    if (bytes.length <= 0xff) p.counted(Op.LONG1, 1, bytes);
    else p.counted(Op.LONG4, 4, bytes);
  }
}

export function saveFloat(p: Pickler, value: number): void {
  if (p.protocol >= 1) p.float64(value);
  else p.latin1(Op.FLOAT, formatFloat(value));
}

export function saveString(p: Pickler, value: string): void {
  const single = p.shareStrings || isSingleton(value) ? value : undefined;
  if (single !== undefined && p.recall(single)) return;
  saveText(p, value);
  p.memoize(single);
}

export function saveText(p: Pickler, value: string): void {
  if (p.protocol >= 1) p.text(value);
  else p.latin1(Op.UNICODE, encodeRawUnicodeEscape(value));
}

export function saveBytes(p: Pickler, value: Uint8Array | BytesGap): void {
  // Bytes are met here for the first time, but for those of which CPython has but one object.
  const key = value instanceof Uint8Array && value.length <= 1 ? (value[0] ?? NO_BYTES) : value;
  if (!p.recall(key)) saveNewBytes(p, value, key);
}

/** @param owner what stands for the bytes in the memo, where they can occur again */
function saveNewBytes(p: Pickler, value: Uint8Array | BytesGap, owner: MemoKey | undefined): void {
  if (p.protocol < 3) {
    saveBytesAsText(p, value, owner);
    return;
  }
  const part: EncodedPart = value instanceof Uint8Array ? value : { gap: "bytes", length: value.length };
  if (value.length <= 0xff) p.payload(Op.SHORT_BINBYTES, 1, part);
  else if (value.length <= 0xffffffff) p.payload(Op.BINBYTES, 4, part);
  else {
    needProtocol(4, p, "4 GiB");
    p.payload(Op.BINBYTES8, 8, part);
  }
  p.memoize(owner);
}

/** Before protocol 3 there is no opcode for bytes: Python writes `_codecs.encode(text, "latin1")`. */
function saveBytesAsText(p: Pickler, value: Uint8Array | BytesGap, owner: MemoKey | undefined): void {
  if (value.length === 0) {
    saveCall(p, bytesType, undefined, owner);
    return;
  }
  saveGlobalOnce(p, codecsEncode);
  if (p.protocol < 2) p.byte(Op.MARK);
  p.boundary();
  if (value instanceof Uint8Array && value.length === 1) saveString(p, decodeLatin1(value, 0, 1));
  else saveBytesText(p, value);
  if (!p.recall(LATIN1)) {
    saveText(p, LATIN1);
    p.memoize(LATIN1);
  }
  p.byte(p.protocol >= 2 ? Op.TUPLE2 : Op.TUPLE);
  p.memoize(undefined);
  p.byte(Op.REDUCE);
  p.memoize(owner);
}

function saveBytesText(p: Pickler, value: Uint8Array | BytesGap): void {
  const form = p.protocol >= 1 ? "utf-8" : "escaped";
  const text = textPart(p, value, form);
  if (form === "utf-8") p.payload(Op.BINUNICODE, 4, text);
  else p.line(Op.UNICODE, text);
  p.memoize(undefined);
}

export function saveByteArray(p: Pickler, value: PyByteArray): void {
  if (p.protocol >= 5) {
    p.payload(Op.BYTEARRAY8, 8, value.bytes);
    p.memoize(value);
    return;
  }
  // Python pickles a new bytes object here, not one that may stand elsewhere in the value.
  const { bytes } = value;
  saveCall(p, bytearrayType, bytes.length === 0 ? undefined : () => saveNewBytes(p, bytes, undefined), value);
}

/** Whether CPython has but one object of a str: of an empty one, and one of one Latin-1 character. */
function isSingleton(value: string): boolean {
  return value.length === 0 || (value.length === 1 && value.charCodeAt(0) <= 0xff);
}

function textPart(p: Pickler, value: Uint8Array | BytesGap, form: keyof TextLengths): EncodedPart {
  if (value instanceof Uint8Array) return asText(form, value);
  const length = value.textLength(form);
  if (length === undefined) needProtocol(3, p, "a gap without text lengths");
  return { gap: form, length: length as number } satisfies Gap;
}
