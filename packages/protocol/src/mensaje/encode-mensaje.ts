// A Mensaje -> the parts of its pickle, in the dialect of the peer that is to read it.

import { Content } from "../content.js";
import type { Reduce } from "../pickle/classes.js";
import { PyDict } from "../pickle/collections.js";
import { encodeParts } from "../pickle/encode.js";
import type { EncodedPart } from "../pickle/frames.js";
import { BytesGap, type TextLengths } from "../pickle/gap.js";
import { PyObject } from "../pickle/objects.js";
import { PyGlobal, PyTuple, type PyValue } from "../pickle/values.js";
import type { Dialect } from "./dialect.js";
import { Mensaje } from "./mensaje.js";
import { Trailer } from "./trailer.js";

/** How a Mensaje is to be written. */
export interface EncodeMensajeOptions {
  /** How the {@link Content} that is its data is as text, which only protocols 0 to 2 want. */
  readonly textLengths?: TextLengths | undefined;
  /** The data has gone by: each {@link Trailer} has its value. Default false: its placeholder is written. */
  readonly dataSent?: boolean | undefined;
}

/**
 * A Mensaje as the parts of a pickle, in the way that the peer itself writes it. A {@link Content} as its data leaves a
 * gap.
 *
 * @throws {PickleEncodeError} when the Mensaje holds something that has no counterpart in Python
 */
export function encodeMensaje(
  mensaje: Mensaje,
  dialect: Dialect,
  options: EncodeMensajeOptions = {},
): EncodedPart[] {
  const reduce: Reduce = (instance) => {
    if (!(instance instanceof Mensaje)) return undefined;
    const attributes = new PyDict<PyValue, PyValue>(attributesOf(instance, options));
    return new PyObject(new PyGlobal(dialect.module, dialect.qualname), new PyTuple(), {
      construction: dialect.construction,
      state: dialect.slots ? new PyTuple([null, attributes]) : attributes,
    });
  };
  return encodeParts(mensaje, { protocol: dialect.protocol, reduce });
}

/** The attributes in the order in which they are written. */
function attributesOf(mensaje: Mensaje, options: EncodeMensajeOptions): [string, PyValue][] {
  const { operacion, data, estado, extras } = mensaje;
  const streamed = data instanceof Content;
  const known = options.dataSent || !streamed || data.length === 0;
  const before: [string, PyValue][] = [];
  const after: [string, PyValue][] = [];
  for (const [name, extra] of extras) {
    if (extra instanceof Trailer) after.push([name, known ? extra.value() : extra.placeholder]);
    else (streamed ? before : after).push([name, extra]);
  }
  return [
    ["operacion", operacion],
    ...before,
    ["data", streamed ? new BytesGap(data.length, options.textLengths) : data],
    ["estado", estado],
    ...after,
  ];
}
