// The server: one loop accepts connections, one loop for each client listens to it and answers.
//
// Requests come in as Mensajes from a Conexion, go by their operation to a handler, and its answer leaves through the
// same Conexion. Files go from the storage to the connection piece by piece. Where a client sends requests without waiting
// for replies, the files of later ones are read while earlier ones are answered.

import { lookup } from "node:dns/promises";
import { EventEmitter, on, setMaxListeners } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import {
  Conexion,
  ConexionError,
  type Contract,
  FrameError,
  Mensaje,
  MensajeError,
  type Operaciones,
  operaciones,
} from "@fileshare/protocol";
import { socketTransport } from "@fileshare/protocol/node";
import { chooseChecksum } from "./checksums.js";
import { Digests } from "./digests.js";
import type { Client, ServidorEvents } from "./events.js";
import { type Ahead, LookAhead } from "./look-ahead.js";
import {
  type BatchRequest,
  batchRequestOf,
  type FileRequest,
  fileRequestOf,
  isInt,
  MAX_BATCH_NAMES,
} from "./operations/attributes.js";
import { BATCH_LIMITS, batchReply } from "./operations/batch-reply.js";
import { descargar } from "./operations/descargar.js";
import {
  changedError,
  type Digest,
  opened,
  partOfFile,
  partOfSmall,
  wholeFile,
} from "./operations/file-reply.js";
import { type Answered, answered, type Handler, type Reason, RefusedError } from "./operations/handler.js";
import { listar } from "./operations/listar.js";
import { weightOf } from "./operations/weight.js";
import { type ServidorOptions, type Settings, settle } from "./options.js";
import { isForbidden } from "./storage/folder.js";
import { readMany, readSmall } from "./storage/many.js";
import { letGo, ShorterError } from "./storage/pieces.js";
import type { SmallFile, SmallFiles, Storage, StoredFile } from "./storage/storage.js";

/** How long {@link Servidor.close} waits for what it has cut to let go of files and sockets. */
const LET_GO_MS = 1000;

/** Files up to this size are read at once, ahead of their turn. */
const SMALL_BYTES = 64 * 1024;

/** What came over a connection: a request, null for its end, or why it could not be read. */
type Received = { readonly mensaje: Mensaje | null } | { readonly error: unknown };

/** Where a server listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A client's connection, and what the server knows of it. */
interface Listening {
  readonly client: Client;
  /** Between requests: it can be closed without cutting anything off. */
  idle: boolean;
  over: Promise<void>;
}

/**
 * Serves files to any number of clients.
 *
 * @example
 * ```ts
 * import { Servidor } from "@fileshare/server";
 *
 * const servidor = new Servidor({ folder: "archivos" });
 * const { port } = await servidor.bindListen();
 * const accepting = servidor.acceptConnections();
 * // ... later
 * await servidor.close();
 * await accepting;
 * ```
 */
export class Servidor<C extends Contract = Operaciones>
  extends EventEmitter<ServidorEvents>
  implements AsyncDisposable
{
  readonly #settings: Settings;
  readonly #handlers: ReadonlyMap<string, Handler>;
  readonly #clients = new Map<Conexion, Listening>();
  readonly #digests: Digests;
  /** Small files that were asked for, by the request whose turn has not come yet. */
  readonly #ahead = new WeakMap<Mensaje, Promise<SmallFile | undefined>>();
  readonly #batchesAhead = new WeakMap<Mensaje, Promise<SmallFiles>>();
  /** What requests ask for that were looked at: of many names, which are taken apart once. */
  readonly #batches = new WeakMap<Mensaje, { readonly batch: BatchRequest | undefined }>();
  /** Cuts what is under way when the grace period is over. */
  readonly #cutting = new AbortController();
  #server: Server | undefined;
  #binding: Promise<Address> | undefined;
  #accepted: AsyncIterableIterator<[Socket]> | undefined;
  #accepting = false;
  #address: Address | undefined;
  #clientsSoFar = 0;
  #closing: Promise<void> | undefined;

  /**
   * @throws {RangeError} when an option is out of its range
   * @throws {TypeError} when an option is of another kind, an operation of the contract has no handler, or a handler has no
   *   operation
   */
  constructor(options: ServidorOptions<C> = {}) {
    super();
    this.#settings = settle(options);
    const handlers = { listar, descargar, ...options.handlers };
    this.#handlers = new Map(Object.entries(handlers) as [string, Handler][]);
    checkHandlers(this.#settings.contract, this.#handlers, Object.keys(options.handlers ?? {}));
    this.#digests = new Digests(this.#settings.storage);
    // Each client that is waited for listens to it: there is no leak to be warned of.
    setMaxListeners(0, this.#cutting.signal);
  }

  /** Where the server listens, once it does; after {@link close}, where it did. */
  get address(): Address | undefined {
    return this.#address;
  }

  /**
   * Opens the listening socket. Connections wait until {@link acceptConnections} takes them.
   *
   * @throws the system's error when the address cannot be had (`code` EADDRINUSE, EACCES, ENOTFOUND), or the folder
   *   cannot be read (ENOENT, ENOTDIR, EACCES); it may be tried again then
   */
  async bindListen(): Promise<Address> {
    if (this.#closing) throw new Error("Cannot listen: the server was closed");
    if (this.#binding) throw new Error("Cannot listen: the server does already");
    this.#binding = this.#bind();
    try {
      return await this.#binding;
    } catch (error) {
      this.#binding = undefined;
      throw error;
    }
  }

  /** Accepts connections, and listens to each in a loop of its own. Returns when the server was closed. */
  async acceptConnections(): Promise<void> {
    if (!this.#accepted) throw new Error("Cannot accept connections: call bindListen first");
    this.#accepting = true;
    for await (const [socket] of this.#accepted) {
      const { maxRequestBytes, stallMs, acceptClass } = this.#settings;
      const conexion = new Conexion(socketTransport(socket), {
        maxFrameBytes: maxRequestBytes,
        maxBufferedBytes: maxRequestBytes,
        streamFrom: Number.POSITIVE_INFINITY,
        stallMs,
        acceptClass,
      });
      this.#enter(conexion, addressOf(socket));
      void this.listenClient(conexion);
      socket.resume();
    }
  }

  /** Answers the requests of one client, in order, until it says good-bye or its connection breaks. Never rejects. */
  listenClient(conexion: Conexion): Promise<void> {
    const listening = this.#clients.get(conexion) ?? this.#enter(conexion, "unknown");
    listening.over = this.#listen(conexion, listening);
    return listening.over;
  }

  /**
   * Takes a request to the handler of its operation, and its answer back to the client. A request that cannot be
   * answered otherwise is answered with `estado="error"`.
   *
   * @throws {ConexionError} when the connection broke over it
   */
  async manejarMensaje(conexion: Conexion, mensaje: Mensaje): Promise<void> {
    const client = this.#clients.get(conexion)?.client ?? { id: 0, address: "" };
    const operacion = mensaje.operacion ?? "";
    const started = performance.now();
    const names = this.#batchOf(mensaje)?.names.slice(0, MAX_BATCH_NAMES);
    this.#tell("request", { client, operacion, data: mensaje.data, ...(names && { names }) });
    const { sent } = conexion;
    let sending: Promise<Answered> | undefined;
    // What is wrong until the handler has it is wrong with the request.
    let reason: Reason = "BAD_REQUEST";
    try {
      const handler = this.#handlers.get(operacion);
      const operation = Object.hasOwn(this.#settings.contract, operacion)
        ? this.#settings.contract[operacion]
        : undefined;
      if (!handler || !operation) {
        throw new RefusedError(`There is no operation ${quoted(operacion)}`, { reason });
      }
      const data = operation.request(mensaje.data);
      reason = "FAILED";
      const answer = await handler(data, {
        storage: this.#settings.storage,
        conexion,
        mensaje,
        signal: this.#cutting.signal,
        enviarArchivo: (nombre) => {
          sending = this.enviarArchivo(conexion, nombre, mensaje);
          return sending;
        },
      });
      // A handler that sends a file and does not say so has answered all the same; one that has an answer of its own to
      // a file that cannot be sent gives that.
      if (answer === undefined) await sending;
      else await sending?.catch(() => {});
      if (conexion.sent === sent && answer !== answered) {
        const reply = answer instanceof Mensaje ? answer : new Mensaje({ data: answer, estado: "ok" });
        await this.#reply(conexion, reply, mensaje);
      }
    } catch (error) {
      await sending?.catch(() => {});
      if (conexion.closed) throw error;
      if (conexion.sent > sent) {
        // A reply is out already: a second one would be taken for that to the next request.
        const message = "The connection was closed: a request failed after its reply";
        conexion.abort(new ConexionError("CLOSED", message, { cause: error }));
        throw error;
      }
      this.#tell("refused", { client, operacion, error });
      await this.#reply(conexion, refusal(mensaje, error, reason), mensaje);
      return;
    }
    this.#tell("sent", { client, operacion, data: mensaje.data, ms: performance.now() - started });
  }

  /**
   * Sends the content of a file as one Mensaje, piece by piece: memory does not grow with its size. The connection is
   * cut where the file becomes shorter while it is sent, as no byte that was promised can be made up.
   *
   * @param peticion the request that is answered: a `descargar` may ask for a range, a version, checksums. Default: the
   *   whole file is sent, as it is
   * @throws {RefusedError} when there is no such file, or it must not be read, or not what is asked for of it, or it is larger
   *   than a frame can be; nothing was sent
   * @throws {ConexionError} when the connection broke over it
   */
  async enviarArchivo(conexion: Conexion, nombre: string, peticion?: Mensaje): Promise<Answered> {
    const request = peticion?.operacion === "descargar" ? fileRequestOf(peticion) : undefined;
    const batch = peticion && this.#batchOf(peticion);
    if (batch) {
      const files = await (this.#batchesAhead.get(peticion) ?? this.#readBatch(batch));
      await this.#reply(conexion, await batchReply(files, batch), peticion);
      files.release?.();
      return answered;
    }
    const { storage } = this.#settings;
    const small = await ((peticion && this.#ahead.get(peticion)) ?? this.#readSmall(nombre, request));
    const file = small ? opened(small) : await openOf(storage, nombre);
    if (!file) throw new RefusedError(`There is no file ${quoted(nombre)}`, { reason: "NOT_FOUND" });
    // Nothing would hold together parts of a file without a version.
    const asked = file.version === "" ? undefined : request;
    try {
      if (!asked && request?.version) throw changedError(file);
      if (asked) {
        const digest = (): Promise<Digest | undefined> => this.#digest(nombre, file, asked, small);
        const reply = small ? partOfSmall(small, asked, digest) : partOfFile(file, asked, digest);
        await this.#reply(conexion, await reply, peticion);
      } else await this.#reply(conexion, wholeFile(file), peticion);
    } catch (cause) {
      if (cause instanceof FrameError) {
        const message = `The file ${quoted(nombre)} is larger than a frame can be`;
        throw new RefusedError(message, { cause, reason: "TOO_LARGE" });
      }
      if (!asked || !(cause instanceof ShorterError)) throw cause;
      const now = await openOf(storage, nombre);
      if (now) await letGo(now);
      throw changedError(now, { cause });
    } finally {
      await letGo(file);
    }
    return answered;
  }

  /**
   * Stops the server: no new connections, replies that are under way may finish within the grace period, then
   * everything is cut. Resolves when nothing is left open.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #bind(): Promise<Address> {
    const { storage, host, port, backlog, maxConnections } = this.#settings;
    await storage.check?.();
    // The first who asks for one would wait for its module.
    void chooseChecksum(["xxh3"]);
    // The peers of old know `localhost` as an IPv4 address.
    const { address } = await lookup(host, { order: "ipv4first" });
    const server = createServer({
      // A half-closed connection is still answered: the peer may have ended its side after its last request.
      allowHalfOpen: true,
      // Nothing is read from a connection that nobody listens to, and so it cannot fail unheard.
      pauseOnConnect: true,
      keepAlive: true,
      keepAliveInitialDelay: 60_000,
    });
    server.maxConnections = maxConnections;
    server.on("drop", (data) => this.#tell("dropped", { address: addressOf(data ?? {}) }));
    const accepted = on(server, "connection", { close: ["close"] }) as AsyncIterableIterator<[Socket]>;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: address, port, backlog }, () => {
        server.off("error", reject);
        resolve();
      });
    });
    this.#server = server;
    this.#accepted = accepted;
    const bound = server.address();
    this.#address = { host, port: bound !== null && typeof bound === "object" ? bound.port : port };
    return this.#address;
  }

  async #close(): Promise<void> {
    await this.#binding?.catch(() => {});
    const server = this.#server;
    const stopped = new Promise<void>((resolve) => {
      if (server) server.close(() => resolve());
      else resolve();
    });
    // Connections that still wait are taken, to be closed.
    if (this.#accepted && !this.#accepting) void this.acceptConnections();
    for (const [conexion, { idle }] of this.#clients) if (idle) conexion.close().catch(() => {});
    const allOver = (): Promise<unknown> =>
      Promise.all(Array.from(this.#clients.values(), ({ over }) => over));
    await within(this.#settings.graceMs, allOver());
    const reason = new ConexionError("CLOSED", "The server was closed");
    this.#cutting.abort(reason);
    for (const conexion of this.#clients.keys()) conexion.abort(reason);
    // A handler or a storage that is stuck does not keep the server open.
    await within(LET_GO_MS, allOver());
    await within(LET_GO_MS, Promise.all([this.#digests.close(), this.#settings.storage.close?.()]));
    await stopped;
  }

  async #listen(conexion: Conexion, listening: Listening): Promise<void> {
    const { client } = listening;
    this.#tell("connected", { client });
    const requests = new LookAhead<Received>(
      () => this.#receive(conexion),
      (received) => this.#lookAt(received),
    );
    try {
      while (!this.#closing) {
        listening.idle = !requests.ready;
        const received = await requests.next();
        listening.idle = false;
        if ("error" in received) await this.#refuse(conexion, client, received.error);
        else if (!received.mensaje) break;
        else await this.manejarMensaje(conexion, received.mensaje);
      }
    } catch (error) {
      if (!this.#closing) this.#tell("failed", { client, error });
    }
    await conexion.close().catch(() => {});
    this.#clients.delete(conexion);
    this.#tell("closed", { client });
  }

  /** What comes next over a connection. Never rejects. */
  async #receive(conexion: Conexion): Promise<Received> {
    try {
      return { mensaje: await conexion.recibirMensaje({ signal: this.#cutting.signal }) };
    } catch (error) {
      return { error };
    }
  }

  /** Answers what could not be read; throws it where the connection is of no further use. */
  async #refuse(conexion: Conexion, client: Client, error: unknown): Promise<void> {
    const isLastWord = error instanceof FrameError;
    if (!isLastWord && (!(error instanceof MensajeError) || conexion.closed)) throw error;
    this.#tell("refused", { client, operacion: null, error });
    await this.#reply(conexion, new Mensaje({ estado: "error" }));
    // Nothing that follows can be told apart any more.
    if (isLastWord) throw error;
  }

  /**
   * Looks at a request whose turn has not come, and begins to read the file it is about. Nothing is received beyond a
   * request of an old peer, which waits for each reply, nor beyond one for an app's handler, which may count on being
   * alone with its connection.
   */
  #lookAt(received: Received): Ahead<Received> | undefined {
    const mensaje = "mensaje" in received ? received.mensaje : null;
    if (!mensaje || mensaje.extras.size === 0 || !this.#isOwn(mensaje.operacion)) return undefined;
    const bytes = weightOf(mensaje);
    if (bytes === undefined) return undefined;
    if (mensaje.operacion !== "descargar" || typeof mensaje.data !== "string")
      return { item: received, bytes };
    const batch = this.#batchOf(mensaje);
    if (batch) {
      this.#batchesAhead.set(mensaje, this.#readBatch(batch));
      return { item: received, bytes: bytes + BATCH_LIMITS.maxBytes };
    }
    const reading = this.#readSmall(mensaje.data, fileRequestOf(mensaje));
    this.#ahead.set(mensaje, reading);
    return {
      item: received,
      bytes: bytes + SMALL_BYTES,
      prepared: reading.then((small) => bytes + (small?.bytes.length ?? 0)),
    };
  }

  /** Whether an operation is the server's, as it came: it does nothing but read. */
  #isOwn(operacion: string | null): boolean {
    const { contract } = this.#settings;
    if (operacion === "listar") {
      return this.#handlers.get(operacion) === listar && contract[operacion] === operaciones.listar;
    }
    if (operacion !== "descargar") return false;
    return this.#handlers.get(operacion) === descargar && contract[operacion] === operaciones.descargar;
  }

  /** The files that a request asks for together. An app's own handler is asked for each of them, in a request of its own. */
  #batchOf(mensaje: Mensaje): BatchRequest | undefined {
    if (mensaje.operacion !== "descargar" || !this.#isOwn(mensaje.operacion)) return undefined;
    let known = this.#batches.get(mensaje);
    if (!known) {
      known = { batch: batchRequestOf(mensaje) };
      this.#batches.set(mensaje, known);
    }
    return known.batch;
  }

  #readBatch({ names }: BatchRequest): Promise<SmallFiles> {
    return readMany(this.#settings.storage, names.slice(0, MAX_BATCH_NAMES), BATCH_LIMITS);
  }

  /** A file that is small and asked for from its beginning, where the storage has a way to read such. */
  async #readSmall(nombre: string, asked: FileRequest | undefined): Promise<SmallFile | undefined> {
    if (asked && asked.range.start !== 0) return undefined;
    return readSmall(this.#settings.storage, nombre, SMALL_BYTES);
  }

  async #digest(
    nombre: string,
    file: StoredFile,
    { digest }: FileRequest,
    small: SmallFile | undefined,
  ): Promise<Digest | undefined> {
    if (digest === undefined || !Digests.has(digest)) return undefined;
    if (small) return [digest, Digests.ofBytes(small.bytes, digest)];
    return [digest, await this.#digests.of(nombre, file, digest, this.#cutting.signal)];
  }

  /** Replies, under the name that the request has. Only to a client that may have sent more already, in batches. */
  #reply(conexion: Conexion, reply: Mensaje, peticion?: Mensaje): Promise<void> {
    const { signal } = this.#cutting;
    const extras = peticion?.extras;
    if (!extras || extras.size === 0) return conexion.enviarMensaje(reply, { signal });
    const id = extras.get("id");
    const { operacion, data, estado } = reply;
    const named = isInt(id)
      ? new Mensaje({ operacion, data, estado, extras: [["id", id], ...reply.extras] })
      : reply;
    return conexion.enviarMensaje(named, { signal, batch: true });
  }

  #enter(conexion: Conexion, address: string): Listening {
    this.#clientsSoFar += 1;
    const client: Client = { id: this.#clientsSoFar, address };
    const listening: Listening = { client, idle: true, over: Promise.resolve() };
    this.#clients.set(conexion, listening);
    return listening;
  }

  /** Tells the listeners of an event. What a listener throws is its own affair, and is reported as the process's. */
  #tell<K extends keyof ServidorEvents>(event: K, ...args: ServidorEvents[K]): void {
    try {
      (this as EventEmitter).emit(event, ...args);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

/** A server that listens: it has an address. */
export type ListeningServidor<C extends Contract = Operaciones> = Servidor<C> & { readonly address: Address };

/**
 * Starts a server: listens and accepts.
 *
 * @example
 * ```ts
 * import { serve } from "@fileshare/server";
 *
 * await using servidor = await serve({ folder: "archivos", port: 0 });
 * console.log(servidor.address.port);
 * ```
 * @throws as the constructor of {@link Servidor} and {@link Servidor.bindListen}
 */
export async function serve<C extends Contract = Operaciones>(
  options: ServidorOptions<C> = {},
): Promise<ListeningServidor<C>> {
  const servidor = new Servidor<C>(options) as ListeningServidor<C>;
  await servidor.bindListen();
  void servidor.acceptConnections();
  return servidor;
}

/** A name from a peer, as much of it as an error message may repeat. */
function quoted(name: string): string {
  return JSON.stringify(name.length > 256 ? `${name.slice(0, 256)}...` : name);
}

/**
 * Opens a file.
 *
 * @throws {RefusedError} `FORBIDDEN` when it may be there, and must not be read: nobody is to take it for gone
 */
async function openOf(storage: Storage, nombre: string): Promise<StoredFile | undefined> {
  try {
    return await storage.open(nombre);
  } catch (cause) {
    if (!isForbidden(cause)) throw cause;
    throw new RefusedError(`The file ${quoted(nombre)} must not be read`, { cause, reason: "FORBIDDEN" });
  }
}

/** The answer to a request that is refused; why, to a peer that takes more than the three attributes. */
function refusal({ extras }: Mensaje, error: unknown, reason: Reason): Mensaje {
  const reply = new Mensaje({ estado: "error" });
  if (extras.size === 0) return reply;
  const told = reasonOf(error, reason);
  if (told !== undefined) reply.extras.set("reason", told);
  if (error instanceof RefusedError) for (const [name, value] of error.extras) reply.extras.set(name, value);
  return reply;
}

function reasonOf(error: unknown, otherwise: Reason): Reason | undefined {
  if (error instanceof RefusedError) return error.reason;
  return error instanceof FrameError ? "TOO_LARGE" : otherwise;
}

function checkHandlers(contract: Contract, handlers: ReadonlyMap<string, Handler>, given: string[]): void {
  const unhandled = Object.keys(contract).find((operacion) => !handlers.has(operacion));
  if (unhandled !== undefined) throw new TypeError(`Cannot serve ${unhandled}: it has no handler`);
  const unknown = given.find((operacion) => !Object.hasOwn(contract, operacion));
  if (unknown !== undefined) throw new TypeError(`Cannot serve ${unknown}: it is not in the contract`);
}

/** Resolves when the promise does, or when the time is over. */
async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<void>((resolve) => {
    if (ms !== Number.POSITIVE_INFINITY) timer = setTimeout(resolve, ms);
  });
  await Promise.race([promise, timeout]);
  clearTimeout(timer);
}

interface RemoteEnd {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

function addressOf(peer: RemoteEnd): string {
  const { remoteAddress = "unknown", remotePort } = peer;
  const host = remoteAddress.includes(":") ? `[${remoteAddress}]` : remoteAddress;
  return remotePort === undefined ? host : `${host}:${remotePort}`;
}
