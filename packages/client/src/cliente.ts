// The client: asks a server for its list of files and downloads from it.
//
// A request leaves as a Mensaje through a Conexion; its reply comes back the same way, large data as a stream that ends
// in a file (transfer/) or with the app.

import { resolve } from "node:path";
import {
  Conexion,
  ConexionError,
  Content,
  type Contract,
  Mensaje,
  MensajeError,
  type Operaciones,
  type OperationName,
  operaciones,
  type PyValue,
  type ReplyOf,
  type RequestOf,
} from "@fileshare/protocol";
import { connectSocket, ReadBuffers, socketTransport } from "@fileshare/protocol/node";
import { checkKind, checkOptions, type Kinds, kinds } from "./arguments.js";
import { RefusedError, ReplyError } from "./errors.js";
import { type ClienteOptions, checkFolderName, checkRange, type Settings, settle } from "./options.js";
import { TurnQueue } from "./queue.js";
import { SignalLinks } from "./signals.js";
import type { SyncOptions, SyncReport } from "./sync/options.js";
import { sync } from "./sync/sync.js";
import { openStream } from "./transfer/checked-stream.js";
import { type Detail, fileAt, type RemoteDetails } from "./transfer/details.js";
import { remoteDigest } from "./transfer/digest.js";
import { download, isSame } from "./transfer/download.js";
import type { Link } from "./transfer/link.js";
import { allDetails, LISTING_BYTES, listing, listingRetries } from "./transfer/listing.js";
import type { Downloaded, DownloadOptions } from "./transfer/options.js";
import {
  isExtended,
  type RangeReply,
  type RangeRequest,
  rangeMensaje,
  readRangeReply,
  tellsOfFile,
} from "./transfer/remote.js";
import { type RetryEvent, retrying } from "./transfer/retry.js";
import { resolveTarget } from "./transfer/target.js";
import { checkFolder } from "./transfer/target-folder.js";
import { Transfers } from "./transfer/transfers.js";

/** What a single request may be told. */
export interface RequestOptions {
  /**
   * Gives up the request; it rejects with the signal's reason. A request whose reply has begun gives up its connection
   * too: the next one opens another.
   */
  readonly signal?: AbortSignal | undefined;
}

/** What is asked for by `listar`, in words. */
const LISTING = "the list of files";

/** Where downloads are saved, as the protocol's first client has it. */
const DEFAULT_FOLDER = "descargas";

/** What a listing may be told. */
export interface ListOptions extends RequestOptions {
  /**
   * How often in a row a connection that is lost, or on which nothing comes, may be opened again. Default 5: some six seconds,
   * and the time for which nothing came; 1 where nothing has ever come from that server.
   */
  readonly retries?: number | undefined;
  /** Called when a connection was lost, and is tried again. */
  readonly onEvent?: ((event: RetryEvent) => void) | undefined;
}

const requestKinds: Kinds<RequestOptions> = { signal: kinds.signal };

const listKinds: Kinds<ListOptions> = {
  ...requestKinds,
  onEvent: kinds.callback,
};

/** What a listing with details may be told. Its `retries` are for each page: it goes on with the one that was lost. */
export interface DetailsOptions extends ListOptions {
  /** Files in folders too. Default false. */
  readonly recursive?: boolean | undefined;
  /** Only names that come after this one, in the order of their UTF-16 code units. Default: all. An old server tells all. */
  readonly after?: string | undefined;
  /** What is to be told of each file, besides its name: less takes less time. Default: all there is. */
  readonly details?: readonly Detail[] | undefined;
  /**
   * Called with the name of each folder that the server cannot look into, with a `/` at its end, when the listing comes to it:
   * what is below it is not told. Without this such a folder fails the listing, so that nobody takes the rest for all there is.
   */
  readonly onUnreadable?: ((folder: string) => void) | undefined;
}

const detailsKinds: Kinds<DetailsOptions> = {
  ...listKinds,
  recursive: kinds.flag,
  after: kinds.text,
  details: [
    `a list of ${allDetails.join(", ")}`,
    (value) => Array.isArray(value) && value.every((each) => allDetails.includes(each)),
  ],
  onUnreadable: kinds.callback,
};

const downloadKinds: Kinds<DownloadOptions> = {
  saveAs: kinds.text,
  known: kinds.object,
  resume: kinds.flag,
  skipIdentical: kinds.flag,
  fsync: kinds.flag,
  onProgress: kinds.callback,
  onEvent: kinds.callback,
  signal: kinds.signal,
};

const syncKinds: Kinds<SyncOptions> = {
  include: kinds.texts,
  exclude: kinds.texts,
  delete: kinds.flag,
  dryRun: kinds.flag,
  checksum: kinds.flag,
  resume: kinds.flag,
  fsync: kinds.flag,
  onFile: kinds.callback,
  onProgress: kinds.callback,
  onEvent: kinds.callback,
  signal: kinds.signal,
};

/**
 * A client of one server. It opens its connection when it is first needed, and another one when that was lost.
 *
 * Several requests may be made at once, and each gets its own reply. While the app reads a {@link stream}, streams and
 * {@link request}s that were asked for later wait; listings and downloads do not.
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
  /** For requests whose replies the app reads itself, {@link stream} among them. */
  #conexion: Conexion | undefined;
  /** Whether it was seen there that the server says after large bytes what they are. */
  #tellsLate = false;
  /** Whether it was seen there that the server knows the extensions. */
  #extended = false;
  #ids = 0;
  /** For listings and downloads. */
  readonly #transfers: Transfers;

  /**
   * @throws {RangeError} when an option is out of its range
   * @throws {TypeError} when one is of another kind
   */
  constructor(options: ClienteOptions<C> = {}) {
    this.#settings = settle(options);
    const { connections, bytesPerSecond, replyTimeoutMs, digestTimeoutMs, dialect } = this.#settings;
    this.#transfers = new Transfers((signal) => this.#openLink(signal), {
      connections,
      bytesPerSecond,
      replyTimeoutMs,
      digestTimeoutMs,
      plain: dialect.slots,
    });
  }

  /**
   * Opens the connection now, to find out whether the server can be reached.
   *
   * @throws {ConexionError} `UNREACHABLE` when it cannot
   * @throws {TypeError} when an option is of another kind
   */
  async connect(options: RequestOptions = {}): Promise<void> {
    checkOptions(options, requestKinds);
    await this.#linked(options.signal, (signal) => this.#transfers.connect(signal));
  }

  /**
   * Asks for the names of the files that the server has. The names are as the server gives them: text to be shown, not
   * paths to be trusted.
   *
   * A lost connection is opened again, and so is one on which the server says nothing. One that cannot be opened in the first
   * place is told of at once.
   *
   * @throws {RefusedError} when the server refused
   * @throws {ReplyError} when it answered something else than a list of names
   * @throws {ConexionError} when the connection could not be opened, or was lost again and again
   * @throws {TypeError} when an option is of another kind
   * @throws {RangeError} when an option is out of its range
   */
  async pedirListaArchivos(options: ListOptions = {}): Promise<string[]> {
    checkOptions(options, listKinds);
    checkRetries(options);
    const { retries, onEvent, signal: own } = options;
    return this.#linked(own, (signal) =>
      retrying(() => this.#lista(signal), {
        ...listingRetries(this.#transfers, retries),
        signal,
        progress: () => 0,
        onRetry: (error, waitMs) => onEvent?.({ type: "retry", error, waitMs }),
      }),
    );
  }

  #lista(signal: AbortSignal): Promise<string[]> {
    return this.#transfers.ask(
      (id) => new Mensaje({ operacion: "listar", extras: [["id", id]] }),
      async (reply, { conexion }) => {
        // Of one that is still arriving, `estado` may stand after the data.
        if (!(reply.data instanceof Content) || reply.estado !== null) {
          checkEstado(reply, "listar", LISTING);
        }
        return checkData(conexion, reply, operaciones.listar.reply);
      },
      { bytes: LISTING_BYTES, signal },
    );
  }

  /**
   * Asks for the files that the server has, with their sizes, times and versions, page by page: memory does not grow with
   * their number, as a page is only asked for when the app has taken the one before the last. A server that does not tell
   * these gives the names alone.
   *
   * A lost connection is opened again, and so is one on which the server says nothing: the listing goes on with the page that
   * was lost. One that cannot be opened in the first place is told of at once.
   *
   * @throws as {@link pedirListaArchivos}
   */
  async *pedirDetalles(
    options: DetailsOptions = {},
  ): AsyncGenerator<readonly RemoteDetails[], void, undefined> {
    checkOptions(options, detailsKinds);
    checkRetries(options);
    const { recursive = false, details, after, onUnreadable, retries, onEvent, signal } = options;
    const pages = listing(this.#transfers, {
      recursive,
      folders: onUnreadable !== undefined,
      details,
      after,
      retries,
      onRetry: onEvent,
      linked: (act) => this.#linked(signal, act),
    });
    let told: readonly string[] = [];
    for await (const page of pages) {
      // A page that begins there tells it again.
      const before = new Set(told);
      for (const folder of page.unreadable) if (!before.has(folder)) onUnreadable?.(`${folder}/`);
      told = page.unreadable;
      yield page.names.map((_, place) => fileAt(page, place));
    }
  }

  /**
   * Downloads a file into a folder. It appears under its name when all of it has arrived and was checked, with the
   * server's modification time, and replaces one of that name; never does a part of it.
   *
   * A lost connection is opened again, and what is missing is fetched. Where that fails as well, or the download is given
   * up, what has arrived stays beside the target, and the next call goes on from there (see `resume`).
   *
   * @throws {RefusedError} when the server refused: there is no such file, say
   * @throws {TargetError} when the file cannot be saved there
   * @throws {ThreadError} when the thread for files cannot be started
   * @throws {ChangedError} when the file changed again and again while it was downloaded
   * @throws {ChecksumError} when bytes arrived damaged again and again
   * @throws {ReplyError} when the server answered something else than bytes
   * @throws {ConexionError} when the connection could not be opened, or was lost again and again
   * @throws {TypeError} when the name or the folder is no string, or an option is of another kind
   * @throws {RangeError} when the folder is an empty string, or an option is out of its range
   */
  async descargarArchivo(nombre: string, options: DownloadOptions = {}): Promise<Downloaded> {
    checkOptions(options, downloadKinds);
    options.signal?.throwIfAborted();
    checkKind("nombre", nombre, kinds.text);
    checkFolderName(options.folder ?? DEFAULT_FOLDER);
    checkRetries(options);
    return this.#linked(options.signal, (signal) => this.#descargar(nombre, options, signal));
  }

  async #descargar(nombre: string, options: DownloadOptions, signal: AbortSignal): Promise<Downloaded> {
    signal.throwIfAborted();
    const { disk } = this.#transfers;
    const folder = options.folder ?? DEFAULT_FOLDER;
    const target = await resolveTarget(disk, folder, options.saveAs ?? nombre);
    const { path, absolute, existing, makeFolder } = target;
    const { name, size, modified, version } = options.known ?? {};
    const isKnown = name === nombre && size !== undefined && modified !== undefined && version !== undefined;
    const known = isKnown ? { name, size, modified, version } : undefined;
    const skipIdentical = options.skipIdentical ?? true;
    if (skipIdentical && known && isSame(known, existing)) {
      return { nombre, path, bytes: known.size, resumed: 0, skipped: true };
    }
    const result = await download(this.#transfers, {
      nombre,
      target: absolute,
      makeFolder,
      known,
      // What was compared with the listing need not be compared again.
      existing: skipIdentical && !known ? existing : undefined,
      resume: options.resume ?? true,
      fsync: options.fsync ?? false,
      retries: options.retries,
      signal,
      onProgress: (received, total) => options.onProgress?.({ nombre, received, total }),
      onEvent: (event) => options.onEvent?.(event),
    });
    return { nombre, path, ...result };
  }

  /**
   * Asks for the SHA-256 of a whole file, in lower-case hexadecimal. The server reads the file for it: it takes as long as
   * that does.
   *
   * @throws {NoDigestError} when the server gives none: it is an old one, say, or says for too long that it is computing
   * @throws {ChangedError} when the file changed again and again meanwhile
   * @throws {RefusedError} when the server refused: there is no such file, say
   * @throws {ConexionError} when the connection could not be opened, or was lost again and again
   * @throws {TypeError} when the name is no string, or an option is of another kind
   */
  async pedirDigest(nombre: string, options: RequestOptions = {}): Promise<string> {
    checkKind("nombre", nombre, kinds.text);
    checkOptions(options, requestKinds);
    return this.#linked(options.signal, (signal) => remoteDigest(this.#transfers, nombre, signal));
  }

  /**
   * Brings a local folder to what the server has, its folders included: fetches the files that are not there, or differ
   * in size or modification time, many at once. One that fails does not keep the others back.
   *
   * @throws {RefusedError} when the server gives no listing
   * @throws {ListingError} when it lists more names than may be held in memory
   * @throws {TargetError} when the folder cannot be made, as a file stands there, say; and `REPLACED` when it is another one, with
   *   `delete`
   * @throws {SurplusError} when more would be removed than `maxDelete`: all else is done
   * @throws {ThreadError} when the thread for files cannot be started
   * @throws {ConexionError} when the connection could not be opened, or was lost again and again: what is there stays, and
   *   the next sync goes on
   * @throws {TypeError} when the folder is no string, a pattern is empty, or an option is of another kind
   * @throws {RangeError} when the folder is an empty string, or an option is out of its range
   */
  async sincronizar(folder: string, options: SyncOptions = {}): Promise<SyncReport> {
    checkFolderName(folder);
    checkOptions(options, syncKinds);
    checkRetries(options);
    const { maxListingBytes = 1, maxDelete = 0 } = options;
    checkRange("maxListingBytes", maxListingBytes, 1, Number.POSITIVE_INFINITY);
    checkRange("maxDelete", maxDelete, 0, Number.POSITIVE_INFINITY);
    // Now: the working directory may be another before the first answer has come.
    const top = resolve(folder);
    return this.#linked(options.signal, async (signal) => {
      this.#transfers.disk.start();
      await checkFolder(folder);
      return sync(this.#transfers, top, options, signal);
    });
  }

  /**
   * Asks for the content of a file, to be read piece by piece. Read it to its end or `cancel()` it: streams and
   * requests that were asked for later wait for that; listings and downloads do not.
   *
   * Reading it to its end says that it is right: it arrives in ranges, each checked at its end, and where one was damaged,
   * or the file changed meanwhile, reading it throws. A server of old sends it unchecked, less than 4 GiB of it.
   *
   * Its pieces may be kept, or given to any stream; `lend()` gives them without a copy of each. Once the signal aborts there is
   * nothing more to read, and nobody waits for it.
   *
   * @throws as {@link descargarArchivo}, and so may the reading
   */
  async stream(nombre: string, options?: RequestOptions): Promise<Content> {
    checkKind("nombre", nombre, kinds.text);
    const { contract, dialect } = this.#settings;
    if (dialect.slots || contract.descargar !== operaciones.descargar)
      return (await this.#request("descargar", nombre, options, JSON.stringify(nombre))) as Content;
    const turn = await this.#turn(options);
    const giving = new AbortController();
    const onAbort = (): void => giving.abort(turn.signal.reason);
    turn.signal.addEventListener("abort", onAbort, { once: true });
    const over = (): void => {
      turn.signal.removeEventListener("abort", onAbort);
      turn.over();
    };
    const ask = (request: RangeRequest): Promise<RangeReply> => {
      this.#ids += 1;
      return this.#range(request, this.#ids, giving.signal);
    };
    const giveUp = (): void =>
      giving.abort(new ConexionError("CLOSED", "The content was given up before its end"));
    try {
      if (turn.signal.aborted) throw turn.signal.reason;
      return guardContent(
        await openStream(nombre, ask, giveUp, this.#tellsLate || this.#transfers.tellsLate),
        { conexion: () => this.#conexion, checkEnd: () => {}, signal: turn.signal, over },
      );
    } catch (error) {
      over();
      throw error;
    }
  }

  /** Asks for a range of a file. */
  async #range(request: RangeRequest, id: number, signal: AbortSignal): Promise<RangeReply> {
    const conexion = await this.#open(signal);
    const reply = await this.#exchange(conexion, rangeMensaje(request, id), signal);
    try {
      checkId(conexion, reply, id);
      this.#extended ||= isExtended(reply);
      const isUntold = !tellsOfFile(reply);
      const read = readRangeReply(request, reply);
      const end: RangeReply["end"] = () => {
        if (isUntold && tellsOfFile(reply)) this.#tellsLate = true;
        checkId(conexion, reply, id);
        return read.end();
      };
      return { ...read, end };
    } catch (error) {
      if (error instanceof ReplyError) conexion.abort(error);
      if (reply.data instanceof Content) await reply.data.cancel();
      throw error;
    }
  }

  /**
   * Makes a request of any operation in the contract, once.
   *
   * @throws as {@link pedirListaArchivos}
   */
  async request<K extends OperationName<C>>(
    operacion: K,
    data: RequestOf<C, K>,
    options?: RequestOptions,
  ): Promise<ReplyOf<C, K>> {
    checkKind("operacion", operacion, kinds.text);
    return (await this.#request(operacion, data, options, whatIs(operacion, data))) as ReplyOf<C, K>;
  }

  /** Closes the connections. Requests that are under way or wait reject with a ConexionError `CLOSED`. */
  async close(): Promise<void> {
    this.#signals.abort(new ConexionError("CLOSED", "The client was closed"));
    await Promise.all([this.#conexion?.close(), this.#transfers.close()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #request(
    operacion: string,
    data: PyValue,
    options: RequestOptions | undefined,
    what: string | undefined,
  ): Promise<unknown> {
    const { contract } = this.#settings;
    const operation = Object.hasOwn(contract, operacion) ? contract[operacion] : undefined;
    if (!operation)
      throw new TypeError(`Cannot request ${JSON.stringify(operacion)}: the contract has no such operation`);
    const { signal, over } = await this.#turn(options);
    let arriving: Content | undefined;
    let streaming = false;
    try {
      const conexion = await this.#open(signal);
      const request = new Mensaje({ operacion, data });
      this.#ids += 1;
      const id = this.#ids;
      // To a server that knows the extensions it says that its reply may have attributes: why it refuses, say.
      if (this.#isExtended) request.extras.set("id", id);
      const reply = await this.#exchange(conexion, request, signal);
      checkId(conexion, reply, id);
      if (reply.data instanceof Content) arriving = reply.data;
      // Of a reply that is still arriving, `estado` may stand after the data.
      if (!arriving || reply.estado !== null) checkEstado(reply, operacion, what);
      const checked = checkData(conexion, reply, operation.reply);
      if (!arriving || !(checked instanceof Content)) return checked;
      streaming = true;
      const checkEnd = (): void => checkEstado(reply, operacion, what);
      return guardContent(checked, { conexion: () => conexion, checkEnd, signal, over });
    } finally {
      if (!streaming) {
        await arriving?.cancel();
        over();
      }
    }
  }

  /** Whether the server has shown that it knows the extensions, and takes attributes. */
  get #isExtended(): boolean {
    return !this.#settings.dialect.slots && (this.#extended || this.#transfers.extended === true);
  }

  /** Sends a request and receives the reply to it. */
  async #exchange(conexion: Conexion, request: Mensaje, signal: AbortSignal): Promise<Mensaje> {
    const { sent } = conexion;
    try {
      await conexion.enviarMensaje(request, { signal });
      const reply = await conexion.recibirMensaje({ signal, firstByteMs: this.#settings.replyTimeoutMs });
      if (reply) return reply;
      throw new ConexionError("CUT", "The server closed the connection without a reply");
    } catch (cause) {
      // A reply that may still come would be taken for that of the next request.
      if (conexion.sent > sent) conexion.abort(cause);
      return throwReplyError(conexion, cause);
    }
  }

  /** The open connection, or a new one. */
  async #open(signal: AbortSignal): Promise<Conexion> {
    if (this.#conexion) {
      if (!this.#conexion.closed && !this.#conexion.ended) return this.#conexion;
      this.#conexion.abort();
    }
    // In memory of its own, as an app may give it to what takes no shared memory.
    this.#conexion = (await this.#openLink(signal, new ReadBuffers({ shared: false }))).conexion;
    return this.#conexion;
  }

  async #openLink(signal: AbortSignal, buffers: ReadBuffers = new ReadBuffers()): Promise<Link> {
    const { host, port, connectTimeoutMs, stallMs, maxBufferedBytes, dialect, acceptClass } = this.#settings;
    const socket = await connectSocket({ host, port, timeoutMs: connectTimeoutMs, signal, buffers });
    const conexion = new Conexion(socketTransport(socket), {
      stallMs,
      maxBufferedBytes,
      dialect,
      followDialect: false,
      acceptClass,
    });
    return { conexion, buffers };
  }

  /** Does something that is given up with the app's signal, or when the client is closed. */
  async #linked<T>(own: AbortSignal | undefined, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal, unlink } = this.#signals.link(own);
    try {
      return await act(signal);
    } catch (error) {
      // What fails because all was given up is not its own error.
      signal.throwIfAborted();
      throw error;
    } finally {
      unlink();
    }
  }

  /** Waits for a turn. Until it is over its signal aborts with the request's own, and when the client is closed. */
  async #turn(options: RequestOptions = {}): Promise<{ signal: AbortSignal; over: () => void }> {
    checkOptions(options, requestKinds);
    const { signal, unlink } = this.#signals.link(options.signal);
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
 * @throws {TypeError} when one is of another kind
 */
export async function connect<C extends Contract = Operaciones>(
  options: ClienteOptions<C> & RequestOptions = {},
): Promise<Cliente<C>> {
  const cliente = new Cliente<C>(options);
  await cliente.connect(options);
  return cliente;
}

/** @throws {RangeError} when it is no number of tries */
function checkRetries({ retries = 0 }: Pick<DownloadOptions, "retries">): void {
  checkRange("retries", retries, 0, Number.POSITIVE_INFINITY);
}

/** A reply need not say to which request it is; where it does, it must be this one. */
function checkId(conexion: Conexion, reply: Mensaje, id: number): void {
  const echoed = reply.extras.get("id");
  if (echoed === undefined || echoed === id) return;
  const error = new ReplyError("The server's reply is to another request");
  conexion.abort(error);
  throw error;
}

/** What an app asks for, in the words of a {@link RefusedError}. */
function whatIs(operacion: string, data: PyValue): string | undefined {
  if (operacion === "descargar" && typeof data === "string") return JSON.stringify(data);
  return operacion === "listar" ? LISTING : undefined;
}

function checkEstado(reply: Mensaje, operacion: string, what: string | undefined): void {
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
function throwReplyError(conexion: Conexion | undefined, cause: unknown): never {
  if (!(cause instanceof MensajeError)) throw cause;
  const error = new ReplyError(`The server's reply is no Mensaje: ${cause.message}`, { cause });
  conexion?.abort(error);
  throw error;
}

/** What a content on its way to the app has to do with the client. */
interface Guard {
  readonly conexion: () => Conexion | undefined;
  readonly checkEnd: () => void;
  /** Ends it, whether it is being read or not. */
  readonly signal: AbortSignal;
  /** Ends its turn. */
  readonly over: () => void;
}

/** A content that keeps its turn until it was read or given up, and whose end is checked. */
function guardContent(content: Content, guard: Guard): Content {
  const { conexion, checkEnd, signal } = guard;
  const inner = content.lend()[Symbol.asyncIterator]();
  let opened = false;
  let ended = false;
  let givenUp = false;
  const over = (): void => {
    signal.removeEventListener("abort", over);
    guard.over();
  };
  signal.addEventListener("abort", over, { once: true });
  if (signal.aborted) over();
  const iterator: AsyncIterator<Uint8Array> = {
    async next() {
      try {
        if (!ended) signal.throwIfAborted();
        const result = await inner.next();
        if (!result.done) return result;
        if (givenUp && !ended) throw new ConexionError("CLOSED", "The content was given up before its end");
        ended = true;
        checkEnd();
        over();
        return result;
      } catch (error) {
        over();
        return throwReplyError(conexion(), error);
      }
    },
    async return() {
      await cancel();
      return { done: true, value: undefined };
    },
  };
  const cancel = async (): Promise<void> => {
    givenUp = true;
    if (ended) return;
    try {
      await content.cancel();
    } finally {
      over();
    }
  };
  const open = (): typeof iterator => {
    if (opened) throw new ConexionError("CLOSED", "The content was read already: it arrives once");
    opened = true;
    return iterator;
  };
  return new Content(content.length, { open, cancel, lends: true });
}
