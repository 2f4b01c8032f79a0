import { Content, type Mensaje } from "../src/index.js";

/** The data of a Mensaje that is being streamed. */
export function contentOf(mensaje: Mensaje | null): Content {
  if (!(mensaje?.data instanceof Content)) throw new TypeError("The data of the Mensaje is not streamed");
  return mensaje.data;
}
