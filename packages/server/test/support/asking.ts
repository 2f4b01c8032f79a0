// A client that asks with extra attributes, as newer peers do.

import { Conexion, Mensaje } from "@fileshare/protocol";
import { socketTransport } from "@fileshare/protocol/node";
import { PyTuple, type PyValue } from "@fileshare/protocol/pickle";
import { dataOf, plainSocket } from "./client.js";

type Extras = Readonly<Record<string, PyValue>>;

/** A reply that was read to its end. */
export interface Reply {
  readonly estado: string | null;
  /** The bytes, where `data` are bytes. */
  readonly bytes: Buffer | undefined;
  readonly data: PyValue;
  readonly extras: Record<string, unknown>;
}

export class Asking {
  readonly conexion: Conexion;

  constructor(conexion: Conexion) {
    this.conexion = conexion;
  }

  send(operacion: string, data: PyValue, extras: Extras): Promise<void> {
    return this.conexion.enviarMensaje(new Mensaje({ operacion, data, extras: Object.entries(extras) }));
  }

  async receive(): Promise<Reply> {
    const reply = await this.conexion.recibirMensaje();
    if (!reply) throw new Error("The server has ended the connection");
    const bytes = await dataOf(reply);
    const extras = Object.fromEntries(
      Array.from(reply.extras, ([name, value]) => [name, value instanceof PyTuple ? [...value] : value]),
    );
    return { estado: reply.estado, bytes, data: reply.data, extras };
  }

  async ask(operacion: string, data: PyValue, extras: Extras): Promise<Reply> {
    await this.send(operacion, data, extras);
    return this.receive();
  }

  descargar(name: PyValue, extras: Extras): Promise<Reply> {
    return this.ask("descargar", name, extras);
  }

  listar(extras: Extras): Promise<Reply> {
    return this.ask("listar", null, extras);
  }
}

/** Connects; the connection is gone at the end of the test. */
export async function askingOf(port: number, protocol: 0 | 1 | 2 | 3 | 4 | 5 = 4): Promise<Asking> {
  const dialect = {
    protocol,
    module: "__main__",
    qualname: "Mensaje",
    construction: "new",
    slots: false,
  } as const;
  return new Asking(new Conexion(socketTransport(await plainSocket(port)), { dialect }));
}

/** A range, as it travels. */
export function range(start: PyValue, end: PyValue): PyTuple {
  return new PyTuple([start, end]);
}
