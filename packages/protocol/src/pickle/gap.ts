// Bytes values that are sent without ever being whole in memory.

/**
 * A bytes value whose content is not here, but of known length: a file to be streamed, say. Encoded, it leaves a gap
 * among the parts that {@link encodeParts} gives, which the caller fills.
 */
export class BytesGap {
  /** How many bytes the value has. */
  readonly length: number;
  readonly #textLengths: TextLengths | undefined;

  /**
   * @param length in bytes
   * @param textLengths only wanted in protocols 0 to 2, where Python writes bytes as text, whose length depends on what
   *   the bytes are: count them with {@link addTextLengths}
   */
  constructor(length: number, textLengths?: TextLengths) {
    this.length = length;
    this.#textLengths = textLengths;
  }

  /** How long the bytes are as text in that form; undefined where nobody counted. */
  textLength(form: keyof TextLengths): number | undefined {
    return this.#textLengths?.[form];
  }
}

/** How many bytes a bytes value takes in the text forms of the old protocols. */
export interface TextLengths {
  /** As UTF-8, each byte standing for the character of that code (protocols 1 and 2). */
  readonly "utf-8": number;
  /** As raw-unicode-escape (protocol 0). */
  readonly escaped: number;
}

const HIGH = 1;
const ESCAPED = 2;

/** What each byte is as text: as it is, of two bytes in UTF-8, or escaped in raw-unicode-escape. */
const kinds: Uint8Array = new Uint8Array(256).fill(HIGH, 0x80);
// Backslash, NUL, line feed, carriage return, Ctrl-Z.
for (const byte of [0x5c, 0x00, 0x0a, 0x0d, 0x1a]) kinds[byte] = ESCAPED;

/** Adds what a chunk of the bytes takes as text: start from `{ "utf-8": 0, escaped: 0 }`. */
export function addTextLengths(lengths: TextLengths, chunk: Uint8Array): TextLengths {
  let high = 0;
  let escaped = 0;
  for (let i = 0; i < chunk.length; i++) {
    const kind = kinds[chunk[i] as number] as number;
    high += kind & HIGH;
    escaped += kind >> 1;
  }
  return {
    "utf-8": lengths["utf-8"] + chunk.length + high,
    escaped: lengths.escaped + chunk.length + escaped * 5,
  };
}

/** Writes bytes in the form that a gap asks for. */
export function asText(form: keyof TextLengths, chunk: Uint8Array): Uint8Array {
  const out = new Uint8Array(addTextLengths({ "utf-8": 0, escaped: 0 }, chunk)[form]);
  let at = 0;
  for (const byte of chunk) {
    if (form === "utf-8" && byte > 0x7f) {
      out[at++] = 0xc0 | (byte >> 6);
      out[at++] = 0x80 | (byte & 0x3f);
    } else if (form === "escaped" && kinds[byte] === ESCAPED) {
      for (const character of `\\u00${byte.toString(16).padStart(2, "0")}`)
        out[at++] = character.charCodeAt(0);
    } else {
      out[at++] = byte;
    }
  }
  return out;
}
