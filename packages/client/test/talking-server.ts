// A server that answers each request with whatever Mensaje a test makes of it.

import type { Socket } from "node:net";
import { crc32 } from "node:zlib";
import { Conexion, Mensaje, type PyValue, sealOf } from "@fileshare/protocol";
import { socketTransport } from "@fileshare/protocol/node";
import { PyTuple } from "@fileshare/protocol/pickle";
import { tcpServer } from "./tcp-server.js";

export interface TalkingServer {
  readonly port: number;
  /** The requests so far, over all connections. */
  readonly requests: readonly Mensaje[];
}

/** Answers with what is made of a request and its number, from 1 on; with undefined, by cutting the connection. */
export async function talkingServer(
  answer: (request: Mensaje, number: number) => Mensaje | undefined,
): Promise<TalkingServer> {
  const requests: Mensaje[] = [];
  const talk = async (socket: Socket): Promise<void> => {
    const conexion = new Conexion(socketTransport(socket));
    for (let request = await conexion.recibirMensaje(); request; request = await conexion.recibirMensaje()) {
      requests.push(request);
      const reply = answer(request, requests.length);
      if (!reply) break;
      await conexion.enviarMensaje(reply);
    }
    conexion.abort();
  };
  const { port } = await tcpServer((socket) => void talk(socket).catch(() => {}));
  return { port, requests };
}

/** The reply to a request for a range of these bytes, with its attributes behind them; some may be other ones. */
export function rangeReply(
  { data: name, extras: asked }: Mensaje,
  bytes: Uint8Array,
  others: Readonly<Record<string, PyValue>> = {},
): Mensaje {
  const [from = 0, to = bytes.length] = ((asked.get("range") as PyTuple | undefined)?.items ??
    []) as number[];
  const data = bytes.subarray(from, to);
  const [start, end, size] = [from, from + data.length, bytes.length];
  const extras: Record<string, PyValue> = {
    size,
    version: "v",
    modified: 1_000_000_000.5,
    range: new PyTuple([start, end]),
    seal: sealOf([name as string, "v", size, start, end]),
    checksum: new PyTuple(["crc32", crc32(data).toString(16).padStart(8, "0")]),
    unchanged: true,
    id: asked.get("id") as PyValue,
    ...others,
  };
  return new Mensaje({ data, estado: "ok", extras: Object.entries(extras) });
}

/** The reply that refuses a request. */
export function refusal({ extras }: Mensaje, reason: string): Mensaje {
  return new Mensaje({
    estado: "error",
    extras: [
      ["id", extras.get("id") as PyValue],
      ["reason", reason],
    ],
  });
}
