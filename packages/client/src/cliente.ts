// The client: asks a server for its list of files and downloads from it.
//
// A request leaves as a Mensaje through a Conexion; its reply comes back the same way, large data as a stream that ends
// in a file (download/) or with the app.

import {
  Conexion,
  ConexionError,
  Content,
  type Contract,
  Mensaje,
  MensajeError,
  type Operaciones,
  type OperationName,
  type PyValue,
  type ReplyOf,
  type RequestOf,
} from "@fileshare/protocol";
import { connectSocket, socketTransport } from "@fileshare/protocol/node";
import { type Downloaded, type DownloadOptions, saveContent } from "./download/download.js";
import { resolveTarget } from "./download/target.js";
import { RefusedError, ReplyError } from "./errors.js";
import { type ClienteOptions, type Settings, settle } from "./options.js";
import { TurnQueue } from "./queue.js";
import { SignalLinks } from "./signals.js";

/** What a single request may be told. */
export interface RequestOptions {
  /**
   * Gives up the request; it rejects with the signal's reason. A request whose reply has begun gives up its connection
   * too: the next one opens another.
   */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A client of one server. It opens its connection when it is first needed, and another one when that was lost.
 *
 * Several requests may be made at once; they are sent one after the other, and each gets its own reply. While the app
 * reads a {@link stream}, those that were asked for later wait.
 *
 * @example
 * ```ts
 * import { connect } from "@fileshare/client";
 *
 * await using cliente = await connect({ host: "localhost", port: 3247 });
 * for (const nombre of await cliente.pedirListaArchivos()) {
 *   const { path, bytes } = await cliente.descargarArchivo(nombre, { folder: "descargas" });
 *   console.log(path, bytes);
 * }
 * ```
 */
export class Cliente<C extends Contract = Operaciones> implements AsyncDisposable {
  readonly #settings: Settings;
  readonly #turns = new TurnQueue();
  /** Gives up what is under way when its signal aborts, or the client is closed. */
  readonly #signals = new SignalLinks();
  #conexion: Conexion | undefined;

  /** @throws {RangeError} when an option is out of its range */
  constructor(options: ClienteOptions<C> = {}) {
    this.#settings = settle(options);
  }

  /**
   * Opens the connection now, to find out whether the server can be reached.
   *
   * @throws {ConexionError} `UNREACHABLE` when it cannot
   */
  async connect(options: RequestOptions = {}): Promise<void> {
    const { signal, over } = await this.#turn(options);
    try {
      await this.#open(signal);
    } finally {
      over();
    }
  }

  /**
   * Asks for the names of the files that the server has. The names are as the server gives them: text to be shown, not
   * paths to be trusted.
   *
   * @throws {RefusedError} when the server refused
   * @throws {ReplyError} when it answered something else than a list of names
   * @throws {ConexionError} when the connection could not be opened, or is lost
   */
  pedirListaArchivos(options?: RequestOptions): Promise<string[]> {
    return this.#request("listar", null, options, "the list of files") as Promise<string[]>;
  }

  /**
   * Downloads a file into a folder. The file appears under its name when all of it has arrived, and replaces one of that
   * name; a download that fails or is given up leaves nothing behind.
   *
   * @throws {RefusedError} when the server refused: there is no such file, say
   * @throws {TargetError} when the file cannot be saved there
   * @throws {ReplyError} when the server answered something else than bytes
   * @throws {ConexionError} when the connection could not be opened, or is lost
   */
  async descargarArchivo(nombre: string, options: DownloadOptions = {}): Promise<Downloaded> {
    options.signal?.throwIfAborted();
    const path = await resolveTarget(options.folder ?? "descargas", options.saveAs ?? nombre);
    const content = await this.stream(nombre, options);
    const onReceived = (received: number): void =>
      options.onProgress?.({ nombre, received, total: content.length });
    await saveContent(content, path, onReceived, options.signal);
    return { nombre, path, bytes: content.length };
  }

  /**
   * Asks for the content of a file, to be read piece by piece. Read it to its end or `cancel()` it: requests that were
   * made later wait for that.
   *
   * @throws as {@link descargarArchivo}, and so may the reading
   */
  stream(nombre: string, options?: RequestOptions): Promise<Content> {
    return this.#request("descargar", nombre, options, JSON.stringify(nombre)) as Promise<Content>;
  }

  /**
   * Makes a request of any operation in the contract.
   *
   * @throws as {@link pedirListaArchivos}
   */
  request<K extends OperationName<C>>(
    operacion: K,
    data: RequestOf<C, K>,
    options?: RequestOptions,
  ): Promise<ReplyOf<C, K>> {
    const what = `operation ${JSON.stringify(operacion)}`;
    return this.#request(operacion, data, options, what) as Promise<ReplyOf<C, K>>;
  }

  /** Closes the connection. Requests that are under way or wait reject with a ConexionError `CLOSED`. */
  async close(): Promise<void> {
    this.#signals.abort(new ConexionError("CLOSED", "The client was closed"));
    await this.#conexion?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #request(
    operacion: string,
    data: PyValue,
    options: RequestOptions | undefined,
    what: string,
  ): Promise<unknown> {
    const { contract } = this.#settings;
    const operation = Object.hasOwn(contract, operacion) ? contract[operacion] : undefined;
    if (!operation)
      throw new TypeError(`Cannot request ${JSON.stringify(operacion)}: the contract has no such operation`);
    const { signal, over } = await this.#turn(options);
    let arriving: Content | undefined;
    let streaming = false;
    let unanswered: (() => boolean) | undefined;
    try {
      const conexion = await this.#open(signal);
      const { sent } = conexion;
      unanswered = () => conexion.sent > sent;
      await conexion.enviarMensaje(new Mensaje({ operacion, data }), { signal });
      const reply = await this.#receive(conexion, signal);
      unanswered = undefined;
      if (reply.data instanceof Content) arriving = reply.data;
      // Of a reply that is still arriving, `estado` may stand after the data.
      if (!arriving || reply.estado !== null) checkEstado(reply, operacion, what);
      const checked = checkData(conexion, reply, operation.reply);
      if (!arriving || !(checked instanceof Content)) return checked;
      streaming = true;
      return guardContent(conexion, checked, () => checkEstado(reply, operacion, what), over);
    } finally {
      if (!streaming) {
        // A reply that may still come would be taken for that of the next request.
        if (unanswered?.()) this.#conexion?.abort();
        await arriving?.cancel();
        over();
      }
    }
  }

  async #receive(conexion: Conexion, signal: AbortSignal): Promise<Mensaje> {
    const { replyTimeoutMs } = this.#settings;
    const reply = await conexion
      .recibirMensaje({ signal, firstByteMs: replyTimeoutMs })
      .catch((cause: unknown) => throwReplyError(conexion, cause));
    if (reply) return reply;
    const error = new ConexionError("CUT", "The server closed the connection without a reply");
    conexion.abort(error);
    throw error;
  }

  /** The open connection, or a new one. */
  async #open(signal: AbortSignal): Promise<Conexion> {
    if (this.#conexion) {
      if (!this.#conexion.closed && !this.#conexion.ended) return this.#conexion;
      this.#conexion.abort();
    }
    const { host, port, connectTimeoutMs, stallMs, maxBufferedBytes, dialect, acceptClass } = this.#settings;
    const socket = await connectSocket({ host, port, timeoutMs: connectTimeoutMs, signal });
    this.#conexion = new Conexion(socketTransport(socket), {
      stallMs,
      maxBufferedBytes,
      dialect,
      followDialect: false,
      acceptClass,
    });
    return this.#conexion;
  }

  /** Waits for a turn. Until it is over its signal aborts with the request's own, and when the client is closed. */
  async #turn(options: RequestOptions | undefined): Promise<{ signal: AbortSignal; over: () => void }> {
    const { signal, unlink } = this.#signals.link(options?.signal);
    try {
      const over = await this.#turns.take(signal);
      return {
        signal,
        over: () => {
          unlink();
          over();
        },
      };
    } catch (error) {
      unlink();
      throw error;
    }
  }
}

/**
 * Connects to a server.
 *
 * @throws {ConexionError} `UNREACHABLE` when it cannot be reached
 * @throws {RangeError} when an option is out of its range
 */
export async function connect<C extends Contract = Operaciones>(
  options: ClienteOptions<C> & RequestOptions = {},
): Promise<Cliente<C>> {
  const cliente = new Cliente<C>(options);
  await cliente.connect(options);
  return cliente;
}

function checkEstado(reply: Mensaje, operacion: string, what: string): void {
  if (reply.estado !== "ok") throw new RefusedError(operacion, what, reply);
}

function checkData<T>(conexion: Conexion, reply: Mensaje, check: (data: Mensaje["data"]) => T): T {
  try {
    return check(reply.data);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const error = new ReplyError(`The server's reply is not what was asked for: ${reason}`, { cause });
    conexion.abort(error);
    throw error;
  }
}

/** Throws what receiving a reply threw. One that is no Mensaje is the end of its connection. */
function throwReplyError(conexion: Conexion, cause: unknown): never {
  if (!(cause instanceof MensajeError)) throw cause;
  const error = new ReplyError(`The server's reply is no Mensaje: ${cause.message}`, { cause });
  conexion.abort(error);
  throw error;
}

/** A content that keeps its turn until it was read or given up, and whose end is checked. */
function guardContent(conexion: Conexion, content: Content, checkEnd: () => void, over: () => void): Content {
  const inner = content[Symbol.asyncIterator]();
  let ended = false;
  let givenUp = false;
  const iterator: AsyncIterator<Uint8Array> = {
    async next() {
      try {
        const result = await inner.next();
        if (!result.done) return result;
        if (givenUp && !ended) throw new ConexionError("CLOSED", "The content was given up before its end");
        ended = true;
        checkEnd();
        over();
        return result;
      } catch (error) {
        over();
        return throwReplyError(conexion, error);
      }
    },
    async return() {
      await cancel();
      return { done: true, value: undefined };
    },
  };
  const cancel = async (): Promise<void> => {
    givenUp = true;
    try {
      await content.cancel();
    } finally {
      over();
    }
  };
  return new Content(content.length, { open: () => iterator, cancel });
}
