// Pickles as streams: async iterables, and the streams of the web platform.

import { Decoder, type DecoderOptions } from "./decoder.js";
import { encodeParts } from "./encode.js";
import type { EncodeOptions } from "./encode-options.js";
import { PickleEncodeError } from "./errors.js";
import type { PyValue } from "./values.js";

/** What {@link decodeAll} and a {@link PickleDecoderStream} may be told: whole values come out, so bytes are gathered. */
export type DecodeStreamOptions = Omit<DecoderOptions, "streamBytesFrom">;

/**
 * Decodes pickles that stand one after another, while they arrive.
 *
 * @example
 * ```ts
 * import { decodeAll, encodeAll } from "@fileshare/protocol/pickle";
 *
 * for await (const value of decodeAll(encodeAll(["spam", 1]))) console.log(value); // spam, then 1
 * ```
 * @throws {PickleDecodeError} also where the input ends within a pickle
 */
export async function* decodeAll(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options?: DecodeStreamOptions,
): AsyncGenerator<PyValue, void, undefined> {
  const decoder = new Decoder(options);
  for await (const chunk of chunks) yield* valuesIn(decoder, chunk);
  decoder.end();
}

/**
 * Encodes values one after another, in chunks: large bytes are chunks of their own, not copied.
 *
 * @throws {PickleEncodeError}
 */
export async function* encodeAll(
  values: AsyncIterable<PyValue> | Iterable<PyValue>,
  options?: EncodeOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const value of values) yield* chunksOf(value, options);
}

/** Decodes pickles that stand one after another, as a transform stream from bytes to values. */
export class PickleDecoderStream {
  /** Takes the bytes of the pickles. */
  readonly writable: WritableStream<Uint8Array>;
  /** Gives the values. */
  readonly readable: ReadableStream<PyValue>;

  constructor(options?: DecodeStreamOptions) {
    const decoder = new Decoder(options);
    const { readable, writable } = new TransformStream<Uint8Array, PyValue>({
      transform: (chunk, controller) => {
        for (const value of valuesIn(decoder, chunk)) controller.enqueue(value);
      },
      flush: () => decoder.end(),
    });
    this.readable = readable;
    this.writable = writable;
  }
}

/** Encodes values one after another, as a transform stream from values to bytes. */
export class PickleEncoderStream {
  /** Takes the values. */
  readonly writable: WritableStream<PyValue>;
  /** Gives the bytes of the pickles. */
  readonly readable: ReadableStream<Uint8Array>;

  constructor(options?: EncodeOptions) {
    const { readable, writable } = new TransformStream<PyValue, Uint8Array>({
      transform: (value, controller) => {
        for (const chunk of chunksOf(value, options)) controller.enqueue(chunk);
      },
    });
    this.readable = readable;
    this.writable = writable;
  }
}

function* valuesIn(decoder: Decoder, chunk: Uint8Array): Generator<PyValue> {
  for (const event of decoder.push(chunk)) if (event.type === "value") yield event.value;
}

function* chunksOf(value: PyValue, options: EncodeOptions | undefined): Generator<Uint8Array> {
  for (const part of encodeParts(value, options)) {
    if (!(part instanceof Uint8Array))
      throw new PickleEncodeError("UNENCODABLE", "a gap holds no bytes: use encodeParts");
    yield part;
  }
}
