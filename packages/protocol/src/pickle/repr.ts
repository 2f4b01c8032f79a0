// Values as Python's repr writes them. Sources: CPython Objects/unicodeobject.c (unicode_repr), Objects/bytesobject.c.

/** How much of a text is escaped at a time: what an engine needs to do so grows with it. */
const CHUNK = 65_536;

const beyondAscii = /[\\'"]|[^ -~]/g;

/** What `str.isprintable` denies, by the engine's Unicode tables, and what is special between quotes. */
const unprintable = /[\\'"\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

const namedEscapes: ReadonlyMap<string, string> = new Map([
  ["\\", "\\\\"],
  ["\t", "\\t"],
  ["\n", "\\n"],
  ["\r", "\\r"],
]);

/**
 * Python's `repr` of a str, which is given in pieces: surrogates on both sides of a seam stay two code points.
 *
 * Which characters are printable is asked of the JavaScript engine. Where its Unicode is not that of the Python that one
 * compares with, one of the two escapes the characters that it does not know yet.
 */
export function reprText(pieces: readonly string[]): string {
  return quoted(pieces, unprintable);
}

/** Python's `repr` of bytes, which are given one character a byte. */
export function reprLatin1(bytes: string): string {
  return `b${quoted([bytes], beyondAscii)}`;
}

function quoted(pieces: readonly string[], special: RegExp): string {
  const has = (quote: string): boolean => pieces.some((piece) => piece.includes(quote));
  const quote = has("'") && !has('"') ? '"' : "'";
  const escaped = (character: string): string => {
    if (character === "'" || character === '"') return character === quote ? `\\${quote}` : character;
    return namedEscapes.get(character) ?? hexEscape(character.codePointAt(0) as number);
  };
  const out = [quote];
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      let end = Math.min(piece.length, at + CHUNK);
      // Not between the halves of a character.
      if (end < piece.length && (piece.charCodeAt(end) & 0xfc00) === 0xdc00) end++;
      out.push(piece.slice(at, end).replace(special, escaped));
      at = end;
    }
  }
  out.push(quote);
  return out.join("");
}

function hexEscape(code: number): string {
  const hex = code.toString(16);
  if (code <= 0xff) return `\\x${hex.padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}
