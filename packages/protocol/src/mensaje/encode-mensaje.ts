// A Mensaje -> the parts of its pickle, in the dialect of the peer that is to read it.

import { Content } from "../content.js";
import type { Reduce } from "../pickle/classes.js";
import { PyDict } from "../pickle/collections.js";
import { encodeParts } from "../pickle/encode.js";
import { BytesGap, type TextLengths } from "../pickle/gap.js";
import { PyObject } from "../pickle/objects.js";
import { PyGlobal, PyTuple, type PyValue } from "../pickle/values.js";
import type { EncodedPart } from "../pickle/writer.js";
import type { Dialect } from "./dialect.js";
import { Mensaje } from "./mensaje.js";

/**
 * A Mensaje as the parts of a pickle, in the way that the peer itself writes it. A {@link Content} as its data leaves a
 * gap.
 *
 * @param textLengths of the content, which only protocols 0 to 2 want
 * @throws {PickleEncodeError} when the Mensaje holds something that has no counterpart in Python
 */
export function encodeMensaje(mensaje: Mensaje, dialect: Dialect, textLengths?: TextLengths): EncodedPart[] {
  const reduce: Reduce = (instance) => {
    if (!(instance instanceof Mensaje)) return undefined;
    const data =
      instance.data instanceof Content ? new BytesGap(instance.data.length, textLengths) : instance.data;
    const attributes = new PyDict<PyValue, PyValue>([
      ["operacion", instance.operacion],
      ["data", data],
      ["estado", instance.estado],
      ...instance.extras,
    ]);
    return new PyObject(new PyGlobal(dialect.module, dialect.qualname), new PyTuple(), {
      construction: dialect.construction,
      state: dialect.slots ? new PyTuple([null, attributes]) : attributes,
    });
  };
  return encodeParts(mensaje, { protocol: dialect.protocol, reduce });
}
