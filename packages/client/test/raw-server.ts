// A server that sends whatever bytes a test wants, and Mensajes of any attributes to send with it.

import type { Socket } from "node:net";
import { encodeFrame, FrameDecoder, type PyValue } from "@fileshare/protocol";
import { encode, PyDict, PyGlobal, PyObject } from "@fileshare/protocol/pickle";
import { type TcpServer, tcpServer } from "./tcp-server.js";

/** What is done when a request has come. */
export type Answer = (socket: Socket) => void;

export interface RawServer extends TcpServer {
  /** The pickles of the requests so far, over all connections. */
  readonly payloads: readonly Uint8Array[];
  /** How many requests have come, over all connections. */
  requests(): number;
  /** Waits until that many requests have come in all. */
  waitForRequests(count: number): Promise<void>;
}

/** Answers the first request with the first of the answers, and so on; all that follow with the last. */
export async function rawServer(...answers: readonly Answer[]): Promise<RawServer> {
  const payloads: Uint8Array[] = [];
  const waiting = new Set<() => void>();
  const server = await tcpServer((socket) => {
    const frames = new FrameDecoder();
    socket.on("data", (chunk: Uint8Array) => {
      frames.push(chunk);
      for (let payload = frames.next(); payload; payload = frames.next()) {
        const answer = answers[Math.min(payloads.length, answers.length - 1)];
        payloads.push(payload);
        for (const wake of waiting) wake();
        answer?.(socket);
      }
    });
  });
  return {
    ...server,
    payloads,
    requests: () => payloads.length,
    async waitForRequests(count) {
      while (payloads.length < count) {
        await new Promise<void>((resolve) => {
          waiting.add(resolve);
        });
      }
    },
  };
}

/** Says nothing. */
export const silence: Answer = () => {};

/** Sends these bytes, in one piece. */
export function sends(...bytes: readonly Uint8Array[]): Answer {
  return (socket) => void socket.write(Buffer.concat(bytes));
}

class Attributes {
  readonly dict: PyDict<PyValue, PyValue>;

  constructor(attributes: Readonly<Record<string, PyValue>>) {
    this.dict = new PyDict(Object.entries(attributes));
  }
}

/** The pickle of a Mensaje with just these attributes, in this order, whatever their types. */
export function pickled(attributes: Readonly<Record<string, PyValue>>, module = "__main__"): Uint8Array {
  return encode(new Attributes(attributes), {
    protocol: 3,
    reduce: (instance) =>
      instance instanceof Attributes
        ? new PyObject(new PyGlobal(module, "Mensaje"), undefined, {
            construction: "new",
            state: instance.dict,
          })
        : undefined,
  });
}

/** That pickle in a frame. */
export function framed(attributes: Readonly<Record<string, PyValue>>): Uint8Array {
  return encodeFrame(pickled(attributes));
}

/** A reply as the server of old sends it. */
export function ok(data: PyValue, module?: string): Uint8Array {
  return encodeFrame(pickled({ operacion: null, data, estado: "ok" }, module));
}
