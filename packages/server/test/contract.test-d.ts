// An app's own operations are typed from its contract: checked by tsc, never run.

import { type Content, listOf, Mensaje, nothing, operaciones, type PyValue, text } from "@fileshare/protocol";
import {
  type Answer,
  answered,
  type Handler,
  type Handlers,
  Servidor,
  type ServidorOptions,
  serve,
} from "../src/index.js";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Does not compile where the two types are not the same. */
const same = <A, B>(_: Equal<A, B>): void => {};

function whole(data: PyValue): number {
  if (typeof data !== "number") throw new TypeError("it is no int");
  return data;
}

const contract = {
  ...operaciones,
  sumar: { request: listOf(whole), reply: whole },
  saludar: { request: text, reply: text },
  hora: { request: nothing, reply: text },
};
type Own = typeof contract;

// A server without operations of its own needs no handlers.
new Servidor();
new Servidor({ folder: "archivos", port: 0 });

// A handler gets what its operation's check gives, and answers with what the reply's check gives.
const servidor = new Servidor({
  contract,
  handlers: {
    sumar: (data, context) => {
      same<typeof data, number[]>(true);
      same<typeof context.signal, AbortSignal>(true);
      return data.length;
    },
    saludar: async (data) => {
      same<typeof data, string>(true);
      return `hola ${data}`;
    },
    hora: (data) => {
      same<typeof data, null>(true);
      return new Mensaje({ data: "12:00", estado: "ok" });
    },
  },
});
same<typeof servidor, Servidor<Own>>(true);

// The server's own operations are typed as well, and may be left out, or replaced.
const replaced: Handlers<Own> = {
  sumar: () => 0,
  saludar: () => answered,
  hora: async () => answered,
  listar: async (data, { storage }) => {
    same<typeof data, null>(true);
    return storage.list();
  },
  descargar: async (data, { enviarArchivo }) => {
    same<typeof data, string>(true);
    return enviarArchivo(data);
  },
};
same<ReturnType<NonNullable<(typeof replaced)["descargar"]>>, Answer<Content> | Promise<Answer<Content>>>(
  true,
);

// A handler may be written on its own.
const saludar: Handler<string, string> = (nombre) => `hola ${nombre}`;
void serve({ contract, handlers: { sumar: () => 0, saludar, hora: () => "12:00" } });

// A missing handler is an error.
// @ts-expect-error
const incomplete: Handlers<Own> = { sumar: () => 0, saludar };
// @ts-expect-error
void serve({ contract, handlers: { sumar: () => 0 } });
// @ts-expect-error
new Servidor<Own>({ contract, handlers: {} });

// So is a handler of no operation, one that takes something else, and one that answers with something else.
const misspelt: Handlers<Own> = {
  sumar: () => 0,
  saludar,
  hora: () => "12:00",
  // @ts-expect-error
  sumra: () => 0,
};
const takesOther: Handlers<Own> = {
  // @ts-expect-error
  sumar: (data: string) => data.length,
  saludar,
  hora: () => "12:00",
};
const answersOther: Handlers<Own> = {
  // @ts-expect-error
  sumar: () => "0",
  saludar,
  hora: () => "12:00",
};
void [incomplete, misspelt, takesOther, answersOther];

// Options are checked.
// @ts-expect-error
const port: ServidorOptions<Own> = { port: "3247" };
void port;

// A listener gets the fields of its event.
servidor.on("sent", (event) => {
  same<typeof event.ms, number>(true);
  same<typeof event.operacion, string>(true);
});
servidor.on("refused", ({ operacion }) => same<typeof operacion, string | null>(true));
