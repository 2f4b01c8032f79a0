// The contract of server and client: which operations there are, and what their requests and replies carry in `data`.

import { Content } from "./content.js";
import type { PyValue } from "./pickle/values.js";
import { PyByteArray, PyTuple } from "./pickle/values.js";

/**
 * One operation. Each side runs what it receives through the check of its own copy: what comes out is typed, and what
 * does not fit is refused. Any schema library's `parse` will do as a check.
 */
export interface Operation<Request extends PyValue = PyValue, Reply extends PyValue = PyValue> {
  /** Checks the `data` of a request. Throws to refuse it. */
  readonly request: (data: PyValue) => Request;
  /** Checks the `data` of a reply. Throws to refuse it. */
  readonly reply: (data: PyValue) => Reply;
}

/** Operations by the name that travels in `operacion`. An app spreads {@link operaciones} and adds its own. */
export type Contract = Readonly<Record<string, Operation>>;

/** The names of a contract's operations. */
export type OperationName<C extends Contract> = keyof C & string;

/** What a request of the operation carries. */
export type RequestOf<C extends Contract, K extends OperationName<C>> = ReturnType<C[K]["request"]>;

/** What a reply of the operation carries. */
export type ReplyOf<C extends Contract, K extends OperationName<C>> = ReturnType<C[K]["reply"]>;

/** Nothing: Python's None. */
export function nothing(data: PyValue): null {
  if (data !== null) throw new TypeError("Cannot take data: the operation has none");
  return null;
}

/** A str. */
export function text(data: PyValue): string {
  if (typeof data !== "string") throw new TypeError("Cannot take data: it is no str");
  return data;
}

/** A list (or tuple) of what another check takes. */
export function listOf<T extends PyValue>(item: (data: PyValue) => T): (data: PyValue) => T[] {
  return (data) => {
    const items: unknown = data instanceof PyTuple ? data.items : data;
    if (!Array.isArray(items)) throw new TypeError("Cannot take data: it is no list");
    return items.map((each: PyValue) => item(each));
  };
}

/** Bytes, whether they came whole or are still arriving. */
export function content(data: PyValue): Content {
  if (data instanceof Content) return data;
  const bytes = data instanceof PyByteArray ? data.bytes : data;
  if (!(bytes instanceof Uint8Array)) throw new TypeError("Cannot take data: it is no bytes");
  return Content.of(bytes);
}

/** The operations that every server has. */
export const operaciones: {
  /** The names of the files there are. */
  readonly listar: Operation<null, string[]>;
  /** The content of the file of that name. */
  readonly descargar: Operation<string, Content>;
} = {
  listar: { request: nothing, reply: listOf(text) },
  descargar: { request: text, reply: content },
};

/** The contract of a server that has no operations of its own. */
export type Operaciones = typeof operaciones;
