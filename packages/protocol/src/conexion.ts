/// <reference lib="esnext.disposable" preserve="true" />
// One connection: Mensajes in and out over a transport. The part that server and client share.
//
// Bytes come from a transport through the frame decoder into the Mensaje decoder; Mensajes leave as the parts of a
// pickle behind a frame header. Neither way holds the content of a file.

import { Content } from "./content.js";
import { ConexionError, FrameError, MensajeError, stalledError } from "./errors.js";
import { encodeFrameHeader, FrameDecoder, MAX_FRAME_BYTES } from "./frame.js";
import { type AcceptClass, acceptAnyModule, type Dialect, defaultDialect } from "./mensaje/dialect.js";
import { type EncodeMensajeOptions, encodeMensaje } from "./mensaje/encode-mensaje.js";
import type { Mensaje } from "./mensaje/mensaje.js";
import { MensajeDecoder } from "./mensaje/mensaje-decoder.js";
import { Trailer } from "./mensaje/trailer.js";
import type { Gap } from "./pickle/frames.js";
import { addTextLengths, asText, type TextLengths } from "./pickle/gap.js";
import { checkRange } from "./range.js";
import type { Transport } from "./transport.js";
import { Watchdog } from "./watchdog.js";

/** What a {@link Conexion} may be told. */
export interface ConexionOptions {
  /** The longest frame that is taken. Default 4 GiB - 1, the most that a header can announce. */
  readonly maxFrameBytes?: number | undefined;
  /**
   * Bytes of one Mensaje that may be held in memory: all of it but streamed data. Default 16 MiB, a listing of some
   * 200,000 names.
   */
  readonly maxBufferedBytes?: number | undefined;
  /** From how many bytes on the `data` of a Mensaje is given as a {@link Content}. Default 64 KiB. */
  readonly streamFrom?: number | undefined;
  /**
   * Milliseconds for which nothing may move while a frame is under way before the connection is cut: until more of it
   * comes in, or the peer takes more of what is sent (a socket tells; of another transport, until it has taken a piece). The time that a consumer takes over a piece of content
   * does not count. Default 60,000; 2^31 and more, as Infinity, turn it off.
   */
  readonly stallMs?: number | undefined;
  /** How the peer is written to, until it has sent a Mensaje itself. Default: {@link defaultDialect}. */
  readonly dialect?: Dialect | undefined;
  /** Whether the peer is answered in the way that it wrote its last Mensaje. Default true. */
  readonly followDialect?: boolean | undefined;
  /** Which classes are taken for a Mensaje. Default: every class of that name. */
  readonly acceptClass?: AcceptClass | undefined;
}

/** What a single wait may be told. */
export interface WaitOptions {
  /**
   * Ends the wait, and with it the connection: a half-read or half-sent frame cannot be told from the next one. The wait
   * rejects with the signal's reason.
   */
  readonly signal?: AbortSignal | undefined;
}

/** What sending a Mensaje may be told. */
export interface SendOptions extends WaitOptions {
  /**
   * The Mensaje is one of many: where it is short it is only noted, and sent with those that follow while the transport
   * is busy. What goes wrong with it then is told by the next wait on the connection. Default false.
   */
  readonly batch?: boolean | undefined;
}

/** What a wait for a Mensaje may be told. */
export interface ReceiveOptions extends WaitOptions {
  /** Milliseconds until the first byte must have come. Default: as long as it takes. */
  readonly firstByteMs?: number | undefined;
}

/** How much is handed to the transport at once: a peer that takes so much within `stallMs` is not stalled. */
const WRITE_BYTES = 256 * 1024;

/** Up to this many bytes of short frames may wait to be sent while more are made. */
const POST_BYTES = 64 * 1024;

/** How much of an unwanted frame is read and thrown away to keep the connection; of a longer one, it is cut. */
const SKIP_BYTES = 1024 * 1024;

/** A Mensaje as it is sent: what stands before its content, and after it. */
interface EncodedMensaje {
  readonly before: Uint8Array[];
  gap: Gap | undefined;
  readonly after: Uint8Array[];
  length: number;
}

/**
 * A connection that carries Mensajes in both directions.
 *
 * @example
 * ```ts
 * import { connect } from "node:net";
 * import { Conexion, Mensaje } from "@fileshare/protocol";
 * import { socketTransport } from "@fileshare/protocol/node";
 *
 * const conexion = new Conexion(socketTransport(connect(3247, "localhost")));
 * await conexion.enviarMensaje(new Mensaje({ operacion: "listar" }));
 * const reply = await conexion.recibirMensaje();
 * console.log(reply?.data);
 * await conexion.close();
 * ```
 */
export class Conexion implements AsyncDisposable {
  readonly #transport: Transport;
  readonly #frames: FrameDecoder;
  readonly #decoderOptions: ConstructorParameters<typeof MensajeDecoder>[0];
  readonly #stallMs: number;
  readonly #followDialect: boolean;
  #dialect: Dialect;
  #ended = false;
  #failure: { readonly reason: unknown } | undefined;
  #closing: Promise<void> | undefined;
  /** Resolves when the Mensaje that is being read is at its end: the next one can be read. */
  #reading: Promise<void> = Promise.resolve();
  /** Ends the turn of the content that is being read: where it is cut, whoever waits behind it need not wait for its reader. */
  #endContent: () => void = () => {};
  #sending: Promise<void> = Promise.resolve();
  #sent = 0;
  /** Short frames that wait to be sent together. */
  #outbox: Uint8Array[] = [];
  #outboxBytes = 0;
  #posting: Promise<void> | undefined;
  readonly #reads = new Watchdog((ms) => this.abort(stalledError(ms)));
  readonly #writes = new Watchdog((ms) => this.abort(stalledError(ms)));

  /** @throws {RangeError} when an option is out of its range */
  constructor(transport: Transport, options: ConexionOptions = {}) {
    this.#transport = transport;
    this.#frames = new FrameDecoder({ maxFrameBytes: options.maxFrameBytes });
    this.#decoderOptions = {
      acceptClass: options.acceptClass ?? acceptAnyModule,
      maxBufferedBytes: options.maxBufferedBytes ?? 16 * 1024 * 1024,
      streamFrom: options.streamFrom ?? 64 * 1024,
    };
    this.#stallMs = options.stallMs ?? 60_000;
    checkRange("maxBufferedBytes", this.#decoderOptions.maxBufferedBytes, 1, Number.POSITIVE_INFINITY);
    checkRange("streamFrom", this.#decoderOptions.streamFrom, 1, Number.POSITIVE_INFINITY);
    checkRange("stallMs", this.#stallMs, 1, Number.POSITIVE_INFINITY);
    this.#dialect = options.dialect ?? defaultDialect;
    this.#followDialect = options.followDialect ?? true;
  }

  /** How many Mensajes were sent, or begun to be. */
  get sent(): number {
    return this.#sent;
  }

  /** How the peer is written to now. */
  get dialect(): Dialect {
    return this.#dialect;
  }

  /** Whether the connection is of no further use: closed, cut or lost. */
  get closed(): boolean {
    return this.#failure !== undefined || this.#closing !== undefined;
  }

  /** Whether it is known that the peer has ended the connection. It may be that it was not noticed yet. */
  get ended(): boolean {
    return this.#ended || (this.#transport.ended ?? false);
  }

  /**
   * Receives the next Mensaje. Gives null when the peer says good-bye: it ended the connection between frames, or sent a
   * frame of no length.
   *
   * Where `data` is large it is given as a {@link Content} while it still arrives, and attributes that stand after it are
   * filled in when it was read to its end. The next Mensaje is only received after that, or after its `cancel()`.
   *
   * @throws {MensajeError} when the frame holds no acceptable Mensaje; the next one can be received unless `closed`
   * @throws {FrameError} when the frame is too long: nothing more can be received, but a last word can be sent
   * @throws {ConexionError} when the connection is gone
   */
  async recibirMensaje(options: ReceiveOptions = {}): Promise<Mensaje | null> {
    this.#checkOpen();
    const watched = this.#watch(options.signal);
    const turn = takeTurn(this.#reading);
    this.#reading = turn.over;
    const finish = (): void => {
      watched.stop();
      turn.end();
    };
    let streaming = false;
    try {
      await turn.begins;
      // What is still in the queue may be the rest of a content that was cut: no frame begins there.
      this.#checkFailure();
      const length = await this.#beginFrame(options.firstByteMs);
      if (length === undefined || length === 0) return null;
      const decoder = new MensajeDecoder(this.#decoderOptions);
      await this.#decode(decoder);
      const streamed = decoder.streamed;
      if (streamed && decoder.state === "bytes") {
        this.#endContent = finish;
        streamed.data = this.#receiveContent(decoder, finish);
        streaming = true;
        return streamed;
      }
      return await this.#finishMensaje(decoder);
    } catch (error) {
      if (error instanceof MensajeError) await this.#skipFrame();
      throw error;
    } finally {
      if (!streaming) finish();
    }
  }

  /**
   * Sends a Mensaje in the peer's own dialect. A {@link Content} as its data is sent piece by piece. Several may be
   * called at once: they are sent one after the other. Resolves when the last byte was handed to the transport.
   *
   * @throws {FrameError} when it is longer than a frame can be: nothing was sent, and the connection is still usable
   * @throws {PickleEncodeError} when it holds something that has no counterpart in Python: nothing was sent
   * @throws {ConexionError} when the connection is gone, or the content was shorter than it said
   */
  async enviarMensaje(mensaje: Mensaje, options: SendOptions = {}): Promise<void> {
    this.#checkOpen();
    const watched = this.#watch(options.signal);
    const turn = takeTurn(this.#sending);
    this.#sending = turn.over;
    try {
      await turn.begins;
      const content = mensaje.data instanceof Content ? mensaje.data : undefined;
      if (content && content.length > MAX_FRAME_BYTES) throw new FrameError(content.length, MAX_FRAME_BYTES);
      const textLengths = content && this.#dialect.protocol < 3 ? await this.#countText(content) : undefined;
      const { before, gap, after, length } = this.#encode(mensaje, { textLengths });
      if (length > MAX_FRAME_BYTES) throw new FrameError(length, MAX_FRAME_BYTES);
      // The header goes out with what follows: a peer may take a frame in two segments for a broken one.
      before.unshift(encodeFrameHeader(length));
      if (content && gap && gap.length > 0) {
        const trailers = (): Uint8Array[] => {
          const sent = this.#encode(mensaje, { textLengths, dataSent: true });
          if (sent.length !== length) throw new RangeError("a trailer is not as long as its placeholder");
          return sent.after;
        };
        const hasTrailers = Array.from(mensaje.extras.values()).some((extra) => extra instanceof Trailer);
        await this.#sendContent(content, gap, before, hasTrailers ? trailers : () => after);
      } else {
        this.#sent += 1;
        await this.#post([...before, ...after], length, options.batch ?? false);
      }
    } finally {
      watched.stop();
      turn.end();
    }
  }

  /**
   * Receives exactly `count` bytes, as they are: for what is no Mensaje.
   *
   * @throws {ConexionError} `CUT` when the peer ends before that many have come
   */
  async recibirBytes(count: number, options: WaitOptions = {}): Promise<Uint8Array> {
    this.#checkOpen();
    const watched = this.#watch(options.signal);
    const turn = takeTurn(this.#reading);
    this.#reading = turn.over;
    try {
      await turn.begins;
      this.#checkFailure();
      return await this.#exactly(count);
    } finally {
      watched.stop();
      turn.end();
    }
  }

  /** Ends the connection in order: what was sent reaches the peer. */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  /** Cuts the connection at once. Every wait on it rejects with the reason. */
  abort(reason: unknown = new ConexionError("CLOSED", "The connection was closed")): void {
    if (this.#failure) return;
    this.#failure = { reason };
    this.#transport.abort(reason);
    this.#endContent();
    this.#stopWatching();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #end(): Promise<void> {
    try {
      await this.#sending;
      await this.#posting;
      if (!this.#failure) await this.#transport.end();
    } finally {
      this.#stopWatching();
    }
  }

  #stopWatching(): void {
    this.#reads.stop();
    this.#writes.stop();
  }

  // In

  /** Reads the header of the next frame; undefined when the peer has ended before it. */
  async #beginFrame(firstByteMs: number | undefined): Promise<number | undefined> {
    if (this.#frames.queue.length === 0 && !(await this.#fill(firstByteMs ?? Number.POSITIVE_INFINITY))) {
      return undefined;
    }
    for (;;) {
      const length = this.#frames.begin();
      if (length !== undefined) return length;
      await this.#arrive();
    }
  }

  /** Decodes until the Mensaje is at its end, or its data is to be streamed. */
  async #decode(decoder: MensajeDecoder): Promise<void> {
    while (decoder.state === "more" && this.#frames.left > 0) {
      const available = this.#frames.peek();
      if (available) this.#frames.read(decoder.push(available));
      else await this.#arrive();
    }
    if (decoder.state === "bytes" && decoder.bytesLeft > this.#frames.left) {
      throw new MensajeError("MALFORMED", "the data is longer than the frame");
    }
  }

  async #finishMensaje(decoder: MensajeDecoder): Promise<Mensaje> {
    const { mensaje, dialect } = decoder.finish();
    await this.#skipFrame();
    if (this.#followDialect) this.#dialect = dialect;
    return mensaje;
  }

  #receiveContent(decoder: MensajeDecoder, finish: () => void): Content {
    let over = false;
    const end = (): void => {
      over = true;
      finish();
    };
    const next = async (): Promise<IteratorResult<Uint8Array, undefined>> => {
      if (over) return { done: true, value: undefined };
      try {
        if (decoder.state === "bytes") {
          const piece = await this.#piece(decoder.bytesLeft);
          decoder.tookBytes(piece.length);
          return { done: false, value: piece };
        }
        await this.#decode(decoder);
        await this.#finishMensaje(decoder);
        end();
        return { done: true, value: undefined };
      } catch (error) {
        try {
          if (error instanceof MensajeError) await this.#skipFrame();
        } finally {
          end();
        }
        throw error;
      }
    };
    const cancel = async (): Promise<void> => {
      if (over) return;
      // Where the connection breaks meanwhile, the next wait on it tells.
      await this.#skipFrame().catch(() => {});
      end();
    };
    // One at a time: to give up while a piece is awaited must not read beside it.
    let last: Promise<unknown> = Promise.resolve();
    const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
      const result = last.then(act, act);
      last = result;
      return result;
    };
    const iterator: AsyncIterator<Uint8Array, undefined> = {
      next: () => inTurn(next),
      return: async () => {
        await inTurn(cancel);
        return { done: true, value: undefined };
      },
    };
    let opened = false;
    const open = (): typeof iterator => {
      if (opened) throw new ConexionError("CLOSED", "The content was read already: it arrives once");
      opened = true;
      return iterator;
    };
    return new Content(decoder.bytesLeft, { open, cancel: () => inTurn(cancel), lends: true });
  }

  async #piece(most: number): Promise<Uint8Array> {
    for (;;) {
      const piece = this.#frames.read(most);
      if (piece) return piece;
      await this.#arrive();
    }
  }

  /** Throws away the rest of the frame, or the connection where that would be much. */
  async #skipFrame(): Promise<void> {
    if (this.#frames.left - this.#frames.queue.length > SKIP_BYTES) {
      this.abort(
        new ConexionError("CLOSED", "The connection was closed: the rest of a frame was not wanted"),
      );
      return;
    }
    while (this.#frames.left > 0) await this.#piece(this.#frames.left);
  }

  async #exactly(count: number): Promise<Uint8Array> {
    for (;;) {
      const bytes = this.#frames.queue.take(count);
      if (bytes) return bytes;
      await this.#arrive();
    }
  }

  /** Waits for bytes that must still come. */
  async #arrive(): Promise<void> {
    if (await this.#fill(this.#stallMs)) return;
    throw this.#fail(new ConexionError("CUT", "The peer ended the connection in the middle of a frame"));
  }

  /** Waits for bytes; false when the peer has ended. */
  async #fill(withinMs: number): Promise<boolean> {
    this.#checkFailure();
    if (this.#ended) return false;
    // The chunk that was read last may be overwritten by the next.
    this.#frames.queue.own();
    const chunk = await this.#within(this.#reads, withinMs, () => this.#transport.read());
    if (chunk === undefined) this.#ended = true;
    else this.#frames.push(chunk);
    return !this.#ended;
  }

  // Out

  #encode(mensaje: Mensaje, options: EncodeMensajeOptions): EncodedMensaje {
    const encoded: EncodedMensaje = { before: [], gap: undefined, after: [], length: 0 };
    for (const part of encodeMensaje(mensaje, this.#dialect, options)) {
      encoded.length += part.length;
      if (!(part instanceof Uint8Array)) encoded.gap = part;
      else (encoded.gap ? encoded.after : encoded.before).push(part);
    }
    return encoded;
  }

  /**
   * Sends a whole frame. In a batch, a short one is only noted where little waits to be sent: while one is on its way,
   * more gather, and go out together.
   */
  async #post(chunks: readonly Uint8Array[], length: number, batch: boolean): Promise<void> {
    if (length > POST_BYTES || !batch) {
      await this.#posted();
      await this.#write(chunks);
      return;
    }
    this.#checkFailure();
    this.#outbox.push(...chunks);
    this.#outboxBytes += length;
    this.#posting ??= this.#flush();
    if (this.#outboxBytes > POST_BYTES) await this.#posted();
  }

  /** Sends what was noted until nothing is left. Never rejects: whoever waits or sends next hears of it. */
  async #flush(): Promise<void> {
    try {
      while (this.#outbox.length > 0) {
        const chunks = this.#outbox;
        this.#outbox = [];
        this.#outboxBytes = 0;
        await this.#writeAtOnce(chunks);
      }
    } catch {
      // The connection has failed, and says so from now on.
    }
    this.#posting = undefined;
  }

  /** Resolves when nothing that was noted is left. */
  async #posted(): Promise<void> {
    await this.#posting;
    this.#checkFailure();
  }

  /** @param after what follows the content, once it was sent */
  async #sendContent(
    content: Content,
    gap: Gap,
    before: Uint8Array[],
    after: () => Uint8Array[],
  ): Promise<void> {
    let left = gap.length;
    let given = 0;
    let begun = false;
    await this.#posted();
    try {
      for await (const piece of content.lend()) {
        const chunk = gap.gap === "bytes" ? piece : asText(gap.gap, piece);
        left -= chunk.length;
        given += piece.length;
        // As text, other bytes than those that were counted may come out as long.
        if (left < 0 || (left === 0 && given !== content.length))
          throw new RangeError("it is not what was measured");
        const chunks = begun ? [chunk] : [...before, chunk];
        if (!begun) this.#sent += 1;
        begun = true;
        await this.#write(left === 0 ? [...chunks, ...after()] : chunks);
        if (left === 0) return;
      }
      throw new RangeError("it ended early");
    } catch (cause) {
      if (!begun || this.#failure) throw cause;
      // The header has promised the length: nothing that followed could be told from content.
      const reason = cause instanceof Error ? cause.message : String(cause);
      const message = `Cannot send content of ${content.length} bytes: ${reason}`;
      throw this.#fail(new ConexionError("SHORT_CONTENT", message, { cause }));
    }
  }

  /** How long content is as text, in the old protocols. For as long as there is somebody to send it to. */
  async #countText(content: Content): Promise<TextLengths> {
    let lengths: TextLengths = { "utf-8": 0, escaped: 0 };
    for await (const piece of content.lend()) {
      this.#checkFailure();
      if (this.#transport.closed) throw this.#fail(new ConexionError("LOST", "The connection was lost"));
      lengths = addTextLengths(lengths, piece);
    }
    return lengths;
  }

  /** Writes chunks, large ones in pieces: each that the transport takes is progress. */
  async #write(chunks: readonly Uint8Array[]): Promise<void> {
    const { writeBytes = WRITE_BYTES } = this.#transport;
    let together: Uint8Array[] = [];
    for (const chunk of chunks) {
      let at = 0;
      for (; chunk.length - at > writeBytes; at += writeBytes) {
        await this.#writeAtOnce([...together, chunk.subarray(at, at + writeBytes)]);
        together = [];
      }
      together.push(chunk.subarray(at));
    }
    await this.#writeAtOnce(together);
  }

  async #writeAtOnce(chunks: readonly Uint8Array[]): Promise<void> {
    this.#checkFailure();
    const ms = this.#stallMs;
    const watched = this.#transport.writeBytes === undefined ? ms : Number.POSITIVE_INFINITY;
    await this.#within(this.#writes, watched, () => this.#transport.write(chunks, ms));
  }

  // Waiting and failing

  /** Nothing new is begun once the connection is being closed; what is under way goes on. */
  #checkOpen(): void {
    this.#checkFailure();
    if (this.#closing) throw new ConexionError("CLOSED", "The connection was closed");
  }

  #checkFailure(): void {
    if (this.#failure) throw this.#failure.reason;
  }

  /** Does a wait of the transport's; cuts the connection when it takes too long. */
  async #within<T>(watchdog: Watchdog, ms: number, wait: () => Promise<T>): Promise<T> {
    watchdog.begin(ms);
    try {
      return await wait();
    } catch (cause) {
      throw this.#fail(cause);
    } finally {
      watchdog.end();
    }
  }

  /** Notes that the connection is gone. Gives what to throw: the first reason there was. */
  #fail(cause: unknown): unknown {
    const reason =
      cause instanceof ConexionError
        ? cause
        : new ConexionError("LOST", "The connection was lost", { cause });
    this.abort(reason);
    return this.#failure?.reason;
  }

  /** Cuts the connection when the signal aborts, until stopped. */
  #watch(signal: AbortSignal | undefined): { stop: () => void } {
    if (signal?.aborted) {
      this.abort(signal.reason);
      throw signal.reason;
    }
    const onAbort = (): void => this.abort(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    return { stop: () => signal?.removeEventListener("abort", onAbort) };
  }
}

/** A place in a row of waits: it begins when the one before is over. */
function takeTurn(before: Promise<void>): { begins: Promise<void>; over: Promise<void>; end: () => void } {
  let end: () => void = () => {};
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { begins: before, over, end };
}
