// What handles a request: the server's own operations and an app's are written alike.

import type {
  Conexion,
  Contract,
  Mensaje,
  Operaciones,
  OperationName,
  PyValue,
  ReplyOf,
  RequestOf,
} from "@fileshare/protocol";
import type { Storage } from "../storage/storage.js";

/** What a handler gives back when the reply is on its way already. */
export interface Answered {
  readonly answered: true;
}

/** The only {@link Answered} there is. */
export const answered: Answered = Object.freeze({ answered: true });

/** Why a request is refused, to a peer that can take more than `estado="error"`: PROTOCOL.md section 6.5. */
export type Reason =
  | "NOT_FOUND"
  | "FORBIDDEN"
  | "CHANGED"
  | "BAD_RANGE"
  | "TOO_LARGE"
  | "BAD_REQUEST"
  | "FAILED";

/** What a {@link RefusedError} may be told. */
export interface RefusedOptions extends ErrorOptions {
  /** Told to peers whose request had extra attributes. Default: they are not told why. */
  readonly reason?: Reason | undefined;
  /** Further attributes of the answer, to the same peers. */
  readonly extras?: Iterable<readonly [name: string, value: PyValue]> | undefined;
}

/** Thrown by a handler to say no: the peer gets `Mensaje(estado="error")`, and the connection goes on. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly code = "REFUSED";
  readonly reason: Reason | undefined;
  readonly extras: ReadonlyMap<string, PyValue>;

  constructor(message: string, options: RefusedOptions = {}) {
    super(message, options);
    this.reason = options.reason;
    this.extras = new Map(options.extras);
  }
}

/** What a handler may use. */
export interface HandlerContext {
  readonly storage: Storage;
  readonly conexion: Conexion;
  /** The request itself, with the attributes that it has beyond the three. */
  readonly mensaje: Mensaje;
  /** Aborts when the server cuts its connections. */
  readonly signal: AbortSignal;
  /** Answers with the content of a file, or what a `descargar` asks for of it: `return enviarArchivo(name)`. */
  readonly enviarArchivo: (nombre: string) => Promise<Answered>;
}

/** What a handler answers: the data of a reply that went well, or a whole Mensaje. */
export type Answer<Reply extends PyValue> = Reply | Mensaje | Answered;

/** Handles the requests of one operation. What it throws is answered with `estado="error"`. */
export type Handler<Request extends PyValue = PyValue, Reply extends PyValue = PyValue> = (
  data: Request,
  context: HandlerContext,
) => Answer<Reply> | Promise<Answer<Reply>>;

/** A handler for each operation of a contract. The server's own operations may be left to it. */
export type Handlers<C extends Contract> = {
  readonly [K in Exclude<OperationName<C>, OperationName<Operaciones>>]: Handler<
    RequestOf<C, K>,
    ReplyOf<C, K>
  >;
} & {
  readonly [K in OperationName<C> & OperationName<Operaciones>]?: Handler<RequestOf<C, K>, ReplyOf<C, K>>;
};
