import type { Handler } from "./handler.js";

/** `listar`: the names of the files there are. */
export const listar: Handler<null, string[]> = (_data, { storage }) => storage.list();
