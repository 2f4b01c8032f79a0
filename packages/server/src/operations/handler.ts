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

/** Thrown by a handler to say no: the peer gets `Mensaje(estado="error")`, and the connection goes on. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly code = "REFUSED";
}

/** What a handler may use. */
export interface HandlerContext {
  readonly storage: Storage;
  readonly conexion: Conexion;
  /** Aborts when the server cuts its connections. */
  readonly signal: AbortSignal;
  /** Answers with the content of a file: `return enviarArchivo(name)`. */
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
