// Pickles that stand one after another in input that arrives in pieces.

import type { DecoderOptions as MachineOptions } from "./machine.js";
import { Unpickler } from "./unpickler.js";
import type { PyValue } from "./values.js";

/** What a {@link Decoder} may be told. */
export interface DecoderOptions extends MachineOptions {
  /**
   * From how many bytes on a bytes value is not gathered in memory: a {@link StreamedBytes} stands for it in the value,
   * and its bytes come as events, as views on the chunks that were pushed. Default: never.
   */
  readonly streamBytesFrom?: number | undefined;
}

/** Stands in a decoded value for bytes that were handed out while they arrived. */
export class StreamedBytes {
  /** How many bytes there are in all. */
  readonly length: number;

  constructor(length: number) {
    this.length = length;
  }
}

/** What comes out of a {@link Decoder}: a whole value, or the next piece of the bytes that a {@link StreamedBytes} stands for. */
export type DecoderEvent =
  | { readonly type: "value"; readonly value: PyValue }
  | { readonly type: "bytes"; readonly of: StreamedBytes; readonly chunk: Uint8Array };

/**
 * Decodes pickles while they arrive, however the input is cut. Memory is bound by the limits, which hold for each pickle,
 * and by the largest value; with `streamBytesFrom` not by large bytes.
 *
 * @example
 * ```ts
 * import { Decoder, encode } from "@fileshare/protocol/pickle";
 *
 * const decoder = new Decoder();
 * const bytes = encode("spam");
 * decoder.push(bytes.subarray(0, 5)); // []
 * decoder.push(bytes.subarray(5)); // [{ type: "value", value: "spam" }]
 * decoder.end();
 * ```
 */
export class Decoder {
  readonly #options: DecoderOptions;
  #unpickler: Unpickler;
  #streamed: StreamedBytes | undefined;
  #failed = false;
  #failure: unknown;

  constructor(options: DecoderOptions = {}) {
    this.#options = options;
    this.#unpickler = this.#next();
  }

  /** Whether an error has ended it. Make a new one then: where the next pickle begins is not known. */
  get failed(): boolean {
    return this.#failed;
  }

  /**
   * Takes the next piece of the input.
   *
   * @returns what it completes, in order; where an error follows that, the next call throws it
   * @throws {PickleDecodeError} and the same again at each later call
   * @throws {TypeError} when the chunk is no Uint8Array
   */
  push(chunk: Uint8Array): DecoderEvent[] {
    if (!(chunk instanceof Uint8Array))
      throw new TypeError("Cannot decode pickle: the chunk is no Uint8Array");
    const events: DecoderEvent[] = [];
    try {
      if (this.#failed) throw this.#failure;
      for (let at = 0; at < chunk.length; ) at += this.#take(chunk.subarray(at), events);
    } catch (cause) {
      this.#failed = true;
      this.#failure = cause;
      // What was complete before is handed out; the next call throws.
      if (events.length > 0) return events;
      throw cause;
    }
    return events;
  }

  /**
   * Says that no more input comes.
   *
   * @throws {PickleDecodeError} `TRUNCATED` when it ends within a pickle
   */
  end(): void {
    if (this.#failed) throw this.#failure;
    if (this.#unpickler.begun) this.#unpickler.end();
  }

  #next(): Unpickler {
    const { streamBytesFrom } = this.#options;
    return new Unpickler(this.#options, (length) => {
      if (streamBytesFrom === undefined || length < streamBytesFrom) return undefined;
      this.#streamed = new StreamedBytes(length);
      return this.#streamed;
    });
  }

  #take(chunk: Uint8Array, events: DecoderEvent[]): number {
    const unpickler = this.#unpickler;
    if (unpickler.state === "bytes") {
      const bytes = chunk.subarray(0, unpickler.bytesLeft);
      unpickler.tookBytes(bytes.length);
      events.push({ type: "bytes", of: this.#streamed as StreamedBytes, chunk: bytes });
      return bytes.length;
    }
    const taken = unpickler.push(chunk);
    if (unpickler.state === "done") {
      events.push({ type: "value", value: unpickler.value });
      this.#unpickler = this.#next();
    }
    return taken;
  }
}
