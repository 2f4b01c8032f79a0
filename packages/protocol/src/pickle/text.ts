// Python's str and str escapes, from bytes and back. Sources: CPython Objects/unicodeobject.c (surrogatepass,
// raw-unicode-escape), Objects/bytesobject.c (escape_decode).

const utf8 = /* @__PURE__ */ new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Two halves of a surrogate pair stand side by side as characters of their own, as they can in Python: a JavaScript
 * string would hold the character that they make together, and that is another string.
 */
export class SurrogatePairError extends RangeError {
  constructor() {
    super("a surrogate pair is written as two characters");
  }
}

/**
 * Decodes UTF-8 in which lone surrogates may stand as three bytes each (Python's `surrogatepass`).
 *
 * @throws {RangeError} when the bytes are no such text
 */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  try {
    return utf8.decode(bytes.subarray(start, end));
  } catch {
    return decodeSurrogatePass(bytes.subarray(start, end));
  }
}

/** What the lead byte of a sequence of 2, 3 or 4 bytes says of the least code point in it. */
const least = [0, 0, 0x80, 0x800, 0x10000];

function decodeSurrogatePass(bytes: Uint8Array): string {
  const units = new Uint16Array(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at++] as number;
    const size = lead < 0x80 ? 1 : lead < 0xc0 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf8 ? 4 : 0;
    let code = size < 2 ? lead : lead & (0x7f >> size);
    for (let i = 1; i < size; i++) {
      const next = bytes[at++] ?? 0;
      code = (next & 0xc0) === 0x80 ? (code << 6) | (next & 0x3f) : 0x7fffffff;
    }
    if (size === 0 || code < (least[size] as number) || code > 0x10ffff)
      throw new RangeError("it is not UTF-8");
    if (code > 0xffff) {
      units[length++] = 0xd7c0 + (code >> 10);
      units[length++] = 0xdc00 | (code & 0x3ff);
      continue;
    }
    // A low surrogate after a high one that was not written in four bytes.
    if ((code & 0xfc00) === 0xdc00 && ((units[length - 1] ?? 0) & 0xfc00) === 0xd800)
      throw new SurrogatePairError();
    units[length++] = code;
  }
  return stringOf(units.subarray(0, length));
}

/** A string of these code units, put together in pieces, as a call takes only so many arguments. */
function stringOf(units: Uint8Array | Uint16Array): string {
  let text = "";
  for (let from = 0; from < units.length; from += 4096) {
    text += String.fromCharCode(...units.subarray(from, from + 4096));
  }
  return text;
}

/** Decodes one character a byte. */
export function decodeLatin1(bytes: Uint8Array, start: number, end: number): string {
  return stringOf(bytes.subarray(start, end));
}

/**
 * Decodes Python's raw-unicode-escape: latin-1 with `\uXXXX` and `\UXXXXXXXX`.
 *
 * @throws {RangeError} when an escape is cut short or names no character
 */
export function decodeRawUnicodeEscape(bytes: Uint8Array, start: number, end: number): string {
  let high = false;
  return decodeLatin1(bytes, start, end).replace(
    /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([\s\S]?))|[^\\]+/g,
    (whole, short: string | undefined, long: string | undefined, other: string | undefined) => {
      const hex = short ?? long;
      if (hex === undefined) {
        high = false;
        if (other === "u" || other === "U") throw new RangeError("an escape is cut short");
        return whole;
      }
      const code = Number.parseInt(hex, 16);
      if (high && (code & 0x1ffc00) === 0xdc00) throw new SurrogatePairError();
      high = (code & 0x1ffc00) === 0xd800;
      return String.fromCodePoint(code);
    },
  );
}

const simpleEscapes: ReadonlyMap<string, number> = new Map([
  ["\\", 0x5c],
  ["'", 0x27],
  ['"', 0x22],
  ["a", 7],
  ["b", 8],
  ["t", 9],
  ["n", 10],
  ["v", 11],
  ["f", 12],
  ["r", 13],
]);

/**
 * Decodes the quoted bytes of a Python 2 `str` literal, as its `repr` writes them.
 *
 * @throws {RangeError} when it is not quoted, or an escape is malformed
 */
export function decodeStringLiteral(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const literal = decodeLatin1(bytes, start, end);
  const quote = literal[0];
  if (literal.length < 2 || (quote !== "'" && quote !== '"') || literal.at(-1) !== quote) {
    throw new RangeError("it is not quoted");
  }
  // No escape is shorter than what it stands for.
  const out = new Uint8Array(literal.length);
  let length = 0;
  const pattern = /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|([\s\S]?))|([^\\]+)/g;
  for (const [, octal, hex, other = "", plain] of literal.slice(1, -1).matchAll(pattern)) {
    if (plain !== undefined) for (let i = 0; i < plain.length; i++) out[length++] = plain.charCodeAt(i);
    else if (octal !== undefined) out[length++] = Number.parseInt(octal, 8);
    else if (hex !== undefined) out[length++] = Number.parseInt(hex, 16);
    else {
      const code = simpleEscapes.get(other);
      if (other === "" || other === "x") throw new RangeError("an escape is cut short");
      if (code === undefined) out[length++] = 0x5c;
      out[length++] = code ?? other.charCodeAt(0);
    }
  }
  return out.slice(0, length);
}

const lineBreakers: ReadonlySet<string> = new Set(["\\", "\0", "\n", "\r", "\u001a"]);

/** Encodes Python's raw-unicode-escape, with the characters escaped that a line cannot hold. */
export function encodeRawUnicodeEscape(text: string): string {
  let escaped = "";
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    if (code > 0xffff) escaped += `\\U${code.toString(16).padStart(8, "0")}`;
    else if (code > 0xff || lineBreakers.has(character))
      escaped += `\\u${code.toString(16).padStart(4, "0")}`;
    else escaped += character;
  }
  return escaped;
}

const encoder = /* @__PURE__ */ new TextEncoder();

/** Encodes text as UTF-8, lone surrogates as three bytes each (Python's `surrogatepass`). */
export function encodeUtf8(text: string): Uint8Array {
  if (text.isWellFormed()) return encoder.encode(text);
  const bytes = new Uint8Array(text.length * 3);
  return bytes.slice(0, putUtf8(bytes, 0, text));
}

/** As {@link encodeUtf8}, into bytes that have room for three a character. Gives where the text ends. */
export function putUtf8(bytes: Uint8Array, start: number, text: string): number {
  let at = start;
  for (let i = 0; i < text.length; i++) {
    const code = text.codePointAt(i) as number;
    if (code < 0x80) {
      bytes[at++] = code;
      continue;
    }
    if (code > 0xffff) {
      i += 1;
      bytes[at++] = 0xf0 | (code >> 18);
    }
    if (code > 0x7ff) bytes[at++] = code > 0xffff ? continuation(code >> 12) : 0xe0 | (code >> 12);
    bytes[at++] = code > 0x7ff ? continuation(code >> 6) : 0xc0 | (code >> 6);
    bytes[at++] = continuation(code);
  }
  return at;
}

function continuation(bits: number): number {
  return 0x80 | (bits & 0x3f);
}

/** Encodes text as UTF-8 into bytes that have room for ASCII. Gives how many characters had room. */
export function encodeInto(text: string, bytes: Uint8Array): number {
  return encoder.encodeInto(text, bytes).read;
}
