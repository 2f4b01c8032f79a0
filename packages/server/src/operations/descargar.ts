import type { Content } from "@fileshare/protocol";
import type { Handler } from "./handler.js";

/** `descargar`: the content of the file of that name. */
export const descargar: Handler<string, Content> = (nombre, { enviarArchivo }) => enviarArchivo(nombre);
