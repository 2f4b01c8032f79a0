// Bytes that travel in pieces: a file on its way out of a storage, or the data of a Mensaje on its way in.

/** Where the pieces of a content come from, and what is to be done when nobody wants the rest. */
export interface ContentSource {
  /** Starts from the first byte. Called once for a content that arrives; for one that is sent, as often as it is sent. */
  readonly open: () => AsyncIterator<Uint8Array>;
  /** The rest is not wanted. Default: nothing is done. */
  readonly cancel?: () => Promise<void>;
}

/**
 * Bytes of a known length, piece by piece. As the data of a Mensaje it is sent without being held in memory, and it is
 * what arrives where the data of a Mensaje is large.
 *
 * A piece is a view that may be overwritten once the next one is asked for: copy what is to be kept.
 *
 * @example
 * ```ts
 * import { Content } from "@fileshare/protocol";
 *
 * for await (const piece of Content.of(Uint8Array.of(1, 2, 3))) {
 *   console.log(piece.length); // 3
 * }
 * ```
 */
export class Content implements AsyncIterable<Uint8Array> {
  /** How many bytes there are in all. */
  readonly length: number;
  readonly #source: ContentSource;

  /** @throws {TypeError} when the length is no byte count, or the source cannot be opened */
  constructor(length: number, source: ContentSource) {
    if (!Number.isSafeInteger(length) || length < 0) {
      throw new TypeError(`Cannot make a content: ${length} is no byte count`);
    }
    if (typeof source?.open !== "function")
      throw new TypeError("Cannot make a content: its source has no open()");
    this.length = length;
    this.#source = source;
  }

  /** Content that is in memory already. */
  static of(bytes: Uint8Array): Content {
    return contentOf(bytes);
  }

  /** The pieces in order. To leave the loop early gives up the rest, as {@link cancel} does. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.#source.open();
  }

  /** Gives up what has not been read. */
  async cancel(): Promise<void> {
    await this.#source.cancel?.();
  }

  /** All of it in one array: for content that is known to be small. */
  async bytes(): Promise<Uint8Array> {
    const whole = new Uint8Array(this.length);
    let at = 0;
    for await (const piece of this) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }
}

/** Outside of the class, which the bundler would otherwise give another name. */
function contentOf(bytes: Uint8Array): Content {
  return new Content(bytes.length, {
    open: async function* () {
      if (bytes.length > 0) yield bytes;
    },
  });
}
