// Bytes that travel in pieces: a file on its way out of a storage, or the data of a Mensaje on its way in.

/** Where the pieces of a content come from, and what is to be done when nobody wants the rest. */
export interface ContentSource {
  /** Starts from the first byte. Called once for a content that arrives; for one that is sent, as often as it is sent. */
  readonly open: () => AsyncIterator<Uint8Array>;
  /** The rest is not wanted. Default: nothing is done. */
  readonly cancel?: () => Promise<void>;
  /**
   * Whether a piece may be overwritten once the next one is asked for. Then who iterates over the content is given copies,
   * and {@link Content.lend} gives the pieces themselves. Default false.
   */
  readonly lends?: boolean;
}

/**
 * Bytes of a known length, piece by piece. As the data of a Mensaje it is sent without being held in memory, and it is
 * what arrives where the data of a Mensaje is large.
 *
 * A piece is memory of its own, which may be kept, or given to a stream. {@link Content.lend} gives those of a content
 * that arrives without copying them.
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

  /**
   * The pieces in order, each of which may be kept. To leave the loop early gives up the rest, as {@link cancel} does.
   *
   * @throws {ConexionError} `CLOSED` when it arrives, and was read before
   */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    const pieces = this.#source.open();
    return this.#source.lends ? copiesOf(pieces) : pieces;
  }

  /**
   * The same without a copy of each: a piece may be overwritten once the next one is asked for. For who is done with it by then,
   * as a checksum is, and a `write` that was waited for.
   *
   * @throws {ConexionError} `CLOSED` when it arrives, and was read before
   */
  lend(): AsyncIterable<Uint8Array> {
    return { [Symbol.asyncIterator]: () => this.#source.open() };
  }

  /** Gives up what has not been read. */
  async cancel(): Promise<void> {
    await this.#source.cancel?.();
  }

  /**
   * All of it in one array: for content that is known to be small.
   *
   * @throws {RangeError} when no array is as long as that: the content is given up
   */
  async bytes(): Promise<Uint8Array> {
    const whole = await this.#memory();
    let at = 0;
    for await (const piece of this.lend()) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }

  async #memory(): Promise<Uint8Array> {
    try {
      return new Uint8Array(this.length);
    } catch (cause) {
      await this.cancel();
      throw new RangeError(`Cannot hold a content of ${this.length} bytes in one array`, { cause });
    }
  }
}

function copiesOf(pieces: AsyncIterator<Uint8Array>): AsyncIterator<Uint8Array> {
  const copy = (result: IteratorResult<Uint8Array>): IteratorResult<Uint8Array> =>
    result.done ? result : { done: false, value: new Uint8Array(result.value) };
  return {
    next: async () => copy(await pieces.next()),
    return: async () => (await pieces.return?.()) ?? { done: true, value: undefined },
  };
}

/** Outside of the class, which the bundler would otherwise give another name. */
function contentOf(bytes: Uint8Array): Content {
  return new Content(bytes.length, {
    open: async function* () {
      if (bytes.length > 0) yield bytes;
    },
  });
}
